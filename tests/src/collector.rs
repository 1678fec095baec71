//! A collector of traces, metrics and logs, as an operator would run one: OTLP over gRPC on a free port.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use niva_base::hex;
use niva_tls::Tls;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::{
            ExportLogsServiceRequest, ExportLogsServiceResponse,
            logs_service_server::{LogsService, LogsServiceServer},
        },
        metrics::v1::{
            ExportMetricsServiceRequest, ExportMetricsServiceResponse,
            metrics_service_server::{MetricsService, MetricsServiceServer},
        },
        trace::v1::{
            ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    common::v1::any_value::Value,
    metrics::v1::{metric::Data, number_data_point},
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tonic::{Request, Response, Status, transport::Server};

/// A span, as far as a test asks.
#[derive(Clone, Debug)]
pub struct Span {
    /// `service.name` of the process that made it.
    pub service: String,
    /// Its name.
    pub name: String,
    /// Hexadecimal.
    pub trace: String,
    /// Hexadecimal.
    pub id: String,
    /// Hexadecimal; empty for the first of a trace.
    pub parent: String,
    /// Everything it carries as text, for a search in it.
    pub text: String,
}

/// Metrics and lines of logs, as text.
#[derive(Clone, Default)]
struct Words(Arc<Mutex<Vec<String>>>);

impl Words {
    fn keep(&self, told: &impl std::fmt::Debug) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{told:?}"));
    }
}

/// Collects what is sent to it.
pub struct Collector {
    address: SocketAddr,
    spans: Arc<Mutex<Vec<Span>>>,
    words: Words,
    gauges: Gauges,
    arrived: watch::Receiver<usize>,
    server: tokio::task::JoinHandle<()>,
}

/// Names of gauges with the values that were told, in order.
type Gauges = Arc<Mutex<Vec<(String, i64)>>>;

impl Collector {
    /// Starts on a free port.
    ///
    /// # Panics
    /// When no port can be had.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let spans = Arc::new(Mutex::new(Vec::new()));
        let (count, arrived) = watch::channel(0);
        let (words, gauges) = (Words::default(), Gauges::default());
        let traces = TraceServiceServer::new(Sink { spans: Arc::clone(&spans), count });
        let metrics =
            MetricsServiceServer::new(Metered { words: words.clone(), gauges: Arc::clone(&gauges) });
        let logs = LogsServiceServer::new(words.clone());
        let incoming = tonic::transport::server::TcpIncoming::from(listener);
        let server = tokio::spawn(async move {
            // Ends with the test.
            let _ = Server::builder()
                .add_service(traces)
                .add_service(metrics)
                .add_service(logs)
                .serve_with_incoming(incoming)
                .await;
        });
        Self { address, spans, words, gauges, arrived, server }
    }

    /// Where to send to.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where to send to by TLS, as whoever is in the certificates of `tls`. Ends with the test.
    ///
    /// # Panics
    /// When no port can be had.
    pub async fn secured(&self, tls: Tls) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let (address, plain) = (listener.local_addr().expect("its address"), self.address);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let tls = tls.clone();
                tokio::spawn(async move {
                    let mut outside = tls.accept(stream).await?;
                    let mut inside = TcpStream::connect(plain).await?;
                    tokio::io::copy_bidirectional(&mut outside, &mut inside).await
                });
            }
        });
        format!("https://{address}")
    }

    /// What a gauge was told, in order.
    #[must_use]
    pub fn gauge(&self, name: &str) -> Vec<i64> {
        let gauges = self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
        gauges.iter().filter(|(of, _)| of == name).map(|(_, value)| *value).collect()
    }

    /// What has arrived.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Metrics and lines of logs that have arrived, as text: for a search in them.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        self.words.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until what has arrived satisfies a question; gives up when nothing more comes for half a minute.
    ///
    /// # Errors
    /// What has arrived, when it gives up.
    pub async fn wait_for(&mut self, question: impl Fn(&[Span]) -> bool) -> Result<Vec<Span>, Vec<Span>> {
        loop {
            let spans = self.spans();
            if question(&spans) {
                return Ok(spans);
            }
            let more = tokio::time::timeout(std::time::Duration::from_secs(30), self.arrived.changed()).await;
            if !matches!(more, Ok(Ok(()))) {
                return Err(spans);
            }
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct Sink {
    spans: Arc<Mutex<Vec<Span>>>,
    count: watch::Sender<usize>,
}

#[tonic::async_trait]
impl TraceService for Sink {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut received = Vec::new();
        for resource in request.into_inner().resource_spans {
            let attributes = resource.resource.iter().flat_map(|r| &r.attributes);
            let name = attributes.filter(|a| a.key == "service.name").find_map(|a| {
                match a.value.as_ref()?.value.as_ref()? {
                    Value::StringValue(text) => Some(text.clone()),
                    _ => None,
                }
            });
            for span in resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
                received.push(Span {
                    service: name.clone().unwrap_or_default(),
                    name: span.name.clone(),
                    trace: hex(&span.trace_id),
                    id: hex(&span.span_id),
                    parent: hex(&span.parent_span_id),
                    text: format!("{span:?}"),
                });
            }
        }
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        spans.extend(received);
        self.count.send_replace(spans.len());
        Ok(Response::new(ExportTraceServiceResponse { partial_success: None }))
    }
}

struct Metered {
    words: Words,
    gauges: Gauges,
}

#[tonic::async_trait]
impl MetricsService for Metered {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        self.words.keep(request.get_ref());
        let scopes = request.into_inner().resource_metrics.into_iter().flat_map(|of| of.scope_metrics);
        let mut gauges = self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
        for metric in scopes.flat_map(|scope| scope.metrics) {
            let Some(Data::Gauge(gauge)) = metric.data else { continue };
            let values = gauge.data_points.into_iter().filter_map(|point| match point.value? {
                number_data_point::Value::AsInt(value) => Some(value),
                number_data_point::Value::AsDouble(_) => None,
            });
            gauges.extend(values.map(|value| (metric.name.clone(), value)));
        }
        Ok(Response::new(ExportMetricsServiceResponse { partial_success: None }))
    }
}

#[tonic::async_trait]
impl LogsService for Words {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        self.keep(request.get_ref());
        Ok(Response::new(ExportLogsServiceResponse { partial_success: None }))
    }
}
