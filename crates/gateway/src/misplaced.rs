//! Refuses safeguards that a path does not honour.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use wire::safeguards::{SAFEGUARDS, Safeguard};

use crate::{headers::refuse, problem::Problem};

pub(crate) async fn layer(request: Request, next: Next) -> Response {
    match misplaced(&request) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

fn misplaced(request: &Request) -> Option<Problem> {
    let is_read = request.method().is_safe();
    let mut there = SAFEGUARDS.iter().filter(|safeguard| request.headers().contains_key(safeguard.name));
    there.find_map(|safeguard| Some(refuse(safeguard.name, "not_here", &why(safeguard, is_read)?)))
}

/// What is wrong with a safeguard; nothing where it is honoured, or harmless.
fn why(safeguard: &Safeguard, is_read: bool) -> Option<String> {
    if is_read {
        return (!safeguard.on_reads)
            .then(|| "is for changes, and has no effect on a read: leave it out".to_owned());
    }
    let instead = safeguard.over_rest?;
    Some(format!("is not supported: what there is in its place is {instead}"))
}
