//! Transport security: certificates and keys from files, read again while they are used, and who is at the other end of
//! a connection.
//!
//! ```ignore
//! let tls = Tls::open(Files { certificate: Some((chain, key)), ca: Some(ca) }, Speaks::Grpc)?;
//! tokio::spawn(tls.clone().watch(shutdown));                      // what is put into the files counts within seconds
//! let stream = tls.accept(tcp).await?;                            // as a server; names(&stream) is who connects
//! let stream = tls.connect("assessment.example.org", tcp).await?; // as a client
//! ```
//!
//! Both ends know each other by the same authority: a service shows its one certificate to whoever connects to it and
//! to whom it connects. Whoever has none may connect too, and is known by a token alone.

mod files;
mod tls;

#[cfg(test)]
mod tests;

pub use files::{Files, TlsError};
pub use tls::{Incoming, Outgoing, Speaks, Tls, names};
