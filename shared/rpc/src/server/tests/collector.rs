use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use niva_telemetry::{Collector, TelemetryConfig, init};
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use tonic::{Request, Response, Status};

use super::echo::Place;
use crate::client::Endpoint;

/// Body and trace of a log record.
type Line = (String, Vec<u8>);

/// A collector that keeps what it gets.
#[derive(Clone, Default)]
struct Sink {
    spans: Arc<Mutex<Vec<Span>>>,
    metrics: Arc<Mutex<BTreeSet<String>>>,
    lines: Arc<Mutex<Vec<Line>>>,
}

#[tonic::async_trait]
impl TraceService for Sink {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let scopes = request.into_inner().resource_spans.into_iter().flat_map(|r| r.scope_spans);
        self.spans.lock().unwrap().extend(scopes.flat_map(|s| s.spans));
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Sink {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let scopes = request.into_inner().resource_metrics.into_iter().flat_map(|r| r.scope_metrics);
        self.metrics.lock().unwrap().extend(scopes.flat_map(|s| s.metrics).map(|m| m.name));
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Sink {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let scopes = request.into_inner().resource_logs.into_iter().flat_map(|r| r.scope_logs);
        let lines = scopes.flat_map(|s| s.log_records).map(|l| (format!("{:?}", l.body), l.trace_id));
        self.lines.lock().unwrap().extend(lines);
        Ok(Response::new(Default::default()))
    }
}

async fn collector() -> (Sink, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let collector = Sink::default();
    let server = tonic::transport::Server::builder()
        .add_service(TraceServiceServer::new(collector.clone()))
        .add_service(MetricsServiceServer::new(collector.clone()))
        .add_service(LogsServiceServer::new(collector.clone()));
    tokio::spawn(server.serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(listener)));
    (collector, address)
}

/// The only test that starts telemetry, which is one for the whole process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_receives_one_trace_across_client_and_server_metrics_and_logs() {
    let (collector, endpoint) = collector().await;
    let to = Collector::new(move || Endpoint::tcp(&endpoint).unwrap().transport(Duration::from_secs(10)));
    let config = TelemetryConfig { collector: Some(to), ..TelemetryConfig::default() };
    let telemetry = init(&config).unwrap();
    let place = Place::start().await;
    assert_eq!(place.say("anna", "log a line").await.unwrap(), "log a line");
    place.stop().await;
    telemetry.shutdown().await;

    let spans = collector.spans.lock().unwrap().clone();
    let rpc: Vec<_> = spans.iter().filter(|s| s.name == "test.Echo/Say").collect();
    let [one, other] = rpc.as_slice() else { panic!("not two spans: {spans:#?}") };
    assert_eq!(one.trace_id, other.trace_id);
    assert!(one.parent_span_id == other.span_id || other.parent_span_id == one.span_id);
    assert_eq!(BTreeSet::from([one.kind, other.kind]), BTreeSet::from([2, 3]), "server and client");
    for span in [one, other] {
        let code = span.attributes.iter().find(|a| a.key == "rpc.grpc.status_code").expect("a final status");
        assert!(format!("{:?}", code.value).contains("IntValue(0)"), "{code:?}");
    }
    assert!(spans.iter().all(|s| !s.name.contains("opentelemetry")), "the exporter traced itself");
    let metrics = collector.metrics.lock().unwrap().clone();
    for name in ["rpc.server.calls", "rpc.server.duration", "rpc.client.calls", "rpc.client.duration"] {
        assert!(metrics.contains(name), "{name} is not among {metrics:?}");
    }
    let lines = collector.lines.lock().unwrap();
    let (_, trace) = lines.iter().find(|(body, _)| body.contains("log a line")).expect("a log record");
    assert_eq!(trace, &one.trace_id, "the log record names its trace");
}
