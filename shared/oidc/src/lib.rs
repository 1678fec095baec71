//! An issuer over HTTPS (OpenID Connect Discovery 1.0): where its keys are, the keys, and tokens of a service's own by
//! the client-credentials grant (RFC 6749, 4.4).
//!
//! ```ignore
//! let issuer = Issuer::at("https://login.example.org", &tls)?;   // nothing is asked yet
//! verifier.believe(issuer.keys().await?);                         // by discovery
//! tokio::spawn(follow_keys(issuer.clone(), verifier, shutdown.clone()));
//! tokio::spawn(renew(issuer, client, audience("choice"), move |token| held.set(token), shutdown));
//! ```
//!
//! Nothing here is on a caller's path: keys and tokens are asked for on timers, and what was had before stays in use
//! while the issuer does not answer.

mod client;
mod http;
mod issuer;

pub use client::{Client, renew};
pub use http::OidcError;
pub use issuer::{Issuer, follow_keys};
