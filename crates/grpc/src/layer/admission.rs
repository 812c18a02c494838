//! Refuses calls when too many are under way, before anything of them is read.

use axum::{body::Body, response::Response};
use domain::Error;
use tokio::sync::Semaphore;

use crate::status;

/// Lets a call in while there is a place, and holds the place until the response's head is there. That is when all of a
/// call's work is done, but only the beginning of a stream: streams are bounded where they are made, those of updates by
/// the service and watches by their hub, and a thousand of them keep no call out.
pub(super) async fn admit(places: &Semaphore, call: impl Future<Output = Response>) -> Response {
    match places.try_acquire() {
        Ok(_place) => call.await,
        Err(_) => status::from_error(&Error::Overloaded).into_http::<Body>(),
    }
}
