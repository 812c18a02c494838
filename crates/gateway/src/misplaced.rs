//! Refuses safeguards that no path here honours: a caller that believes in one would overwrite what it meant to protect, or
//! do twice what it meant to do once. On reads they change nothing, and are left alone.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::headers::{IDEMPOTENCY_KEY, IF_MATCH, refuse};

/// Each with what is there in its place. Sessions have no date of their last change, only a revision.
const MISPLACED: [(&str, &str); 4] = [
    ("If-Unmodified-Since", IF_MATCH),
    ("If-Modified-Since", IF_MATCH),
    ("X-Idempotency-Key", IDEMPOTENCY_KEY),
    ("X-Idempotency-Token", IDEMPOTENCY_KEY),
];

pub(crate) async fn layer(request: Request, next: Next) -> Response {
    if !request.method().is_safe() {
        for (name, instead) in MISPLACED {
            if request.headers().contains_key(name) {
                let description = format!("is not supported: what there is in its place is {instead}");
                return refuse(name, "not_here", &description).into_response();
            }
        }
    }
    next.run(request).await
}
