//! A service's database, SQLite in a file or PostgreSQL; whoever asks for a [`Database`] need not know which.
//!
//! # Writing
//!
//! [`Database::write`] runs one writing transaction and runs it again after a conflict. Its closure gets a [`Tx`], which
//! sea-orm takes wherever it wants a connection (also to stream rows). What the work borrows is bound to references
//! first, because the work may run more than once. [`request::once`] does it for a call that may be repeated: claim the
//! request id, work, keep the answer, commit; a service with a feed calls `FeedLog::once`, which tells the feed as well.
//!
//! ```ignore
//! pub(crate) async fn offer(deps: &Deps, caller: &Caller, request: &OfferPlaceRequest) -> Result<OfferPlaceResponse, OpError> {
//!     let command = &wire::offer(request)?;                       // all violations at once
//!     let (now, id) = (deps.clock.now(), &deps.ids.of(&request.request_id, "offer"));
//!     let call = ChangeCall { method: "OfferPlace", caller, request_id: &request.request_id, request };
//!     deps.feed.once(&call, now, |tx| Box::pin(async move {
//!         let unit = store::unit(tx, &command.unit).await?.ok_or_else(|| OpError::not_found("unit", &command.unit))?;
//!         let offer = unit.offer(id, command).map_err(refused)?;
//!         store::insert_offer(tx, &offer).await?;
//!         let events = vec![NewEvent::new("placement_offered", id, &event(&offer))];
//!         Ok((OfferPlaceResponse { offer: Some(offer.into()) }, events))
//!     })).await
//! }
//! ```
//!
//! Store functions take `tx: &Tx<'_>` when they write and `db: &impl ConnectionTrait` when they read, and answer a
//! [`DbError`], which becomes an [`OpError`](niva_base::OpError) by `?`. Several queries that must agree:
//! [`Database::read`]. Many rows: [`bulk`]. Lists: [`page`].
//!
//! # Schema
//!
//! A service's `Migrator` lists [`request::migration`], `niva_feed::migration` (producers),
//! `niva_feed::consumer_migration` (consumers) and its own, each a file of SQL under `migrations/` (see [`schema`]).
//! [`Database::migrate`] brings a database up to date, and [`migrated`] says whether it is.

pub mod bulk;
mod database;
mod error;
mod migrated;
pub mod page;
pub mod request;
pub mod schema;
mod tx;

pub use database::Database;
pub use error::{DbError, Retryable};
pub use migrated::{NotReady, migrated};
pub use tx::Tx;
