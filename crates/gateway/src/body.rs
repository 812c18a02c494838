//! Reading a request's body, within its limits.

use std::time::Duration;

use axum::body::Body;
use bytes::BytesMut;
use domain::{Error, Outcome, Reason};
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT},
    request::Parts,
};
use http_body_util::BodyExt;

use crate::problem::Problem;

/// Reads a body that should be JSON text. Whether it is, the service finds out.
pub(crate) async fn json(
    parts: &Parts,
    body: Body,
    limit: usize,
    timeout: Duration,
) -> Result<String, Problem> {
    check_type(&parts.headers)?;
    let bytes = read(&parts.headers, body, limit, timeout).await?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::new(Reason::BodyRequired, "the request needs a body: JSON text"));
    }
    String::from_utf8(bytes.into())
        .map_err(|_| Problem::new(Reason::MalformedBody, "the body is not JSON: it is not UTF-8"))
}

async fn read(headers: &HeaderMap, body: Body, limit: usize, timeout: Duration) -> Result<BytesMut, Problem> {
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let announced = announced.unwrap_or(0);
    let too_large = |found| Problem::from(&Error::RequestTooLarge { what: "size in bytes", found, limit });
    if announced > limit && headers.contains_key(EXPECT) {
        // The caller asks before it sends.
        return Err(too_large(announced));
    }
    let mut bytes = BytesMut::with_capacity(announced.min(limit));
    let mut size = 0;
    let in_time = tokio::time::timeout(timeout, collect(body, limit, &mut bytes, &mut size)).await;
    if size > limit {
        return Err(too_large(announced.max(size)));
    }
    match in_time {
        Ok(Ok(())) => Ok(bytes),
        Ok(Err(_)) => Err(Problem::new(Reason::MalformedBody, "the body ended before all of it had arrived")),
        Err(_) => Err(Problem::from(&Error::DeadlineExceeded(Outcome::NotApplied))),
    }
}

/// Takes a body to its end. What is over the limit is dropped as it comes: a caller that is still sending sees an
/// answer only if somebody takes what it sends.
async fn collect(
    mut body: Body,
    limit: usize,
    bytes: &mut BytesMut,
    size: &mut usize,
) -> Result<(), axum::Error> {
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        *size += data.len();
        if *size <= limit {
            bytes.extend_from_slice(&data);
        }
    }
    Ok(())
}

/// A body without a content type counts as JSON.
fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let unsupported = |detail| Err(Problem::new(Reason::UnsupportedMediaType, detail));
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != HeaderValue::from_static("identity")) {
        return unsupported("the body must not be compressed");
    }
    match headers.get(CONTENT_TYPE) {
        Some(media_type) if !is_json(media_type) => {
            unsupported("the content type must be application/json, in UTF-8, or be left out")
        }
        Some(_) | None => Ok(()),
    }
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
}
