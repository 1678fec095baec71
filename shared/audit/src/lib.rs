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
//!
//! # Removing
//!
//! What is older than the city's rule of retention goes, by whole seals that follow each other: a checkpoint takes their
//! place in the chain, and says what it stands for. What a legal hold keeps stays. The databases refuse every other
//! removal, and [`verify`] finds it.

mod chain;
mod export;
mod flood;
mod holds;
mod people;
mod reads;
mod removal;
mod seal;
mod store;
mod trail;
mod verify;
mod wire;

use niva_base::{Clock, every};
use niva_store::Database;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use export::told_to;
pub use holds::{is_held, policy, server};
pub use people::{Named, People};
pub use reads::{Reads, Wanted};
pub use removal::Keeping;
pub use trail::Trail;
pub use verify::{Verified, verify};

/// Starts the trail of a database, and until `shutdown` the jobs that seal it and remove what is too old.
#[must_use]
pub fn start(db: &Database, keeping: Keeping, shutdown: &CancellationToken) -> (Trail, JoinHandle<()>) {
    let (trail, db, shutdown) = (Trail::start(db.clone()), db.clone(), shutdown.clone());
    let counted = trail.clone();
    let jobs = tokio::spawn(async move {
        let sealing = every(seal::PERIOD, &shutdown, || async {
            counted.flush().await;
            if let Err(error) = seal::all(&db, &Clock::system()).await {
                tracing::warn!(error = niva_base::chain(&error), "audit records are not sealed yet");
            }
        });
        futures_util::future::join(sealing, removal::run(&db, &keeping, &shutdown)).await;
        counted.flush().await;
    });
    (trail, jobs)
}

#[cfg(test)]
mod tests;
