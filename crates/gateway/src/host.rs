//! Which host a request over HTTP/1.1 is for: it has to say so, once (RFC 9112, section 3.2). Two that differ are how a
//! proxy and a service come to take one request for two.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::{Error, violation::Violation};
use http::{HeaderMap, HeaderValue, Version, header::HOST, uri::Authority};

use crate::problem::Problem;

/// Refuses requests that do not.
pub(crate) async fn layer(request: Request, next: Next) -> Response {
    let is_required = request.version() == Version::HTTP_11;
    match check(request.headers(), is_required) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn check(headers: &HeaderMap, is_required: bool) -> Result<(), Problem> {
    let refuse = |rule, description| {
        Err(Problem::from(&Error::InvalidParameter(Violation::new("Host", rule, description))))
    };
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if is_required => refuse("required", "must be sent with every request over HTTP/1.1"),
        (Some(_), Some(_)) => refuse("once", "must be sent once"),
        (Some(host), None) if !is_host(host) => refuse("host", "must be a host name, and a port or none"),
        _ => Ok(()),
    }
}

/// Empty is fine where the address that is called has no host.
fn is_host(host: &HeaderValue) -> bool {
    let authority = |text: &str| text.parse::<Authority>().is_ok_and(|host| !host.as_str().contains('@'));
    host.to_str().is_ok_and(|text| text.is_empty() || authority(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_for_one_host() {
        for (hosts, is_fine) in [
            (&["localhost:8080"][..], true),
            (&["[::1]:8080"], true),
            (&[""], true),
            (&[], false),
            (&["a", "a"], false),
            (&["a b"], false),
            (&["user@a"], false),
            (&["a/b"], false),
        ] {
            let headers = hosts.iter().map(|host| (HOST, HeaderValue::from_static(host))).collect();
            assert_eq!(check(&headers, true).is_ok(), is_fine, "{hosts:?}");
        }
        assert!(check(&HeaderMap::new(), false).is_ok());
    }
}
