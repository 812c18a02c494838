//! Methods of HTTP, by names out of a closed set.

use http::Method;

use crate::attribute::OTHER;

const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// A method's name. What is in a request is without number.
pub(super) fn name(method: &Method) -> &'static str {
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or(OTHER)
}
