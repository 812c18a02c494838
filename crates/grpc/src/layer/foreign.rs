//! Answers what is no gRPC call, and what has more headers than it may, before anything of it is read.

use axum::{body::Body, response::Response};
use domain::Reason;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Version,
    header::{ACCEPT, ALLOW, CONNECTION, CONTENT_TYPE},
};

use crate::{headers, status};

/// RFC 9110's name for what a POST may bear.
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

/// The answer to a request that is not to be made a call; none for a call.
pub(super) fn refuse<B>(request: &Request<B>) -> Option<Response> {
    if request.version() < Version::HTTP_2 {
        let detail = "this port speaks gRPC, over HTTP/2 only; REST is at the address of --http-addr, by default \
                      http://127.0.0.1:8080";
        let mut response =
            problem(StatusCode::HTTP_VERSION_NOT_SUPPORTED, Reason::UnsupportedMediaType, detail);
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        return Some(response);
    }
    if !is_grpc(request.headers()) {
        let detail = "this port speaks gRPC: the content type is application/grpc; REST, with JSON, is at the address \
                      of --http-addr, by default http://127.0.0.1:8080";
        let mut response = problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, Reason::UnsupportedMediaType, detail);
        for name in [ACCEPT, ACCEPT_POST] {
            response.headers_mut().insert(name, GRPC);
        }
        return Some(response);
    }
    if request.method() != Method::POST {
        let mut response =
            problem(StatusCode::METHOD_NOT_ALLOWED, Reason::MethodNotAllowed, "gRPC calls are made by POST");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return Some(response);
    }
    let excess = headers::excess(request)?;
    Some(status::from_reason(Reason::RequestTooLarge, &excess).into_http::<Body>())
}

/// Whether the content type is gRPC's, with protobuf messages. Parameters mean nothing there.
fn is_grpc(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(content_type), None) = (types.next(), types.next()) else { return false };
    let essence = content_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    ["application/grpc", "application/grpc+proto"].iter().any(|known| essence.eq_ignore_ascii_case(known))
}

/// An answer as HTTP callers read it (RFC 9457). `detail` is plain text without quotation marks.
fn problem(status: StatusCode, reason: Reason, detail: &str) -> Response {
    let (number, title) = (status.as_u16(), status.canonical_reason().unwrap_or_default());
    let reason = reason.as_str();
    let body =
        format!(r#"{{"status":{number},"title":"{title}","detail":"{detail}","reason":"{reason}"}}"#) + "\n";
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(version: Version, content_types: &[&str]) -> Option<u16> {
        let mut request = Request::post("/").version(version);
        for content_type in content_types {
            request = request.header(CONTENT_TYPE, *content_type);
        }
        let request = request.body(()).expect("a request");
        refuse(&request).map(|response| response.status().as_u16())
    }

    #[test]
    fn only_grpc_with_protobuf_is_a_call() {
        for call in [
            "application/grpc",
            "application/grpc+proto",
            "Application/gRPC",
            "application/grpc;charset=utf-8",
        ] {
            assert_eq!(answer(Version::HTTP_2, &[call]), None, "{call}");
            assert_eq!(answer(Version::HTTP_11, &[call]), Some(505), "{call}");
        }
        for other in [
            "application/json",
            "application/grpc+json",
            "application/grpc-web",
            "application/grpcx",
            "text/plain",
            "",
        ] {
            assert_eq!(answer(Version::HTTP_2, &[other]), Some(415), "{other}");
        }
        assert_eq!(answer(Version::HTTP_2, &[]), Some(415));
        assert_eq!(answer(Version::HTTP_2, &["application/grpc", "application/json"]), Some(415));
    }
}
