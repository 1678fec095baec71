//! Serving and calling: what lies between an operation and the wire.
//!
//! # Serving a part
//!
//! ```ignore
//! let routes = Routes::new(niva_rpc::bounded!(PaymentServiceServer::new(api))); // message limits
//! let policy = niva_rpc::policy("niva.payment.v1");               // who may call what, as the method options say
//! let running = PartServer::new("payment", routes, policy, verifier, recorder)
//!     .time_for("/niva.payment.v1.PaymentService/ImportPayment", Duration::from_secs(600))
//!     .start(Listen::Tcp(address), shutdown.clone())             // or Listen::Memory(connector.listen())
//!     .await?;
//! running.finished().await;                                      // after `shutdown`, drained or cut
//! ```
//!
//! In a handler [`scope`] gives what the call may see and change, and in whose name, [`answer`] makes a response or a status of what an operation answered, and
//! [`answer!`] does both on one line. [`status`] alone makes a status of an error, [`wire`] reads and writes the
//! contract's common values.
//!
//! # Making a client
//!
//! ```ignore
//! let connector = MemoryConnector::new();                        // both ends of a server in this process
//! let endpoint = Endpoint::Memory(connector.clone());            // or Endpoint::tcp("http://127.0.0.1:50051")?
//! let credentials = Credentials::minted(&issuer, Caller::new("anna", [Role::FinanceMaker]));
//! let mut payment = niva_rpc::bounded_client!(PaymentServiceClient::new(endpoint.channel(credentials)));
//! ```
//!
//! The client's type is `PaymentServiceClient<niva_rpc::client::Channel>` for both. What a status says: [`reason`],
//! [`violations`], [`reasons`], [`metadata`], and in [`words`] for a person.

mod bounded;
mod caller;
pub mod client;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod memory;
mod observe;
mod policy;
#[cfg(feature = "reasons")]
mod reasons;
pub mod server;
mod status;
pub mod wire;

pub use bounded::{MAX_ANSWER_BYTES, MAX_REQUEST_BYTES};
pub use caller::scope;
pub use memory::{MemoryConnector, MemoryListener};
pub use policy::policy;
pub use status::{answer, metadata, reason, reasons, status, violations, words};
