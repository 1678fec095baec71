//! The one job that this process is at, where its progress is in no table before it ends.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use niva_names::Id;

use crate::Cancel;

/// Where a worker says what it is at. On SQLite a job that is one transaction keeps every other writer waiting, so the wish to
/// stop it cannot come by the database: it lies here.
#[derive(Debug)]
pub struct Desk<I>(Mutex<Option<Arc<AtWork<I>>>>);

#[derive(Debug)]
struct AtWork<I> {
    job_id: I,
    done: AtomicI64,
    cancel: Mutex<Option<Cancel>>,
}

/// A worker at a job; left when dropped.
#[derive(Debug)]
pub struct Seat<'a, I> {
    desk: &'a Desk<I>,
    at: Arc<AtWork<I>>,
}

impl<I> Default for Desk<I> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<I: Id> Desk<I> {
    /// Sets to work on a job: nothing of it is done, and nobody wants it to stop.
    pub fn sit(&self, job_id: &I) -> Seat<'_, I> {
        let at =
            Arc::new(AtWork { job_id: job_id.clone(), done: AtomicI64::new(0), cancel: Mutex::default() });
        *held(&self.0) = Some(Arc::clone(&at));
        Seat { desk: self, at }
    }

    /// Parts of a job that are done; `None` when this process is not at it.
    pub fn done(&self, job_id: &I) -> Option<i64> {
        self.at(job_id).map(|at| at.done.load(Ordering::Relaxed))
    }

    /// Somebody wants a job to stop; nothing when this process is not at it. The first wish stays.
    pub fn cancel(&self, job_id: &I, cancel: Cancel) {
        if let Some(at) = self.at(job_id) {
            held(&at.cancel).get_or_insert(cancel);
        }
    }

    /// Who wants a job to stop; `None` too when this process is not at it.
    pub fn cancelled(&self, job_id: &I) -> Option<Cancel> {
        self.at(job_id).and_then(|at| held(&at.cancel).clone())
    }

    fn at(&self, job_id: &I) -> Option<Arc<AtWork<I>>> {
        held(&self.0).as_ref().filter(|at| at.job_id == *job_id).cloned()
    }
}

impl<I> Seat<'_, I> {
    /// The work is tried anew: nothing is done.
    pub fn restart(&self) {
        self.at.done.store(0, Ordering::Relaxed);
    }

    /// More parts are done.
    pub fn advance(&self, parts: i64) {
        self.at.done.fetch_add(parts, Ordering::Relaxed);
    }

    /// Who wants the job to stop.
    #[must_use]
    pub fn cancelled(&self) -> Option<Cancel> {
        held(&self.at.cancel).clone()
    }
}

impl<I> Drop for Seat<'_, I> {
    fn drop(&mut self) {
        let mut desk = held(&self.desk.0);
        if desk.as_ref().is_some_and(|at| Arc::ptr_eq(at, &self.at)) {
            *desk = None;
        }
    }
}

/// Nothing panics while it holds one of these.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use niva_facts::Author;
    use niva_names::JobId;

    use super::*;

    fn job(number: u8) -> JobId {
        format!("I-{number}").into()
    }

    fn cancel(by: &str) -> Cancel {
        Cancel { by: Author { subject: by.into(), role: "importer".into() }, at: DateTime::UNIX_EPOCH }
    }

    #[test]
    fn only_the_job_at_hand_is_told_of_and_stopped() {
        let desk = Desk::default();
        desk.cancel(&job(1), cancel("too early"));
        let seat = desk.sit(&job(1));
        seat.advance(3);
        seat.advance(4);
        assert_eq!((desk.done(&job(1)), desk.done(&job(2)), seat.cancelled()), (Some(7), None, None));
        desk.cancel(&job(2), cancel("of another"));
        assert_eq!(seat.cancelled(), None);
        desk.cancel(&job(1), cancel("anna"));
        desk.cancel(&job(1), cancel("later"));
        assert_eq!(seat.cancelled(), Some(cancel("anna")));
        seat.restart();
        assert_eq!(desk.done(&job(1)), Some(0));
        drop(seat);
        assert_eq!(desk.done(&job(1)), None);
    }

    #[test]
    fn who_leaves_late_does_not_clear_the_next_ones_place() {
        let desk = Desk::default();
        let first = desk.sit(&job(1));
        let second = desk.sit(&job(1));
        second.advance(1);
        drop(first);
        assert_eq!(desk.done(&job(1)), Some(1));
    }
}
