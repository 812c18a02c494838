//! Methods of HTTP, by names out of a closed set.

use http::Method;

/// What a method is called that is none of HTTP's own, in the words of OpenTelemetry.
pub(super) const OTHER: &str = "_OTHER";

const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// A method's name. What is in a request is without number.
pub(super) fn name(method: &Method) -> &'static str {
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or(OTHER)
}
