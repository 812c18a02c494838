//! What a body is said to be: its content type and its coding.

use domain::Reason;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, TRANSFER_ENCODING},
};

use crate::problem::Problem;

/// Which content types a path takes. All else is refused before anything of the body is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Types {
    /// `application/json`. Any page in a browser can send a POST without a content type to any service without asking it
    /// first, and patches have types that mean something else.
    Json,
    /// JSON under any of its names, or without a content type, as callers of old send it.
    JsonOrNone,
}

impl Types {
    pub(super) fn check(self, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
        let unsupported = |detail| Problem::new(Reason::UnsupportedMediaType, detail);
        // HTTP/1.1 has two ways to compress a body. The library undoes one coding of the second kind only, `chunked`.
        let is_plain = headers.get_all(CONTENT_ENCODING).iter().all(|codings| has_only(codings, "identity"))
            && headers.get_all(TRANSFER_ENCODING).iter().all(|codings| has_only(codings, "chunked"));
        if !is_plain {
            let problem = unsupported("the body must not be compressed: send it as it is");
            return Err(problem.with_header(ACCEPT_ENCODING, "identity"));
        }
        let mut types = headers.get_all(CONTENT_TYPE).iter();
        let (detail, fits) = match (types.next(), types.next(), self) {
            (None, _, Self::JsonOrNone) => return Ok(()),
            (Some(media_type), None, Self::JsonOrNone) => {
                ("the content type must be application/json, in UTF-8, or be left out", is_json(media_type))
            }
            (Some(media_type), None, Self::Json) => {
                ("the content type must be application/json, in UTF-8", is_named_json(media_type))
            }
            (None, _, Self::Json) => ("the request needs the header Content-Type: application/json", false),
            (Some(_), Some(_), _) => ("there must be one Content-Type", false),
        };
        if fits {
            return Ok(());
        }
        // What says which types are taken has a name of its own for some methods (RFC 5789 and W3C's LDP).
        let problem = unsupported(detail).with_header(ACCEPT, JSON);
        Err(match *method {
            Method::POST => problem.with_header(ACCEPT_POST, JSON),
            Method::PATCH => problem.with_header(ACCEPT_PATCH, JSON),
            _ => problem,
        })
    }
}

const JSON: &str = "application/json";
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");

/// Whether a list of codings has no other than this one. They have no case (RFC 9110, section 8.4.1).
fn has_only(codings: &HeaderValue, allowed: &str) -> bool {
    let fits = |coding: &str| coding.is_empty() || coding.eq_ignore_ascii_case(allowed);
    codings.to_str().is_ok_and(|codings| codings.split(',').map(str::trim).all(fits))
}

/// Whether this is JSON under its registered name.
fn is_named_json(media_type: &HeaderValue) -> bool {
    is_json(media_type)
        && media_type.to_str().is_ok_and(|text| {
            text.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(JSON))
        })
}

fn is_json(media_type: &HeaderValue) -> bool {
    let Ok(text) = media_type.to_str() else { return false };
    let text = text.to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let is_json = matches!(essence, "application/json" | "text/json")
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    is_json
        && parts
            .filter_map(|parameter| parameter.strip_prefix("charset="))
            .all(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8" | "us-ascii"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_goes_by_several_names() {
        for name in
            ["application/json", "Application/JSON; charset=UTF-8", "text/json", "application/hal+json;v=1"]
        {
            assert!(is_json(&HeaderValue::from_static(name)), "{name}");
        }
        for name in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin1",
            "",
            "json",
        ] {
            assert!(!is_json(&HeaderValue::from_static(name)), "{name}");
        }
    }

    fn check(types: Types, method: Method, lines: &[(HeaderName, &'static str)]) -> Result<(), Problem> {
        let line =
            |(name, value): &(HeaderName, &'static str)| (name.clone(), HeaderValue::from_static(value));
        types.check(&method, &lines.iter().map(line).collect())
    }

    #[test]
    fn only_callers_of_old_may_leave_the_type_out() {
        for (name, lines, strict, lenient) in [
            ("none", &[][..], false, true),
            ("json", &[(CONTENT_TYPE, "Application/JSON ; charset=utf-8")], true, true),
            ("patch", &[(CONTENT_TYPE, "application/merge-patch+json")], false, true),
            ("text", &[(CONTENT_TYPE, "text/plain")], false, false),
            ("two", &[(CONTENT_TYPE, JSON), (CONTENT_TYPE, JSON)], false, false),
            ("identity", &[(CONTENT_TYPE, JSON), (CONTENT_ENCODING, "Identity")], true, true),
            ("no coding", &[(CONTENT_TYPE, JSON), (CONTENT_ENCODING, "")], true, true),
            ("chunked", &[(CONTENT_TYPE, JSON), (TRANSFER_ENCODING, "Chunked")], true, true),
            ("gzip on the way", &[(CONTENT_TYPE, JSON), (TRANSFER_ENCODING, "gzip, chunked")], false, false),
            ("gzip", &[(CONTENT_TYPE, JSON), (CONTENT_ENCODING, "identity, gzip")], false, false),
        ] {
            assert_eq!(check(Types::Json, Method::POST, lines).is_ok(), strict, "{name}");
            assert_eq!(check(Types::JsonOrNone, Method::PUT, lines).is_ok(), lenient, "{name}");
        }
    }
}
