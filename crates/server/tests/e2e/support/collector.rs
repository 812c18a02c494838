//! An OpenTelemetry collector, which keeps what it is sent over HTTP and gRPC.

use std::{
    io::Read,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, extract::State, response::Response};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, Request};

use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    metrics::v1::Metric,
    trace::v1::Span,
};
use prost::Message;
use tokio::{net::TcpListener, task::JoinHandle};

use super::timeout::until;

/// A collector. It is gone when it is dropped.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    taken: Arc<Mutex<Taken>>,
    serving: JoinHandle<()>,
}

/// What came.
#[derive(Default, Clone)]
struct Taken {
    /// Each with the service that it is of.
    spans: Vec<(String, Span)>,
    metrics: Vec<(String, Metric)>,
    headers: HeaderMap,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let taken = Arc::<Mutex<Taken>>::default();
        let routes = Router::new().fallback(take).with_state(taken.clone());
        let serving = tokio::spawn(async { axum::serve(listener, routes).await.unwrap() });
        Self { address, taken, serving }
    }

    /// What came of spans, once it is as much as that, each with the service that it is of.
    pub(crate) async fn spans(&self, enough: impl Fn(&[(String, Span)]) -> bool) -> Vec<(String, Span)> {
        until("the spans", async || enough(&self.taken.lock().unwrap().spans)).await;
        self.taken.lock().unwrap().spans.clone()
    }

    /// Waits for a metric of this name.
    pub(crate) async fn has_metric(&self, name: &str) {
        let is_it = |(_, metric): &(String, Metric)| metric.name == name;
        until(name, async || self.taken.lock().unwrap().metrics.iter().any(is_it)).await;
    }

    /// The headers of what came last.
    pub(crate) fn headers(&self) -> HeaderMap {
        self.taken.lock().unwrap().headers.clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(State(taken): State<Arc<Mutex<Taken>>>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let is_grpc = head.headers["content-type"] == "application/grpc";
    let mut message = body.collect().await.unwrap().to_bytes();
    let is_compressed = if is_grpc {
        message.split_to(5)[0] == 1
    } else {
        head.headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip")
    };
    if is_compressed {
        let mut unpacked = Vec::new();
        GzDecoder::new(&*message).read_to_end(&mut unpacked).unwrap();
        message = unpacked.into();
    }
    let mut taken = taken.lock().unwrap();
    let path = head.uri.path();
    if path.ends_with("/v1/traces") || path.contains("TraceService") {
        for of_resource in ExportTraceServiceRequest::decode(message).unwrap().resource_spans {
            let resource = of_resource.resource.unwrap().attributes;
            let service = format!("{:?}", resource.iter().find(|it| it.key == "service.name").unwrap().value);
            let spans = of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            taken.spans.extend(spans.map(|span| (service.clone(), span)));
        }
    } else {
        for of_resource in ExportMetricsServiceRequest::decode(message).unwrap().resource_metrics {
            let resource = of_resource.resource.unwrap().attributes;
            let service = format!("{:?}", resource.iter().find(|it| it.key == "service.name").unwrap().value);
            let metrics = of_resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics);
            taken.metrics.extend(metrics.map(|metric| (service.clone(), metric)));
        }
    }
    taken.headers = head.headers;
    if !is_grpc {
        return Response::new(Body::empty());
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let frames = [Frame::data(Bytes::from_static(&[0; 5])), Frame::trailers(trailers)];
    let frames = futures_util::stream::iter(frames.map(Ok::<_, std::convert::Infallible>));
    let mut response = Response::new(Body::new(StreamBody::new(frames)));
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    response
}
