//! Refuses what a foreign page has a browser send.
//!
//! A change is refused unless the browser says that the page is the service's own (`Sec-Fetch-Site`, which no page can set),
//! or, where it is older or the connection is without TLS, that the page's `Origin` is the host that is asked. Programs send
//! neither. A request that shows an `Authorization` is no browser's own doing, so it is let through where that counts.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::Reason;
use http::{
    HeaderName, HeaderValue,
    header::{AUTHORIZATION, HOST, ORIGIN},
};

use telemetry::{
    audit::{self, Audited, Who},
    call::Port,
};

use super::{Browsers, origins::default_port};
use crate::problem::Problem;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What is refused.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    pub(crate) browsers: Browsers,
    /// Whether nobody here needs credentials: another process behind this one may not ask for any, either.
    pub(crate) is_open: bool,
}

pub(crate) async fn layer(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.refuse(&request) {
        Some(detail) => {
            audit::refused(Port::Rest, &request, Who::default(), &detail);
            let mut response = Problem::new(Reason::PermissionDenied, detail).into_response();
            response.extensions_mut().insert(Audited);
            response
        }
        None => next.run(request).await,
    }
}

const FOREIGN_HOST: &str = "the host that is asked for is none of this service's names; where it is one, its operator lists \
                            it in --allowed-hosts";

const FOREIGN_PAGE: &str = "pages of other origins may change nothing here; where one may, its operator lists the origin in \
                            --cors-origins";

impl Guard {
    /// Why a request is refused; nothing for one that goes on.
    fn refuse<B>(&self, request: &http::Request<B>) -> Option<&'static str> {
        let may_be_rebound = self.is_open && !self.browsers.are_over_tls;
        let is_host_checked = may_be_rebound || self.browsers.hosts.are_listed();
        if is_host_checked && !self.is_for_this(request) {
            return Some(FOREIGN_HOST);
        }
        let is_known_otherwise = !self.is_open && request.headers().contains_key(AUTHORIZATION);
        let is_harmless = request.method().is_safe() || is_known_otherwise;
        (!is_harmless && self.is_foreign(request)).then_some(FOREIGN_PAGE)
    }

    /// Whether all that a request says of its host is a name of the service's.
    fn is_for_this<B>(&self, request: &http::Request<B>) -> bool {
        let hosts = &self.browsers.hosts;
        let mut named = request.headers().get_all(HOST).iter().map(HeaderValue::to_str);
        request.uri().authority().is_none_or(|authority| hosts.allow(authority.as_str()))
            && named.all(|host| host.is_ok_and(|host| hosts.allow(host)))
    }

    /// Whether a browser sends it for a page of another origin, which is not listed.
    fn is_foreign<B>(&self, request: &http::Request<B>) -> bool {
        let headers = request.headers();
        let mut origins = headers.get_all(ORIGIN).iter();
        let origin = match (origins.next(), origins.next()) {
            (origin, None) => origin,
            (_, Some(_)) => return true,
        };
        if origin.is_some_and(|origin| self.browsers.origins.allow(origin)) {
            return false;
        }
        match headers.get(SEC_FETCH_SITE) {
            Some(site) => !["same-origin", "none"].contains(&site.to_str().unwrap_or_default()),
            None => origin.is_some_and(|origin| !is_own(origin, request)),
        }
    }
}

/// Whether an origin is the host that a request is for. The scheme may be another: a proxy may speak TLS in the service's place.
fn is_own<B>(origin: &HeaderValue, request: &http::Request<B>) -> bool {
    let host = request.uri().authority().map(http::uri::Authority::as_str);
    let host = host.or_else(|| request.headers().get(HOST)?.to_str().ok());
    let (Some(host), Some((scheme, authority))) =
        (host, origin.to_str().ok().and_then(|it| it.split_once("://")))
    else {
        return false;
    };
    let Some(port) = default_port(scheme) else { return false };
    let host = host.strip_suffix(&format!(":{port}")).unwrap_or(host);
    authority.eq_ignore_ascii_case(host)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::browser::{Host, Hosts, Origin, Origins};

    fn guard(is_open: bool, hosts: &[&str]) -> Guard {
        let listed = hosts.iter().map(|host| Host::parse(host).expect("a host")).collect();
        let origins = Origins::new(vec![Origin::parse("https://app.example").expect("an origin")]);
        Guard { browsers: Browsers { hosts: Hosts::new(listed, ""), origins, are_over_tls: false }, is_open }
    }

    /// Whether a request goes on whose method, target and headers are these.
    fn passes(guard: &Guard, method: &str, headers: &[(&str, &str)]) -> bool {
        let request = Request::builder().method(method).uri("/forms/x");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        guard.refuse(&request.body(()).expect("a request")).is_none()
    }

    #[test]
    fn a_foreign_page_changes_nothing() {
        for (headers, is_fine) in [
            (&[][..], true),
            (&[("origin", "http://localhost:8080")], true),
            (&[("origin", "https://localhost:8080")], true),
            (&[("origin", "https://app.example")], true),
            (&[("origin", "https://app.example"), ("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            // Behind a proxy that asks for its own name of the service.
            (&[("origin", "https://sessions.example"), ("sec-fetch-site", "same-origin")], true),
            (&[("origin", "http://evil.example")], false),
            (&[("origin", "http://localhost:3000")], false),
            (&[("origin", "http://localhost")], false),
            (&[("origin", "null")], false),
            (&[("origin", "")], false),
            (&[("origin", "chrome-extension://localhost:8080")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "")], false),
            (&[("origin", "http://localhost:8080"), ("sec-fetch-site", "cross-site")], false),
            (&[("origin", "https://app.example"), ("origin", "http://evil.example")], false),
        ] {
            for is_open in [true, false] {
                let headers = [&[("host", "localhost:8080")], headers].concat();
                for method in ["PUT", "POST", "PATCH", "DELETE", "MOVE"] {
                    assert_eq!(
                        passes(&guard(is_open, &[]), method, &headers),
                        is_fine,
                        "{method} {headers:?}"
                    );
                }
                for method in ["GET", "HEAD", "OPTIONS"] {
                    assert!(passes(&guard(is_open, &[]), method, &headers), "{method} {headers:?}");
                }
                // Where it counts, whoever shows a token is known by that.
                let shown = [&[("authorization", "Bearer x")], &headers[..]].concat();
                assert_eq!(passes(&guard(is_open, &[]), "PUT", &shown), is_fine || !is_open, "{headers:?}");
            }
        }
    }

    #[test]
    fn a_name_that_was_rebound_reads_nothing() {
        let evil = [("host", "evil.example:8080"), ("sec-fetch-site", "same-origin")];
        for method in ["GET", "PUT", "OPTIONS"] {
            assert!(!passes(&guard(true, &[]), method, &evil));
            assert!(passes(&guard(true, &["evil.example"]), method, &evil));
            // Over TLS, no certificate of the service's has that name.
            let mut over_tls = guard(true, &[]);
            over_tls.browsers.are_over_tls = true;
            assert!(passes(&over_tls, method, &evil));
            // Nobody is served there without credentials, which a page has none of.
            assert!(passes(&guard(false, &[]), method, &evil));
            assert!(!passes(&guard(false, &["sessions.example"]), method, &evil));
        }
        let absolute = Request::get("http://evil.example/forms/x").header("host", "localhost");
        assert!(guard(true, &[]).refuse(&absolute.body(()).expect("a request")).is_some());
    }
}
