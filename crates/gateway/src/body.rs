//! Reading a request's body, within its limits.

use std::sync::Arc;

use axum::body::Body;
use bytes::BytesMut;
use domain::{Error, Outcome, Reason};
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT},
    request::Parts,
};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Gateway, problem::Problem};

/// What bodies may take together, while they arrive and while they are worked on.
#[derive(Clone)]
pub(crate) struct Memory(Arc<Semaphore>);

/// A body's part of it, given back when dropped.
pub(crate) type Share = Option<OwnedSemaphorePermit>;

/// What all bodies together may take, in KiB.
const MEMORY_KIB: usize = 64 * 1024;

/// What one body takes without asking, in bytes: that much the connection takes anyway, and so small requests are served
/// also while large ones have all the memory.
const FREE_BYTES: usize = 16 * 1024;

impl Default for Memory {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MEMORY_KIB)))
    }
}

impl Memory {
    /// Enlarges a share to what a body of this size takes.
    fn grow(&self, share: &mut Share, size: usize) -> Result<(), Problem> {
        let needed = size.saturating_sub(FREE_BYTES).div_ceil(1024);
        let more = needed.saturating_sub(share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits));
        if more == 0 {
            return Ok(());
        }
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        let permit =
            self.0.clone().try_acquire_many_owned(more).map_err(|_| Problem::from(&Error::Overloaded))?;
        match share {
            Some(share) => share.merge(permit),
            None => *share = Some(permit),
        }
        Ok(())
    }
}

/// Reads a body that should be JSON text. Whether it is, the service finds out. The share has to be kept for as long as
/// the text is.
pub(crate) async fn json(
    gateway: &Gateway,
    parts: &Parts,
    body: Body,
    limit: usize,
) -> Result<(String, Share), Problem> {
    check_type(&parts.headers)?;
    let mut share = None;
    let bytes = read(gateway, &parts.headers, body, limit, &mut share).await?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::new(Reason::BodyRequired, "the request needs a body: JSON text"));
    }
    match String::from_utf8(bytes.into()) {
        Ok(text) => Ok((text, share)),
        Err(_) => Err(Problem::new(Reason::MalformedBody, "the body is not JSON: it is not UTF-8")),
    }
}

async fn read(
    gateway: &Gateway,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    share: &mut Share,
) -> Result<BytesMut, Problem> {
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let announced = announced.unwrap_or(0);
    let too_large = |found| Problem::from(&Error::RequestTooLarge { what: "size in bytes", found, limit });
    if announced > limit && headers.contains_key(EXPECT) {
        // The caller asks before it sends.
        return Err(too_large(announced));
    }
    let mut bytes = BytesMut::with_capacity(announced.min(FREE_BYTES));
    let mut size = 0;
    let collected = collect(&gateway.memory, body, limit, share, &mut bytes, &mut size);
    let in_time = tokio::time::timeout(gateway.options.body_timeout, collected).await;
    if size > limit {
        return Err(too_large(announced.max(size)));
    }
    in_time.unwrap_or_else(|_| Err(Problem::from(&Error::DeadlineExceeded(Outcome::NotApplied))))?;
    Ok(bytes)
}

/// Takes a body to its end. What is over the limit is dropped as it comes: a caller that is still sending sees an
/// answer only if somebody takes what it sends.
async fn collect(
    memory: &Memory,
    mut body: Body,
    limit: usize,
    share: &mut Share,
    bytes: &mut BytesMut,
    size: &mut usize,
) -> Result<(), Problem> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Problem::new(Reason::MalformedBody, "the body ended before all of it had arrived")
        })?;
        let Ok(data) = frame.into_data() else { continue };
        *size += data.len();
        if *size <= limit {
            memory.grow(share, *size)?;
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
