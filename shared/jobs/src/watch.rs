//! The stream of a job's progress.

use std::time::Duration;

use futures_util::{Stream, stream};
use niva_base::OpError;
use niva_proto::common::v1::WatchEnd;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often a job that another process is at is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// A job as it was looked at.
#[derive(Debug, Clone)]
pub struct Seen<T, P> {
    /// What is told of it.
    pub item: T,
    /// How far it has come: what is told again only when it has changed.
    pub place: P,
    /// Whether it has ended.
    pub ended: bool,
}

/// A message of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<T> {
    /// What is told.
    pub item: T,
    /// In the last message: why it is the last.
    pub end: WatchEnd,
}

/// A job's progress: at once (`first`), whenever it has come further, and when it has ended; then the end. At `shutdown` the
/// last message says that it is the server that stops.
pub fn watch<T, P, L, F>(
    progress: watch::Receiver<()>,
    shutdown: CancellationToken,
    first: Seen<T, P>,
    look: L,
) -> impl Stream<Item = Result<Told<T>, OpError>> + Send + 'static
where
    T: Clone + Send + 'static,
    P: PartialEq + Send + Sync + 'static,
    L: Fn() -> F + Send + 'static,
    F: Future<Output = Result<Seen<T, P>, OpError>> + Send + 'static,
{
    let watch = Watch { progress, shutdown, look, next: Next::Tell(first) };
    stream::unfold(watch, |mut watch| async move {
        let item = watch.next().await?;
        Some((item, watch))
    })
}

enum Next<T, P> {
    Tell(Seen<T, P>),
    After(Seen<T, P>),
    End,
}

struct Watch<T, P, L> {
    progress: watch::Receiver<()>,
    shutdown: CancellationToken,
    look: L,
    next: Next<T, P>,
}

impl<T, P, L, F> Watch<T, P, L>
where
    T: Clone,
    P: PartialEq,
    L: Fn() -> F,
    F: Future<Output = Result<Seen<T, P>, OpError>>,
{
    async fn next(&mut self) -> Option<Result<Told<T>, OpError>> {
        let seen = match std::mem::replace(&mut self.next, Next::End) {
            Next::End => return None,
            Next::Tell(seen) => seen,
            Next::After(before) => match self.further(&before.place).await {
                Some(Ok(seen)) => seen,
                Some(Err(error)) => return Some(Err(error)),
                None => return Some(Ok(Told { item: before.item, end: WatchEnd::Server })),
            },
        };
        let told = Told { item: seen.item.clone(), end: WatchEnd::Unspecified };
        if seen.ended {
            return Some(Ok(Told { end: WatchEnd::Job, ..told }));
        }
        self.next = Next::After(seen);
        Some(Ok(told))
    }

    /// The job when it has come beyond a place; `None` at shutdown.
    async fn further(&mut self, place: &P) -> Option<Result<Seen<T, P>, OpError>> {
        loop {
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return None,
                // The sender lives as long as its service.
                _ = self.progress.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            match (self.look)().await {
                Ok(seen) if !seen.ended && seen.place == *place => {}
                found => return Some(found),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures_util::StreamExt;

    use super::*;
    use crate::Signals;

    fn seen(item: i32, ended: bool) -> Seen<i32, i32> {
        Seen { item, place: item, ended }
    }

    #[tokio::test]
    async fn each_step_is_told_once_and_the_end_says_whose_it_is() {
        let signals = Signals::default();
        let steps = Arc::new(Mutex::new(vec![seen(3, true), seen(2, false), seen(1, false), seen(1, false)]));
        let look = move || {
            let step = steps.lock().unwrap().pop().unwrap();
            async move { Ok(step) }
        };
        let told = watch(signals.progress(), CancellationToken::new(), seen(0, false), look);
        let told: Vec<_> = told.map(|told| told.map(|told| (told.item, told.end)).unwrap()).collect().await;
        let goes_on = WatchEnd::Unspecified;
        assert_eq!(told, [(0, goes_on), (1, goes_on), (2, goes_on), (3, WatchEnd::Job)]);
    }

    #[tokio::test]
    async fn a_server_that_stops_says_so_and_that_the_job_has_not_ended() {
        let (signals, shutdown) = (Signals::default(), CancellationToken::new());
        let look = || async { Ok(seen(0, false)) };
        let mut told = Box::pin(watch(signals.progress(), shutdown.clone(), seen(0, false), look));
        assert_eq!(told.next().await.unwrap().unwrap().end, WatchEnd::Unspecified);
        shutdown.cancel();
        assert_eq!(told.next().await.unwrap().unwrap(), Told { item: 0, end: WatchEnd::Server });
        assert!(told.next().await.is_none());
    }

    #[tokio::test]
    async fn what_has_ended_is_told_at_once_even_by_a_server_that_stops() {
        let (signals, shutdown) = (Signals::default(), CancellationToken::new());
        shutdown.cancel();
        let look = || async { Ok(seen(1, false)) };
        let told = watch(signals.progress(), shutdown, seen(0, true), look);
        let told: Vec<_> = told.map(|told| told.unwrap().end).collect().await;
        assert_eq!(told, [WatchEnd::Job]);
    }
}
