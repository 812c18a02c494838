//! One line of log for each request, under its request id. Never a request's content.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::StatusCode;
use telemetry::{
    audit::{self, Told, Who},
    call::{Call, Port},
};
use tracing::Instrument;

/// A caller's own request id is kept, goes into the call, and is sent back; others get one. A service in the same process has
/// told by itself whom it refused.
pub(crate) async fn layer(State(is_in_process): State<bool>, mut request: Request, next: Next) -> Response {
    let is_probe = matches!(request.uri().path(), "/healthz" | "/readyz");
    let call = Call::begin(Port::Rest, &mut request, !is_probe);
    let head = (!is_in_process).then(|| head(&request));
    let mut response = next.run(request).instrument(call.span().clone()).await;
    call.answer(&mut response);
    let status = response.status();
    if [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status) {
        if let Some(head) = head
            && response.extensions().get::<Told>().is_none()
        {
            call.span().in_scope(|| {
                audit::refused(
                    Port::Rest,
                    &head,
                    Who::default(),
                    &"the service behind the gateway refused it",
                );
            });
        }
        call.end_refused(status.as_str());
    } else {
        call.end(status.as_str());
    }
    response
}

/// What the audit log has of a request, which goes on.
fn head(request: &Request) -> http::Request<()> {
    let mut head = http::Request::new(());
    head.method_mut().clone_from(request.method());
    head.uri_mut().clone_from(request.uri());
    if let Some(peer) = request.extensions().get::<audit::Peer>() {
        head.extensions_mut().insert(*peer);
    }
    head
}
