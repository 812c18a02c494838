//! One line of log for each request, under its request id. Never a request's content.

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use domain::Reason;
use http::{
    Method, StatusCode,
    header::{CONTENT_TYPE, ETAG},
};
use http_body::Body as _;
use telemetry::{
    audit::{self, Audited, Who},
    call::{Call, Interest, Logged, Outcome, Port},
};

/// A caller's own request id is kept, goes into the call, and is sent back; others get one. A service in the same process has
/// logged whom it refused.
pub(crate) async fn layer(State(is_in_process): State<bool>, mut request: Request, next: Next) -> Response {
    let is_probe = matches!(request.uri().path(), "/healthz" | "/readyz");
    let interest = if is_probe { Interest::Probe } else { Interest::Call };
    let mut call = Call::begin(Port::Rest, &mut request, interest);
    let has_body = request.method() != Method::HEAD;
    let head = (!is_in_process).then(|| head(&request));
    let mut response = call.run(next.run(request)).await;
    call.answer(&mut response);
    note(&call, &response);
    let status = response.status();
    let outcome = Outcome::Http(status.as_u16());
    if [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status) {
        if let Some(head) = head
            && response.extensions().get::<Audited>().is_none()
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
        call.end_refused(outcome);
    } else if has_body
        && response.headers().get(CONTENT_TYPE).is_some_and(|value| value == "text/event-stream")
    {
        call.streams();
        return response.map(|body| Body::new(Logged::new(body, call, outcome, outcome)));
    } else {
        call.end(outcome);
    }
    response
}

/// What an answer says of its request.
fn note(call: &Call, response: &Response) {
    let notes = call.notes();
    if let Some(reason) = response.extensions().get::<Reason>() {
        notes.fails_by(reason.as_str());
    }
    if let Some(bytes) = response.body().size_hint().exact() {
        notes.answered(usize::try_from(bytes).unwrap_or(usize::MAX));
    }
    // A service at an address notes it in its own log, and answers with it here as the entity tag.
    let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok());
    if let Some(revision) = etag.and_then(|etag| etag.trim_matches('"').parse().ok()) {
        notes.comes_to(revision);
    }
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
