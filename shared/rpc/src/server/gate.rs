//! What every call passes, from the outside in: a span with its final status, panics caught, the deadline as
//! `DEADLINE_EXCEEDED`, the caller known and allowed, its share of calls, load shed, a body that arrives, the record of the
//! call before it is answered.
//!
//! It is one service rather than a stack of layers: each step's refusal then has the same span, metrics and status as
//! any other answer.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use niva_access::{Call, Caller, Policy, Record, Verifier};
use niva_base::{Clock, OpError};
use niva_telemetry::{adopt_parent, trace_id};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tonic::service::Routes;
use tower::{Service, ServiceExt};
use tracing::Instrument;

use super::body::Patient;
use super::connection::Peer;
use super::given::{Given, Places};
use super::quota::Quota;
use super::recorded::{self, Answer, Heard};
use super::recorder::Recorder;
use crate::caller::nobody;
use crate::observe::{Ends, ObservedRpc};
use crate::status::{DOMAIN, reason, status};

/// What the gate goes by.
pub(super) struct Rules {
    pub(super) verifier: Verifier,
    pub(super) policy: Policy,
    pub(super) clock: Clock,
    pub(super) permits: Arc<Semaphore>,
    pub(super) quota: Quota,
    pub(super) given: Given,
    pub(super) body_timeout: Duration,
    pub(super) request_timeout: Duration,
    pub(super) slow: BTreeMap<String, Duration>,
    pub(super) stream_age: Duration,
    pub(super) feed_readers: BTreeSet<String>,
    pub(super) closing: CancellationToken,
    pub(super) drain: Duration,
    pub(super) recorder: Arc<dyn Recorder>,
}

#[derive(Clone)]
pub(super) struct Gate {
    routes: Routes,
    rules: Arc<Rules>,
}

impl Gate {
    pub(super) fn new(routes: Routes, rules: Rules) -> Self {
        Self { routes, rules: Arc::new(rules) }
    }
}

impl Service<Request<Body>> for Gate {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (rules, routes) = (self.rules.clone(), self.routes.clone());
        let path = request.uri().path();
        let open = Policy::is_open(path);
        let call = ObservedRpc::server(path, open || rules.policy.paths().any(|known| known == path));
        // Before the span is entered for the first time: later it would be too late.
        adopt_parent(&call.span, request.headers());
        // Counted from here, so that it comes before tonic's own (the caller's `grpc-timeout`), which would answer
        // CANCELLED and leave no status.
        let began = Instant::now();
        let span = call.span.clone();
        #[cfg(feature = "reasons")]
        let path = path.to_owned();
        Box::pin(
            async move {
                let answer = rules.pass(routes, request, open, began).await;
                let response = answer.unwrap_or_else(Status::into_http);
                #[cfg(feature = "reasons")]
                crate::reasons::note(&path, response.headers());
                let ends = Ends::new(rules.closing.clone(), rules.drain, rules.stream_age);
                Ok(call.observe(response, Some(ends)))
            }
            .instrument(span),
        )
    }
}

/// A call that was let in: its places, and what its record needs.
struct LetIn {
    places: Places,
    call: Arc<Call>,
    heard: Heard,
}

impl Rules {
    async fn pass(
        &self,
        routes: Routes,
        mut request: Request<Body>,
        open: bool,
        began: Instant,
    ) -> Result<Response<Body>, Status> {
        // Health and reflection are always answered: a busy server must not look dead.
        if open {
            let deadline = self.deadline(&request, began).map_err(status)?;
            return self.work(deadline, async { routes.oneshot(request).await }).await;
        }
        let path = request.uri().path().to_owned();
        let recorder = self.recorder.as_ref();
        let mut made = self.made(&path);
        let entered = match self.deadline(&request, began).map_err(status) {
            Ok(deadline) => self.enter(&mut request, &mut made).map(|let_in| (deadline, let_in)),
            Err(refused) => Err(refused),
        };
        let (deadline, let_in) = match entered {
            Ok(entered) => entered,
            Err(refused) => {
                let (code, reason) = (recorded::code(refused.code()), reason(&refused).unwrap_or_default());
                let record = Call::new(made, None).refused([], code, reason);
                recorder.turned_away(record).await.map_err(status)?;
                return Err(refused);
            }
        };
        let method = recorded::method(&path);
        let work = async { Ok(Answer::read(routes.oneshot(request).await?, method).await) };
        match self.work(deadline, work).await {
            Ok(answer) => {
                let answer = answer.recorded(&let_in.call, &let_in.heard, method, recorder).await?;
                Ok(answer.map(|body| self.given.body(body, let_in.places)))
            }
            Err(refused) => {
                recorded::refused(&let_in.call, &let_in.heard, &refused, recorder).await?;
                Err(refused)
            }
        }
    }

    /// Does what a call is for, in its time and whatever happens.
    async fn work<T>(
        &self,
        deadline: Instant,
        work: impl Future<Output = Result<T, Infallible>>,
    ) -> Result<T, Status> {
        match tokio::time::timeout_at(deadline, AssertUnwindSafe(work).catch_unwind()).await {
            Ok(Ok(Ok(done))) => Ok(done),
            Ok(Ok(Err(never))) => match never {},
            Ok(Err(_panic)) => {
                Err(status(OpError::internal("a call panicked; the panic is above in the log")))
            }
            Err(_elapsed) => Err(Status::deadline_exceeded(
                "the call took longer than it may; ask for less, or call again",
            )),
        }
    }

    /// What is known of a call before anything of it was looked at.
    fn made(&self, path: &str) -> Record {
        let known = self.policy.paths().any(|known| known == path);
        let method = if known { path } else { "unknown" }.to_owned();
        Record { time: self.clock.now(), method, trace_id: trace_id(), ..Record::default() }
    }

    /// Lets a caller in: who is not known takes nobody's place, and who is known has a share. What is found on the way is
    /// noted for the record.
    fn enter(&self, request: &mut Request<Body>, made: &mut Record) -> Result<LetIn, Status> {
        let caller = self.caller(request.headers()).map_err(status)?;
        made.subject.clone_from(&caller.subject);
        let scope = self.policy.check(request.uri().path(), &caller).map_err(status)?;
        made.role.clone_from(&scope.author().role);
        made.scope = scope.reach().to_string();
        made.purpose = recorded::purpose(request.headers()).map_err(status)?;
        self.known_peer(request.uri().path(), request.extensions().get()).map_err(status)?;
        let own = self.quota.begin(&caller.subject).ok_or_else(|| exhausted("QUOTA_EXCEEDED", GREEDY))?;
        let of_all = Arc::clone(&self.permits).try_acquire_owned();
        let places = Places { own, of_all: of_all.map_err(|_| exhausted("OVERLOADED", BUSY))? };
        let method = recorded::method(request.uri().path());
        let call = Arc::new(Call::new(made.clone(), method.map(recorded::messages)));
        request.extensions_mut().insert(scope.in_call(&call));
        let heard = Heard::default();
        // A stream is recorded by whoever takes it in.
        let listening = method.is_some_and(|method| method.asks_once).then(|| heard.clone());
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = Patient::body(body, self.body_timeout, listening);
        Ok(LetIn { places, call, heard })
    }

    fn caller(&self, headers: &HeaderMap) -> Result<Caller, OpError> {
        let token = headers
            .get(http::header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or_else(nobody)?;
        self.verifier.verify(token, self.clock.now())
    }

    /// A feed is for services alone, and over a network each must show that it is one: a token may be stolen.
    fn known_peer(&self, path: &str, peer: Option<&Peer>) -> Result<(), OpError> {
        let known = match peer {
            Some(Peer::Secure(names)) => names.iter().any(|name| self.feed_readers.contains(name)),
            Some(Peer::Near) | None => true,
        };
        if known || !self.policy.is_feed(path) {
            return Ok(());
        }
        let words =
            format!("{path} is for services that are on the list here: connect with a certificate of one");
        Err(OpError::denied("PEER_UNKNOWN", words))
    }

    fn deadline(&self, request: &Request<Body>, began: Instant) -> Result<Instant, OpError> {
        Ok(began + self.timeout(request.uri().path(), request.headers())?)
    }

    fn timeout(&self, path: &str, headers: &HeaderMap) -> Result<Duration, OpError> {
        let own = self.slow.get(path).copied().unwrap_or(self.request_timeout);
        let Some(value) = headers.get(GRPC_TIMEOUT) else { return Ok(own) };
        // What is passed over would be a call without the deadline that its caller believes it has.
        let asked = value.to_str().ok().and_then(grpc_timeout).ok_or_else(|| {
            let words = "is no time: at most eight digits and one of H, M, S, m, u, n";
            OpError::invalid(GRPC_TIMEOUT, "FIELD_INVALID", words)
        })?;
        Ok(asked.min(own))
    }
}

const GRPC_TIMEOUT: &str = "grpc-timeout";
const BUSY: &str = "too many calls at once; call again in a moment";
const GREEDY: &str = "you have too many calls under way; wait for some of them, then call again";

fn exhausted(reason: &'static str, words: &str) -> Status {
    use tonic_types::{ErrorDetails, StatusExt};
    let details = ErrorDetails::with_error_info(reason, DOMAIN, []);
    Status::with_error_details(tonic::Code::ResourceExhausted, words, details)
}

/// The caller's own deadline: at most eight digits and a unit.
pub(super) fn grpc_timeout(value: &str) -> Option<Duration> {
    let (number, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if number.is_empty() || number.len() > 8 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let n: u64 = number.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(n * 3600)),
        "M" => Some(Duration::from_secs(n * 60)),
        "S" => Some(Duration::from_secs(n)),
        "m" => Some(Duration::from_millis(n)),
        "u" => Some(Duration::from_micros(n)),
        "n" => Some(Duration::from_nanos(n)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_deadline_is_read_or_refused() {
        let read = grpc_timeout;
        assert_eq!(read("2S"), Some(Duration::from_secs(2)));
        assert_eq!(read("1500m"), Some(Duration::from_millis(1500)));
        assert_eq!(read("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        for malformed in ["", "S", "2", "2X", "-1S", "123456789S", "1.5S", "åS"] {
            assert_eq!(read(malformed), None, "{malformed}");
        }
    }
}
