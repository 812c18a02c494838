//! What is answered to those who ask for a path that there is not, or for a method that a path does not take.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::Reason;
use http::{StatusCode, Uri, header::ALLOW};

use crate::problem::Problem;

/// The answer where there is no path: with the one that was probably meant.
pub(crate) fn not_found(paths: &[&str], uri: &Uri) -> Problem {
    let detail = match meant(paths, uri.path()) {
        Some(path) => format!("there is no such path; {path} is one"),
        None => {
            let mut paths = paths.to_vec();
            paths.dedup();
            format!("there is no such path; there are {}", paths.join(", "))
        }
    };
    Problem::new(Reason::NotFound, detail)
}

/// Names the methods that a path takes, where it was asked with another one.
pub(crate) async fn layer(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let response = next.run(request).await;
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let Some(allow) = response.headers().get(ALLOW).cloned() else { return response };
    let methods = allow.to_str().unwrap_or_default().replace(',', ", ");
    let detail = format!("the path does not take {method}; it takes {methods}");
    let mut response = Problem::new(Reason::MethodNotAllowed, detail).into_response();
    response.headers_mut().insert(ALLOW, allow);
    response
}

/// A path that differs from this one by slashes, by the case of its fixed parts, or by slashes in an id that are not
/// encoded.
fn meant(paths: &[&str], path: &str) -> Option<String> {
    /// What an answer repeats of a caller's path, in bytes.
    const MAX_SHOWN_BYTES: usize = 1024;
    if path.len() > MAX_SHOWN_BYTES {
        return None;
    }
    let given: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    paths.iter().find_map(|pattern| fit(pattern, &given)).or_else(|| match &*given {
        [forms, id @ ..] if forms.eq_ignore_ascii_case("forms") && id.len() > 1 => {
            Some(format!("/forms/{}", id.join("%2F")))
        }
        _ => None,
    })
}

/// The path of this pattern that has the parts' ids.
fn fit(pattern: &str, given: &[&str]) -> Option<String> {
    let parts: Vec<&str> = pattern.split('/').skip(1).collect();
    if parts.len() != given.len() {
        return None;
    }
    let path = parts.iter().zip(given).map(|(part, given)| match part.starts_with('{') {
        true => Some(format!("/{given}")),
        false => part.eq_ignore_ascii_case(given).then(|| format!("/{part}")),
    });
    path.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_nearly_right_is_set_right() {
        let paths: Vec<_> = crate::operations().iter().map(|operation| operation.path).collect();
        for (path, expected) in [
            ("/forms/a%2Fb/", Some("/forms/a%2Fb")),
            ("//forms//x", Some("/forms/x")),
            ("/Forms/X", Some("/forms/X")),
            ("/forms/a/b", Some("/forms/a%2Fb")),
            ("/channel-sessions/", Some("/channel-sessions")),
            ("/Channel-Sessions/x/END/", Some("/channel-sessions/x/end")),
            ("/events/", Some("/events")),
            ("/HealthZ/", Some("/healthz")),
            ("/", None),
            ("/sessions/x", None),
            ("/channel-sessions/x/y", None),
        ] {
            assert_eq!(meant(&paths, path).as_deref(), expected, "{path}");
        }
    }
}
