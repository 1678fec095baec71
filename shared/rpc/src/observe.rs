//! One call: its span, its metrics, and the status it ended with, wherever that status is found.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::Frame;
use niva_telemetry::METRICS;
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::{Span, field};

/// A call under way. Without a status at its end it was cancelled.
pub(crate) struct ObservedRpc {
    pub(crate) span: Span,
    server: bool,
    service: String,
    method: String,
    started: Instant,
    ended: bool,
}

impl ObservedRpc {
    /// A call that comes in. `known` paths only are named: others could be anything.
    pub(crate) fn server(path: &str, known: bool) -> Self {
        let (service, method) = if known { names(path) } else { ("unknown", "unknown") };
        let span = tracing::info_span!(
            "rpc",
            otel.name = %format_args!("{service}/{method}"),
            otel.kind = "server",
            otel.status_code = field::Empty,
            rpc.system = "grpc",
            rpc.service = service,
            rpc.method = method,
            rpc.grpc.status_code = field::Empty,
        );
        Self::new(span, true, service, method)
    }

    /// A call that goes out.
    pub(crate) fn client(path: &str) -> Self {
        let (service, method) = names(path);
        let span = tracing::info_span!(
            "rpc",
            otel.name = %format_args!("{service}/{method}"),
            otel.kind = "client",
            otel.status_code = field::Empty,
            rpc.system = "grpc",
            rpc.service = service,
            rpc.method = method,
            rpc.grpc.status_code = field::Empty,
        );
        Self::new(span, false, service, method)
    }

    fn new(span: Span, server: bool, service: &str, method: &str) -> Self {
        let started = Instant::now();
        Self { span, server, service: service.to_owned(), method: method.to_owned(), started, ended: false }
    }

    /// Notes the final status; the first one counts.
    pub(crate) fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let number = code as i64;
        self.span.record("rpc.grpc.status_code", number);
        if is_error(code, self.server) {
            self.span.record("otel.status_code", "ERROR");
        }
        let seconds = self.started.elapsed().as_secs_f64();
        let (service, method) = (self.service.as_str(), self.method.as_str());
        let _in_span = self.span.enter();
        if self.server {
            tracing::event!(
                target: METRICS,
                tracing::Level::INFO,
                monotonic_counter.rpc.server.calls = 1_u64,
                histogram.rpc.server.duration = seconds,
                rpc.service = service,
                rpc.method = method,
                rpc.grpc.status_code = number
            );
        } else {
            tracing::event!(
                target: METRICS,
                tracing::Level::INFO,
                monotonic_counter.rpc.client.calls = 1_u64,
                histogram.rpc.client.duration = seconds,
                rpc.service = service,
                rpc.method = method,
                rpc.grpc.status_code = number
            );
        }
    }

    /// The response with its final status noted: now when it is in the headers, else when the body ends.
    pub(crate) fn observe(
        mut self,
        response: http::Response<Body>,
        ends: Option<Ends>,
    ) -> http::Response<Body> {
        if let Some(status) = Status::from_header_map(response.headers()) {
            self.end(status.code());
            return response;
        }
        response.map(|inner| Body::new(ObservedBody { inner, call: self, ends, over: false }))
    }
}

impl Drop for ObservedRpc {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// How long a stream has to end by itself when its server stops: what it tells last may have to be looked up.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What ends a stream from the server's side.
pub(crate) struct Ends {
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
    patience: Duration,
    closed: Option<Pin<Box<Sleep>>>,
    age: Duration,
    too_old: Option<Pin<Box<Sleep>>>,
}

impl Ends {
    /// `drain` is how long the server waits for calls when it stops: what does not end by itself leaves time for the others.
    pub(crate) fn new(closing: CancellationToken, drain: Duration, age: Duration) -> Self {
        let patience = LAST_WORDS.min(drain / 2);
        Self { closing: Box::pin(closing.cancelled_owned()), patience, closed: None, age, too_old: None }
    }

    /// Ready with the status to end with. Asked only while the stream has nothing to say, and when the server stops not at
    /// once, so that a stream which ends by itself on shutdown does so.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Status> {
        if self.closed.is_none() && self.closing.as_mut().poll(cx).is_ready() {
            self.closed = Some(Box::pin(tokio::time::sleep(self.patience)));
        }
        if let Some(closed) = &mut self.closed {
            ready!(closed.as_mut().poll(cx));
            return Poll::Ready(Status::unavailable("the server is shutting down; call again"));
        }
        let too_old = self.too_old.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.age)));
        ready!(too_old.as_mut().poll(cx));
        Poll::Ready(Status::unavailable("the stream has reached its age; call again"))
    }
}

/// A response body that tells its call how it ended.
pub(crate) struct ObservedBody {
    inner: Body,
    call: ObservedRpc,
    ends: Option<Ends>,
    over: bool,
}

impl ObservedBody {
    fn end_with(&mut self, status: &Status) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.over = true;
        self.call.end(status.code());
        let mut trailers = http::HeaderMap::new();
        match status.add_header(&mut trailers) {
            Ok(()) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Err(status) => Poll::Ready(Some(Err(status))),
        }
    }
}

impl http_body::Body for ObservedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if this.over {
            return Poll::Ready(None);
        }
        let span = this.call.span.clone();
        let _in_span = span.enter();
        let inner = AssertUnwindSafe(|| Pin::new(&mut this.inner).poll_frame(cx));
        match std::panic::catch_unwind(inner) {
            Err(_panic) => this.end_with(&Status::internal("internal error; the log has it")),
            Ok(Poll::Ready(Some(Ok(frame)))) => {
                #[cfg(feature = "reasons")]
                if let Some(trailers) = frame.trailers_ref().filter(|_| this.call.server) {
                    crate::reasons::note(&format!("/{}/{}", this.call.service, this.call.method), trailers);
                }
                if let Some(status) = frame.trailers_ref().and_then(Status::from_header_map) {
                    this.call.end(status.code());
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Ok(Poll::Ready(Some(Err(status)))) => {
                this.call.end(status.code());
                Poll::Ready(Some(Err(status)))
            }
            Ok(Poll::Ready(None)) => {
                this.over = true;
                this.call.end(Code::Unknown);
                Poll::Ready(None)
            }
            Ok(Poll::Pending) => match this.ends.as_mut().map(|ends| ends.poll(cx)) {
                Some(Poll::Ready(status)) => this.end_with(&status),
                _ => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::Body::size_hint(&self.inner)
    }
}

fn names(path: &str) -> (&str, &str) {
    path.trim_start_matches('/').split_once('/').unwrap_or(("unknown", "unknown"))
}

/// A server answers for its own failures, a client for every call that did not succeed.
fn is_error(code: Code, server: bool) -> bool {
    match code {
        Code::Ok => false,
        Code::Unknown
        | Code::DeadlineExceeded
        | Code::Unimplemented
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => true,
        _ => !server,
    }
}
