//! Long work that survives the call that asked for it, and any restart: payment runs, imports.
//!
//! A job is a row of its service's own, which says how far it has come: this crate knows no table. Here is what all jobs
//! have in common:
//!
//! - [`spawn`]: one worker a process, which looks for a job, is woken when there is one ([`Signals`]), and takes over what
//!   another process has left ([`Found::place`]).
//! - [`Desk`]: what this process is at, for work whose progress is in no table before it ends, with the wish to stop it.
//! - [`watch`]: the stream of a job's progress, which says at its end whether the job ended or the server did.
//! - [`Job`]: what is told of it.

mod desk;
mod job;
mod signals;
mod watch;
mod worker;

pub use desk::{Desk, Seat};
pub use job::{Cancel, Job};
pub use signals::Signals;
pub use watch::{Seen, Told, watch};
pub use worker::{Found, Work, Worked, spawn};
