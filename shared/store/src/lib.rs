//! A service's database, SQLite in a file or PostgreSQL; whoever asks for a [`Database`] need not know which.
//!
//! # Writing
//!
//! [`Database::write`] runs one writing transaction and runs it again after a conflict. Its closure gets a [`Tx`], which
//! sea-orm takes wherever it wants a connection (also to stream rows). What the work borrows is bound to references
//! first, because the work may run more than once. [`request::change`] does it for a call that may be repeated: claim the
//! request id, work, keep the answer and the record of the call ([`audit`]), commit, or roll all back after a rehearsal
//! (`validate_only`). A service with a feed
//! calls `FeedLog::change`, which tells the feed as well. What it tells are revisions of [`facts`].
//!
//! ```ignore
//! async fn make(&self, scope: &Scope, request: &MakeOfferRequest) -> Result<MakeOfferResponse, OpError> {
//!     let command = &wire::offer(request)?;                       // all violations at once
//!     let id = &self.secrets.id(scope.author(), request, "offer");
//!     self.feed.change(scope, request, self.clock.now(), |tx, told| Box::pin(async move {
//!         let unit = store::unit(tx, &command.unit).await?.ok_or_else(|| OpError::not_found("unit", &command.unit))?;
//!         let offer = wire::told(&unit.offer(id, command).map_err(refused)?, &Info::first(id, told));
//!         facts::append(tx, std::slice::from_ref(&offer)).await?;
//!         let events = vec![NewEvent::new("offer", id, &event(&offer))];
//!         Ok((MakeOfferResponse { offer: Some(offer), feed_position: 0 }, events))
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
//! A service's `Migrator` lists [`request::migration`], [`audit::migrations`], [`facts::migration`], `niva_feed::migration` (producers),
//! `niva_feed::consumer_migration` (consumers) and its own, each a file of SQL under `migrations/` (see [`schema`]).
//! [`Database::migrate`] brings a database up to date, and [`migrated`] says whether it is.

pub mod audit;
pub mod bulk;
mod database;
mod error;
pub mod facts;
mod migrated;
mod packed;
pub mod page;
pub mod persons;
pub mod request;
pub mod schema;
mod secrets;
mod tx;

pub use database::Database;
pub use error::{DbError, Retryable};
pub use migrated::{NotReady, migrated};
pub use secrets::Secrets;
pub use tx::Tx;
