//! The audit trail of a service: one record a call, in the service's own database.
//!
//! # Writing
//!
//! The gate of `niva-rpc` knows who called what, and finds in the messages whom it was about. A changing call's record is
//! written in its transaction (`niva_store::request::change`). Every other's goes to the [`Trail`], which writes those
//! that come at the same time in one transaction, and is answered when it is written: so calls wait for the disk once, and
//! not for each other. A call whose record cannot be written fails.
//!
//! # Sealing
//!
//! A job ([`start`]) seals what is written, in order, a batch at a time: each seal has the hash of its records and of the
//! seal before it. Several replicas may seal; the number of a seal is taken once. [`verify`] counts everything again.
//! What is not sealed yet, of the last moments, is kept by the triggers and rights of the database alone.

mod chain;
mod flood;
mod reads;
mod seal;
mod store;
mod trail;
mod verify;
mod wire;

use niva_base::{Clock, every};
use niva_store::Database;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use reads::{NoPlacements, Placements, Reads, Wanted};
pub use trail::Trail;
pub use verify::{Verified, verify};

/// Starts the trail of a database, and the job that seals it until `shutdown`.
#[must_use]
pub fn start(db: &Database, shutdown: &CancellationToken) -> (Trail, JoinHandle<()>) {
    let (trail, db, shutdown) = (Trail::start(db.clone()), db.clone(), shutdown.clone());
    let counted = trail.clone();
    let sealing = tokio::spawn(async move {
        every(seal::PERIOD, &shutdown, || async {
            counted.flush().await;
            if let Err(error) = seal::all(&db, &Clock::system()).await {
                tracing::warn!(error = niva_base::chain(&error), "audit records are not sealed yet");
            }
        })
        .await;
        counted.flush().await;
    });
    (trail, sealing)
}

#[cfg(test)]
mod tests;
