//! Answers on their way: whoever asks and does not take what it asked for holds little, and not for long.
//!
//! An answer's places are its own until it is taken. It goes out in pieces, so that what waits for a slow reader waits here and
//! not in the connection; what nobody takes a piece of for too long is dropped. Its caller then has one call less at once until it
//! ends the call or the connection, and nobody else has.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame};
use niva_base::every;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;

use super::quota::UnderWay;

/// Bytes of an answer that are given to its connection at a time, as many as a frame of HTTP/2 has. Hyper looks one frame ahead: of an
/// answer that is no longer than a piece nobody here learns whether it was taken.
const PIECE: usize = 16 * 1024;

/// The places of a call: its caller's, and one of all.
pub(super) struct Places {
    pub(super) own: UnderWay,
    pub(super) of_all: OwnedSemaphorePermit,
}

/// All answers that are on their way. Cheap to clone; clones know the same.
#[derive(Clone, Default)]
pub(super) struct Given(Arc<Mutex<Vec<Weak<Mutex<Held>>>>>);

/// An answer.
struct Held {
    /// `None`: it was not taken.
    body: Option<Body>,
    /// What of the last frame is not given yet.
    rest: Bytes,
    own: Option<UnderWay>,
    of_all: Option<OwnedSemaphorePermit>,
    /// When somebody last took something.
    taken: Instant,
    /// It has nothing to give: it is a stream, and its reader waits for it.
    waits: bool,
}

impl Given {
    /// An answer that keeps the places of its call until it is taken, or has to wait for more.
    pub(super) fn body(&self, body: Body, Places { own, of_all }: Places) -> Body {
        let (taken, rest) = (Instant::now(), Bytes::new());
        let held = Held { body: Some(body), rest, own: Some(own), of_all: Some(of_all), taken, waits: false };
        let held = Arc::new(Mutex::new(held));
        locked(&self.0).push(Arc::downgrade(&held));
        Body::new(OnItsWay(held))
    }

    /// Drops what nobody takes for so long, until the shutdown.
    pub(super) async fn watch(self, patience: Duration, shutdown: CancellationToken) {
        every(patience / 4, &shutdown, async || self.sweep(patience)).await;
    }

    fn sweep(&self, patience: Duration) {
        locked(&self.0).retain(|answer| {
            let Some(answer) = answer.upgrade() else { return false };
            let mut held = locked(&answer);
            if !held.waits && held.taken.elapsed() > patience {
                (held.body, held.rest, held.of_all) = (None, Bytes::new(), None);
            }
            held.body.is_some()
        });
    }
}

impl Held {
    fn piece(&mut self) -> Frame<Bytes> {
        Frame::data(self.rest.split_to(self.rest.len().min(PIECE)))
    }

    fn leave(&mut self) {
        (self.own, self.of_all) = (None, None);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.taken = Instant::now();
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.piece())));
        }
        let Some(body) = &mut self.body else {
            let words = "the answer was not taken in time; read it as it comes";
            return Poll::Ready(Some(Err(Status::deadline_exceeded(words))));
        };
        let polled = Pin::new(body).poll_frame(cx);
        self.waits = polled.is_pending();
        match polled {
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => {
                    self.rest = data;
                    Poll::Ready(Some(Ok(self.piece())))
                }
                Err(end) => {
                    self.leave();
                    Poll::Ready(Some(Ok(end)))
                }
            },
            other => {
                self.leave();
                other
            }
        }
    }
}

/// A body of an answer.
struct OnItsWay(Arc<Mutex<Held>>);

impl http_body::Body for OnItsWay {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        locked(&self.0).poll(cx)
    }

    fn is_end_stream(&self) -> bool {
        let held = locked(&self.0);
        held.rest.is_empty() && held.body.as_ref().is_some_and(http_body::Body::is_end_stream)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
