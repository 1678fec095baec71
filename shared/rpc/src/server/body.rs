//! A request's body that may not keep its call waiting.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use tokio::time::{Instant, Sleep};
use tonic::Status;
use tonic::body::Body;

use super::recorded::Heard;

/// Fails when its sender is silent for longer than `patience`. Time counts while somebody waits for more.
pub(super) struct Patient {
    inner: Body,
    patience: Duration,
    over: Option<Pin<Box<Sleep>>>,
    /// Who hears what is read.
    heard: Option<Heard>,
}

impl Patient {
    pub(super) fn body(inner: Body, patience: Duration, heard: Option<Heard>) -> Body {
        Body::new(Self { inner, patience, over: None, heard })
    }
}

impl http_body::Body for Patient {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            this.over = None;
            if let (Some(heard), Some(Ok(frame))) = (&this.heard, &frame) {
                frame.data_ref().into_iter().for_each(|bytes| heard.hear(bytes));
            }
            return Poll::Ready(frame);
        }
        let until = Instant::now() + this.patience;
        let over = this.over.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        match over.as_mut().poll(cx) {
            Poll::Ready(()) => {
                let words = "the request's body did not arrive in time; send it with the call";
                Poll::Ready(Some(Err(Status::deadline_exceeded(words))))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::Body::size_hint(&self.inner)
    }
}
