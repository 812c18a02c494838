//! What stands between the listener and the service, each in a file of its own.

mod admission;
pub(crate) mod deadline;
pub(crate) mod error_details;
mod foreign;
pub mod log;
mod misplaced;

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tokio::sync::Semaphore;

/// What calls are held to.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// The longest that a call may take.
    pub(crate) max_deadline: Duration,
    /// Places for calls.
    pub(crate) places: Arc<Semaphore>,
}

/// All that a call meets, from the outside in: one layer, since each would cost every call a copy of all that is behind
/// it. The limits are for this package's calls, not for reflection and health, whose streams live as long as their callers
/// like.
pub(crate) async fn layer(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let ours = is_ours(&request);
    let misplaced = if ours { misplaced::refuse(request.headers()) } else { None };
    let response = if let Some(status) = misplaced {
        status.into_http()
    } else if ours {
        let call = deadline::within(limits.max_deadline, request, |request| next.run(request));
        admission::admit(&limits.places, call).await
    } else {
        next.run(request).await
    };
    error_details::explained(response, ours)
}

/// The gRPC method of a request, `package.Service/Method`.
fn method<B>(request: &http::Request<B>) -> &str {
    request.uri().path().trim_start_matches('/')
}

/// Whether a request is for this package.
fn is_ours<B>(request: &http::Request<B>) -> bool {
    method(request).starts_with("channelsession.")
}
