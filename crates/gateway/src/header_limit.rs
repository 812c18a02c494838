//! Refuses requests with larger headers than the service takes, over HTTP/1.1 and HTTP/2 alike.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::Reason;
use http::StatusCode;
use wire::headers;

use crate::problem::Problem;

pub(crate) async fn layer(request: Request, next: Next) -> Response {
    match headers::excess(&request) {
        None => next.run(request).await,
        Some(excess) => {
            let problem = Problem::new(Reason::RequestTooLarge, excess);
            problem.with_status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE).into_response()
        }
    }
}
