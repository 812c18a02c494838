//! Has a request that turns out to be long work worked on off the network: from then on all of it, its body, the messages that
//! it is passed on by, and what its answer is made of.

use std::pin::pin;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use budget::{IsLong, LongWork};
use http::Extensions;

pub(crate) async fn layer(State(long_work): State<LongWork>, mut request: Request, next: Next) -> Response {
    let is_long = IsLong::default();
    request.extensions_mut().insert(is_long.clone());
    long_work.off_network(&is_long, pin!(next.run(request))).await
}

/// Whether a request is long work: for whoever finds that it is.
pub(crate) fn is_long(request: &Extensions) -> IsLong {
    request.get::<IsLong>().cloned().unwrap_or_default()
}
