//! One line of log for each request, under its request id. Never a request's content.

use axum::{extract::Request, middleware::Next, response::Response};
use tracing::Instrument;
use wire::log::{Call, REQUEST_ID, request_id, trace_id};

/// A caller's own request id is kept, goes into the call, and is sent back; others get one.
pub(crate) async fn layer(mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let span = tracing::info_span!(
        "rest",
        request_id = id.to_str().unwrap_or_default(),
        trace_id = trace_id(request.headers()).map(tracing::field::display),
        method = %request.method(),
        path = request.uri().path()
    );
    let is_probe = matches!(request.uri().path(), "/healthz" | "/readyz");
    let call = Call::start(span.clone(), "499", !is_probe);
    let mut response = next.run(request).instrument(span).await;
    call.end(response.status().as_str());
    response.headers_mut().insert(REQUEST_ID, id);
    response
}
