//! Messages on their way to a collector, over HTTP or gRPC.

use std::{error::Error, io::Write as _, sync::Arc};

use bytes::{BufMut as _, Bytes, BytesMut};
use domain::error::chain;
use flate2::{Compression, write::GzEncoder};
use http::{
    HeaderMap, HeaderValue, Method, Request, Uri,
    header::{CONTENT_ENCODING, CONTENT_TYPE, TE},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use telemetry::Exported;

use crate::environment::{Endpoint, Invalid, Protocol};

/// The service and the method of a signal over gRPC.
pub(crate) const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
pub(crate) const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// How much of a collector's answer is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Sends messages of one signal.
#[derive(Debug)]
pub(crate) struct Sender {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    endpoint: Endpoint,
    url: Uri,
}

impl Sender {
    /// # Errors
    /// The authorities of a collector's certificate are none, or cannot be read.
    pub(crate) fn new(endpoint: Endpoint, method: &'static str) -> Result<Arc<Self>, Invalid> {
        let tls = config(&endpoint)?;
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
        let client = match endpoint.protocol {
            Protocol::Http => Client::builder(TokioExecutor::new()).build(connector.enable_http1().build()),
            Protocol::Grpc => {
                let connector = connector.enable_http2().build();
                Client::builder(TokioExecutor::new()).http2_only(true).build(connector)
            }
        };
        let url = match endpoint.protocol {
            Protocol::Http => endpoint.url.clone(),
            Protocol::Grpc => {
                let mut parts = endpoint.url.clone().into_parts();
                parts.path_and_query = method.parse().ok();
                Uri::from_parts(parts).unwrap_or_default()
            }
        };
        Ok(Arc::new(Self { client, endpoint, url }))
    }

    /// Sends a message, and says why it was not taken, or not all of it.
    pub(crate) async fn send(&self, message: &impl Message) -> Result<(), NotTaken> {
        let request = self.request(message.encode_to_vec());
        let sent = tokio::time::timeout(self.endpoint.timeout, self.exchange(request)).await;
        sent.unwrap_or_else(|_| {
            let said = format!("it did not answer within {} ms", self.endpoint.timeout.as_millis());
            Err(NotTaken::all(Exported::TIMEOUT, said))
        })
    }

    fn request(&self, message: Vec<u8>) -> Request<Full<Bytes>> {
        let mut headers = self.endpoint.headers.clone();
        let message = if self.endpoint.is_compressed { compressed(&message) } else { message };
        let body = match self.endpoint.protocol {
            Protocol::Http => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
                if self.endpoint.is_compressed {
                    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                }
                Bytes::from(message)
            }
            Protocol::Grpc => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
                headers.insert(TE, HeaderValue::from_static("trailers"));
                if self.endpoint.is_compressed {
                    headers.insert("grpc-encoding", HeaderValue::from_static("gzip"));
                }
                framed(&message, self.endpoint.is_compressed)
            }
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        request.uri_mut().clone_from(&self.url);
        *request.headers_mut() = headers;
        request
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(), NotTaken> {
        let unreachable = |error: &dyn Error| NotTaken::all(Exported::UNREACHABLE, chain(error));
        let rejected = |said| NotTaken::all(Exported::REJECTED, said);
        let response = self.client.request(request).await.map_err(|error| {
            let words = tls::in_words(&error, "its");
            words.map_or_else(|| unreachable(&error), |words| NotTaken::all(Exported::UNREACHABLE, words))
        })?;
        let (head, body) = response.into_parts();
        let answer = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        let answer = answer.map_err(|error| unreachable(&*error))?;
        if !head.status.is_success() {
            return Err(rejected(format!("it answered {}", head.status)));
        }
        let trailers = answer.trailers().cloned().unwrap_or_default();
        let mut message = answer.to_bytes();
        if self.endpoint.protocol == Protocol::Grpc {
            check(if trailers.contains_key("grpc-status") { &trailers } else { &head.headers })
                .map_err(rejected)?;
            message = message.slice(wire::frame::PREFIX_BYTES.min(message.len())..);
        }
        partial(&message).map_or(Ok(()), Err)
    }
}

/// Why a collector has not taken something, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotTaken {
    /// Out of [`Exported::FAILURES`].
    pub(crate) kind: &'static str,
    /// For people.
    pub(crate) said: String,
    /// How many of what was sent; all where it is not said.
    pub(crate) items: Option<usize>,
}

impl NotTaken {
    pub(crate) fn all(kind: &'static str, said: String) -> Self {
        Self { kind, said, items: None }
    }
}

/// What a collector that takes a message says of parts of it. The answers to both signals have it in the same places. An answer
/// that cannot be read says nothing: the message was taken.
fn partial(answer: &[u8]) -> Option<NotTaken> {
    let partial = ExportTraceServiceResponse::decode(answer).ok()?.partial_success?;
    let items = usize::try_from(partial.rejected_spans).ok().filter(|items| *items > 0)?;
    let said = format!("it did not take {items} of them: {}", partial.error_message);
    Some(NotTaken { kind: Exported::REJECTED, said, items: Some(items) })
}

/// What a status of gRPC's says.
fn check(headers: &HeaderMap) -> Result<(), String> {
    let text =
        |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    match text("grpc-status") {
        "0" => Ok(()),
        code => Err(format!("it answered with the gRPC code {code}: {}", text("grpc-message"))),
    }
}

fn framed(message: &[u8], is_compressed: bool) -> Bytes {
    let mut framed = BytesMut::with_capacity(wire::frame::PREFIX_BYTES + message.len());
    framed.put_u8(is_compressed.into());
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    framed.freeze()
}

fn compressed(message: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Memory takes all that is written to it.
    let _ = encoder.write_all(message);
    encoder.finish().unwrap_or_default()
}

fn config(endpoint: &Endpoint) -> Result<ClientConfig, Invalid> {
    let wrong = |problem: &dyn Error| Invalid::certificate(problem.to_string());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?;
    let builder = match &endpoint.authorities {
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| wrong(&error))?;
                roots.add(certificate).map_err(|error| wrong(&error))?;
            }
            builder.with_root_certificates(roots)
        }
        None if endpoint.url.scheme_str() == Some("https") => {
            builder.with_native_roots().map_err(|error| wrong(&error))?
        }
        None => builder.with_root_certificates(RootCertStore::empty()),
    };
    Ok(builder.with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::{
        metrics::v1::{ExportMetricsPartialSuccess, ExportMetricsServiceResponse},
        trace::v1::ExportTracePartialSuccess,
    };

    use super::*;

    #[test]
    fn what_a_collector_says_of_parts_is_read_of_both_signals() {
        let error_message = "too old".to_owned();
        let spans = ExportTracePartialSuccess { rejected_spans: 3, error_message: error_message.clone() };
        let spans = ExportTraceServiceResponse { partial_success: Some(spans) };
        let points = ExportMetricsPartialSuccess { rejected_data_points: 3, error_message };
        let points = ExportMetricsServiceResponse { partial_success: Some(points) };
        for answer in [spans.encode_to_vec(), points.encode_to_vec()] {
            let not_taken = partial(&answer).expect("some were not taken");
            assert_eq!((not_taken.kind, not_taken.items), (Exported::REJECTED, Some(3)));
            assert!(not_taken.said.contains("too old"), "{not_taken:?}");
        }
        for nothing in [&b""[..], b"no message", &ExportTraceServiceResponse::default().encode_to_vec()] {
            assert_eq!(partial(nothing), None);
        }
    }

    #[tokio::test]
    async fn a_certificate_of_the_first_version_is_said_to_be_one() {
        for protocol in [Protocol::Http, Protocol::Grpc] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let url = format!("https://{}/v1/traces", listener.local_addr().expect("an address"));
            let endpoint = Endpoint {
                url: url.parse().expect("an address"),
                protocol,
                headers: HeaderMap::new(),
                timeout: std::time::Duration::from_secs(60),
                is_compressed: false,
                authorities: Some(tls::authority::Authority::generate().certificate.into_bytes()),
            };
            let sender = Sender::new(endpoint, TRACES).expect("a sender");
            let collector =
                async { tls::authority::show_version_1(listener.accept().await.expect("a call").0).await };
            let message = ExportTraceServiceResponse::default();
            let (sent, ()) = tokio::join!(sender.send(&message), collector);
            let not_taken = sent.expect_err("no connection");
            assert_eq!(not_taken.kind, Exported::UNREACHABLE);
            assert!(not_taken.said.starts_with("its certificate is of X.509 version 1"), "{not_taken:?}");
        }
    }
}
