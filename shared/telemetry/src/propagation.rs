//! The W3C trace context, from one service's span to the next one's.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{TraceContextExt, TraceId};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Makes the caller's span the parent of this one, which must not have been entered.
pub fn adopt_parent(span: &Span, headers: &HeaderMap) {
    if headers.contains_key("traceparent") {
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Incoming(headers));
        // Refused only where no OpenTelemetry layer listens: then there is no trace to join.
        let _ = span.set_parent(parent);
    }
}

/// Tells the next service which span calls it; nothing where no traces are taken.
pub fn pass_on(span: &Span, headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(&span.context(), &mut Outgoing(headers));
}

/// The id of the trace that the current span is in, 32 hexadecimal digits; empty where no traces are taken.
#[must_use]
pub fn trace_id() -> String {
    let context = Span::current().context();
    let id = context.span().span_context().trace_id();
    if id == TraceId::INVALID { String::new() } else { id.to_string() }
}

struct Incoming<'a>(&'a HeaderMap);

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct Outgoing<'a>(&'a mut HeaderMap);

impl Injector for Outgoing<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}
