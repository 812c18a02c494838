//! One line of log for each request, under its request id. Never a request's content.

use axum::{extract::Request, middleware::Next, response::Response};
use telemetry::call::{Call, Port};
use tracing::Instrument;

/// A caller's own request id is kept, goes into the call, and is sent back; others get one.
pub(crate) async fn layer(mut request: Request, next: Next) -> Response {
    let is_probe = matches!(request.uri().path(), "/healthz" | "/readyz");
    let call = Call::begin(Port::Rest, &mut request, !is_probe);
    let mut response = next.run(request).instrument(call.span().clone()).await;
    call.answer(&mut response);
    call.end(response.status().as_str());
    response
}
