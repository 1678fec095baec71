//! What tests stand on; never in the product.
//!
//! ```ignore
//! niva_testing::on_both_databases! {
//!     async fn an_offer_is_made_once(db: &TestDb) {
//!         db.migrate::<Migrator>().await.unwrap();               // TestDb derefs to Database
//!     }
//! }
//! ```
//!
//! [`TestPart`] serves a part and gives channels to it, as whoever a test wants to be; [`values`] and [`requests`] write what is told.
//! [`TestIssuer`] signs tokens for whoever a test wants to be. Clocks and ids need no help: `Clock::manual` and
//! `Ids::sequence` are made for it.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot start has failed")]

mod authority;
mod database;
mod issuer;
mod part;
pub mod requests;
pub mod values;

pub use authority::TestAuthority;
pub use database::{POSTGRES, TestDb};
pub use issuer::TestIssuer;
pub use part::{Service, TestPart, city, models, serve};
