//! The way to an OpenTelemetry collector.

use opentelemetry::trace::TracerProvider;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{LogExporter, MetricExporter, SpanExporter, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::{Aggregation, Instrument, SdkMeterProvider, Stream};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tonic::transport::Channel;
use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_opentelemetry::{MetricsLayer, OpenTelemetryLayer};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::{METRICS, TelemetryError};

/// What the exporter itself is made of: taken along, it would trace its own sending for ever.
const OWN: [&str; 5] = ["h2", "hyper", "tonic", "tower", "opentelemetry"];

/// Bounds of the durations' histogram, in seconds: from a read in memory to a slow import.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

#[derive(Debug)]
pub(super) struct Providers {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    logs: SdkLoggerProvider,
}

impl Providers {
    pub(super) fn new(service: &str, to: &Channel) -> Result<Self, TelemetryError> {
        let resource = Resource::builder().with_service_name(service.to_owned()).build();
        let spans = SpanExporter::builder().with_tonic().with_channel(to.clone()).build()?;
        let metrics = MetricExporter::builder().with_tonic().with_channel(to.clone()).build()?;
        let logs = LogExporter::builder().with_tonic().with_channel(to.clone()).build()?;
        Ok(Self {
            traces: SdkTracerProvider::builder()
                .with_resource(resource.clone())
                .with_batch_exporter(spans)
                .build(),
            metrics: SdkMeterProvider::builder()
                .with_resource(resource.clone())
                .with_view(durations)
                .with_periodic_exporter(metrics)
                .build(),
            logs: SdkLoggerProvider::builder().with_resource(resource).with_batch_exporter(logs).build(),
        })
    }

    pub(super) fn layers<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let traces = OpenTelemetryLayer::new(self.traces.tracer("niva"))
            .with_filter(filter_fn(ours).and(LevelFilter::INFO));
        let logs =
            OpenTelemetryTracingBridge::new(&self.logs).with_filter(filter_fn(ours).and(LevelFilter::INFO));
        let metrics =
            MetricsLayer::new(self.metrics.clone()).with_filter(filter_fn(|m| m.target() == METRICS));
        traces.and_then(logs).and_then(metrics)
    }

    /// Sends what is left; blocks.
    pub(super) fn shutdown(&self) {
        let ended = [self.traces.shutdown(), self.metrics.shutdown(), self.logs.shutdown()];
        for error in ended.into_iter().filter_map(Result::err) {
            tracing::warn!(%error, "telemetry was not sent to the end");
        }
    }
}

fn ours(meta: &Metadata<'_>) -> bool {
    let root = meta.target().split("::").next().unwrap_or_default();
    meta.target() != METRICS && !OWN.iter().any(|own| root.starts_with(own))
}

fn durations(instrument: &Instrument) -> Option<Stream> {
    let aggregation =
        Aggregation::ExplicitBucketHistogram { boundaries: SECONDS.to_vec(), record_min_max: true };
    instrument
        .name()
        .ends_with(".duration")
        .then(|| Stream::builder().with_unit("s").with_aggregation(aggregation).build().ok())
        .flatten()
}
