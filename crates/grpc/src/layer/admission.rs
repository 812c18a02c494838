//! Refuses calls when too many are under way, before anything of them is read.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use domain::Error;
use tokio::sync::Semaphore;

use crate::status;

/// Lets a call in while there is a place, and holds the place until the response's head is there. That is when all of a
/// call's work is done, but only the beginning of a stream: streams are bounded where they are made, those of updates by
/// the service and watches by their hub, and a thousand of them keep no call out.
pub(crate) async fn layer(State(places): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    if !super::is_ours(&request) {
        return next.run(request).await;
    }
    match places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => status::from_error(&Error::Overloaded).into_http::<axum::body::Body>(),
    }
}
