//! Refuses safeguards that no path here honours. On reads they change nothing, and are left alone.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use wire::safeguards::SAFEGUARDS;

use crate::headers::refuse;

pub(crate) async fn layer(request: Request, next: Next) -> Response {
    if !request.method().is_safe() {
        for safeguard in &SAFEGUARDS {
            if let Some(instead) = safeguard.over_rest
                && request.headers().contains_key(safeguard.name)
            {
                let description = format!("is not supported: what there is in its place is {instead}");
                return refuse(safeguard.name, "not_here", &description).into_response();
            }
        }
    }
    next.run(request).await
}
