//! What every service stands on: clock, database, feed, RPC, callers, telemetry, shutdown.
//!
//! # Writing: claim, work, append, finish, commit, notify
//!
//! [`Database::write`] runs one writing transaction and runs it again after a conflict. Its closure gets a [`Tx`], which
//! sea-orm takes wherever it wants a connection (also to stream rows). What the work borrows is bound to references
//! first, because the work may run more than once.
//!
//! ```ignore
//! pub(crate) async fn offer(deps: &Deps, caller: &Caller, request: &OfferPlaceRequest) -> Result<OfferPlaceResponse, OpError> {
//!     let command = &OfferPlace::try_from(request)?;             // all violations at once, see error::Violations
//!     let (now, id) = (deps.clock.now(), &deps.ids.next());
//!     let call = ChangeCall { method: "OfferPlace", caller, request_id: &request.request_id, request };
//!     deps.feed.once(&call, now, |tx| Box::pin(async move {       // FeedLog of this service; request::once without a feed
//!         let unit = store::unit(tx, &command.unit).await?.ok_or_else(|| OpError::not_found("unit", &command.unit))?;
//!         let offer = unit.offer(id, command).map_err(precondition)?;
//!         store::insert_offer(tx, &offer).await?;
//!         let events = vec![NewEvent::new("placement_offered", id, &event(&offer))];
//!         Ok((OfferPlaceResponse { offer: Some(offer.into()) }, events))
//!     })).await
//! }
//! ```
//!
//! Store functions take `tx: &Tx<'_>` when they write and `db: &impl ConnectionTrait` when they read. Several queries
//! that must agree: [`Database::read`]. Many rows: [`bulk`].
//!
//! A service's `Migrator` lists [`request::migration`], [`feed::migration`] (producers), [`feed::consumer_migration`]
//! (consumers) and its own, best written as [`schema::Ddl`].
//!
//! # Serving a role
//!
//! ```ignore
//! let routes = Routes::new(niva_kit::bounded!(PaymentServiceServer::new(api)));   // message limits
//! let policy = Policy::new().service("niva.payment.v1.PaymentService", &[
//!     ("CreatePaymentRun", &[Role::FinanceMaker]),               // a method without a rule is closed
//! ]);
//! let running = RoleServer::new("payment", routes, policy, Verifier::local(&issuer), clock)
//!     .time_for("/niva.payment.v1.PaymentService/ImportFacts", Duration::from_secs(600))
//!     .start(Listen::Tcp(address), shutdown.clone())             // or Listen::Memory(connector.listen())
//!     .await?;
//! running.finished().await;                                      // after `shutdown`, drained or cut
//! ```
//!
//! In a handler [`auth::caller`] gives the [`auth::Caller`]; [`rpc::answer`] and [`rpc::status`] make statuses of errors.
//! A server-streaming feed is `log.stream(after, feed::HEARTBEAT, shutdown)` mapped to the contract's message; every
//! stream ends at shutdown and at [`server::Limits::stream_age`], and its caller comes again.
//!
//! # Making a client
//!
//! ```ignore
//! let connector = MemoryConnector::new();                        // both ends of a server in this process
//! let endpoint = Endpoint::Memory(connector.clone());            // or Endpoint::tcp("http://127.0.0.1:50051")?
//! let credentials = Credentials::minted(&issuer, Caller::new("anna", [Role::FinanceMaker]), &clock);
//! let mut payment = niva_kit::bounded!(PaymentServiceClient::new(endpoint.channel(credentials)));
//! ```
//!
//! The client's type is `PaymentServiceClient<niva_kit::client::Channel>` for both. What a status says:
//! [`error::reason`], [`error::violations`], [`error::reasons`], [`error::metadata`].
//!
//! # Consuming a feed
//!
//! ```ignore
//! #[async_trait]
//! impl FeedSource<AssessmentEvent> for Assessment {              // an adapter over the generated client
//!     async fn open(&self, after: i64) -> Result<BoxStream<'static, Result<Heard<AssessmentEvent>, Status>>, Status> {
//!         let request = WatchAssessmentRequest { after_position: after };
//!         let feed = self.client.clone().watch_assessment(request).await?.into_inner();
//!         Ok(feed.map(|message| message.and_then(heard)).boxed())
//!     }
//! }
//! #[async_trait]
//! impl FeedSink<AssessmentEvent> for Grants {
//!     async fn apply(&self, tx: &Tx<'_>, events: &[FeedEvent<AssessmentEvent>]) -> Result<(), OpError> { … }
//!     fn committed(&self) { self.feed.notify() }                 // if applying appends to one's own feed
//! }
//! let consumer = Consumer::spawn("assessment", db, clock, source, sink, shutdown.clone());
//! consumer.wait_until(position).await?;
//! ```
//!
//! The cursor moves in the transaction of `apply`; duplicates are dropped and gaps refused before it.
//!
//! # Testing on both databases (feature `testing`)
//!
//! ```ignore
//! niva_kit::on_both_databases! {
//!     async fn an_offer_is_made_once(db: &TestDb) {
//!         db.migrate::<Migrator>().await.unwrap();               // TestDb derefs to Database
//!     }
//! }
//! ```

/// Callers, roles, tokens.
pub mod auth {
    pub use niva_access::{Caller, KeyError, LocalIssuer, Policy, Role, UnknownRole, Verifier};

    pub use crate::rpc::caller;
}
pub mod bulk;
pub mod client;
pub mod db;
/// Errors, and what a status says of one.
pub mod error {
    pub use niva_base::{OpError, Violation, Violations, chain};

    pub use crate::rpc::{metadata, reason, reasons, violations};
}
pub mod facts;
pub mod feed;
pub mod import;
pub mod page;
pub mod request;
pub mod rpc;
pub mod schema;
pub mod server;
#[cfg(feature = "testing")]
pub mod testing;
pub mod wire;

pub use db::{Database, DbError, Tx};
pub use niva_base::{
    Clock, ClockError, Ids, ManualClock, OpError, Violations, civil_day, hex, morning, shutdown,
};
pub use niva_telemetry as telemetry;
