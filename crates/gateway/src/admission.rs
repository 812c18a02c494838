//! Refuses requests when too many are under way, before anything of their bodies is read.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::Error;
use tokio::sync::Semaphore;

use crate::problem::Problem;

/// Lets a request in while there is a place, and holds the place until it is answered.
pub(crate) async fn layer(State(places): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    match places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => Problem::from(&Error::Overloaded).into_response(),
    }
}
