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
//!     let response = deps.db.write(|tx| Box::pin(async move {
//!         if let Some(done) = request::claim(tx, &request.request_id, "OfferPlace", &caller.subject, request, now).await?.answer()? {
//!             return Ok(done);
//!         }
//!         let unit = store::unit(tx, &command.unit).await?.ok_or_else(|| OpError::not_found("unit", &command.unit))?;
//!         let offer = unit.offer(id, command).map_err(precondition)?;
//!         store::insert_offer(tx, &offer).await?;
//!         feed::append(tx, vec![NewEvent::new("placement_offered", id, &event(&offer))], now).await?;
//!         let response = OfferPlaceResponse { offer: Some(offer.into()) };
//!         request::finish(tx, &request.request_id, &response).await?;
//!         Ok(response)
//!     })).await?;
//!     deps.feed.notify();                                         // FeedLog of this service, after the commit
//!     Ok(response)
//! }
//! ```
//!
//! Store functions take `tx: &Tx<'_>` when they write and `db: &impl ConnectionTrait` when they read. Several queries
//! that must agree: [`Database::read`]. Many rows: [`bulk`].
//!
//! A service's `Migrator` lists [`request::migration`], [`feed::migration`] (producers), [`feed::consumer_migration`]
//! (consumers) and its own, best written as [`schema::Ddl`].
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

pub mod auth;
mod clock;
pub mod db;
pub mod error;
pub mod feed;
mod ids;
pub mod page;
pub mod request;
pub mod schema;
#[cfg(feature = "testing")]
pub mod testing;

pub use clock::{Clock, ClockError, ManualClock, civil_day, morning};
pub use db::{Database, DbError, Tx};
pub use error::{OpError, Violations};
pub use ids::Ids;
