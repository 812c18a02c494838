//! A request's body, read within its limits.

mod json;
mod types;

use std::{sync::Arc, time::Duration};

use access::Identity;
use axum::{
    body::Body as Incoming,
    extract::{FromRequest, Request},
};
use budget::{FREE_BYTES, IsLong, LONG_BYTES, Share};
use bytes::{Buf, BytesMut};
use domain::{Error, Reason, attribute::Attributes};
use http::{HeaderMap, header::CONTENT_LENGTH};
use http_body_util::BodyExt;
use schemars::JsonSchema;
use telemetry::call::Notes;

use crate::{
    Gateway, off_network,
    operation::{Describe, Operation, Type},
    problem::Problem,
};

pub(crate) use json::{any, read as from_json, read_at as from_json_at};
pub(crate) use types::Types;

/// A body. The share of the memory that its text takes has to be kept for as long as it is.
pub(crate) struct Body<T>(pub(crate) T, pub(crate) Share);

/// What a body is.
pub(crate) trait Content: Sized {
    /// How large its text may be.
    const MAX_BYTES: usize = Attributes::MAX_REQUEST_BYTES;
    const TYPES: Types = Types::Json;
    /// Whether what is done for it is long work, however small it is.
    const IS_LONG: bool = false;

    /// Reads it of its text, or takes the text as it is: whether that is JSON, the service finds out.
    fn read(text: String) -> Result<Self, Problem>;
}

impl<T: Content> FromRequest<Arc<Gateway>> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, gateway: &Arc<Gateway>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        T::TYPES.check(&parts.method, &parts.headers)?;
        let tenant = parts.extensions.get::<Identity>().map(|caller| caller.tenant.as_str());
        let mut share = gateway.options.budget.requests.share_of(tenant);
        let is_long = off_network::is_long(&parts.extensions);
        let bytes = read(gateway, &parts.headers, body, T::MAX_BYTES, (&mut share, &is_long)).await?;
        Notes::of(&parts.extensions).brought(bytes.len());
        let text = text(bytes)?;
        if T::IS_LONG {
            is_long.found().await;
        }
        Ok(Self(T::read(text)?, share))
    }
}

impl<T: Content + JsonSchema> Describe for Body<T> {
    fn describe(operation: &mut Operation) {
        operation.body = Some(Type::of::<T>());
        operation.max_body_bytes = T::MAX_BYTES;
        operation.reasons.extend([
            Reason::BodyRequired,
            Reason::MalformedBody,
            Reason::RequestTooLarge,
            Reason::UnsupportedMediaType,
            Reason::Overloaded,
            Reason::DeadlineExceeded,
        ]);
    }
}

/// The problem with a body that is not of the form that the path takes.
pub(crate) fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(Reason::MalformedBody, detail)
}

async fn read(
    gateway: &Gateway,
    headers: &HeaderMap,
    body: Incoming,
    limit: usize,
    taking: (&mut Share, &IsLong),
) -> Result<BytesMut, Problem> {
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let announced = announced.unwrap_or(0);
    if announced > limit {
        return Err(too_large(announced, limit));
    }
    let mut bytes = BytesMut::with_capacity(announced.min(FREE_BYTES));
    let arrived = gateway.options.budget.arrivals.arrive(collect(body, limit, taking, &mut bytes));
    let in_time = tokio::time::timeout(gateway.options.body_timeout, arrived).await;
    let arrived = in_time.map_err(|_| late(gateway.options.body_timeout))?;
    arrived.map_err(|_| Problem::from(&Error::Overloaded))??;
    Ok(bytes)
}

fn late(limit: Duration) -> Problem {
    let detail = format!("the request's body had not arrived after {} s", limit.as_secs_f64());
    Problem::new(Reason::DeadlineExceeded, detail)
}

fn too_large(found: usize, limit: usize) -> Problem {
    Problem::from(&Error::RequestTooLarge { what: "size in bytes", found, limit })
}

/// Takes a body to its end, or up to the limit: what is behind it is left as it is left of all that is refused early.
async fn collect(
    mut body: Incoming,
    limit: usize,
    (share, is_long): (&mut Share, &IsLong),
    bytes: &mut BytesMut,
) -> Result<(), Problem> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            malformed(
                "the body could not be read to its end: it was cut off, or is not divided as its head says",
            )
        })?;
        let Ok(data) = frame.into_data() else { continue };
        let size = bytes.len() + data.len();
        if size > limit {
            return Err(too_large(size, limit));
        }
        share.grow(size).map_err(|_| Problem::from(&Error::Overloaded))?;
        bytes.extend_from_slice(&data);
        if size > LONG_BYTES {
            is_long.found().await;
        }
    }
    Ok(())
}

/// The body's text. A byte order mark, which editors and some languages put before UTF-8, is no part of it.
fn text(mut bytes: BytesMut) -> Result<String, Problem> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.advance(BYTE_ORDER_MARK.len());
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::new(Reason::BodyRequired, "the request needs a body: JSON text"));
    }
    // JSON begins with a character of ASCII, which has a zero beside it in UTF-16 and UTF-32.
    let is_wide = matches!(&*bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, ..] | [_, 0, ..]);
    let detail = match &*bytes {
        _ if is_wide => "the body is not JSON: it is UTF-16 or UTF-32; send it as UTF-8",
        [0x1f, 0x8b, ..] => "the body is not JSON: it is compressed with gzip; send it as it is",
        _ => "the body is not JSON: it is not UTF-8",
    };
    if is_wide {
        return Err(malformed(detail));
    }
    String::from_utf8(bytes.into()).map_err(|_| malformed(detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::parsed;

    #[test]
    fn a_text_may_have_a_byte_order_mark_and_no_other_encoding() {
        let read = |bytes: &[u8]| text(bytes.into());
        assert_eq!(read(b"\xef\xbb\xbf[1]").expect("UTF-8"), "[1]");
        assert_eq!(read("[\"ä\u{feff}\"]".as_bytes()).expect("UTF-8"), "[\"ä\u{feff}\"]");
        for (bytes, reason, named) in [
            (b"\xef\xbb\xbf \n".as_slice(), "BODY_REQUIRED", "needs a body"),
            (b"\xff\xfe[\0]\0", "MALFORMED_BODY", "UTF-16"),
            (b"\xfe\xff\0[\0]", "MALFORMED_BODY", "UTF-16"),
            (b"[\0]\0", "MALFORMED_BODY", "UTF-16"),
            (b"\0\0\0[", "MALFORMED_BODY", "UTF-32"),
            (b"\x1f\x8b\x08", "MALFORMED_BODY", "gzip"),
            (b"[\"\xe4\"]", "MALFORMED_BODY", "UTF-8"),
        ] {
            let problem = parsed(&read(bytes).expect_err(named));
            assert_eq!(problem["reason"], reason, "{bytes:?}");
            assert!(problem["detail"].as_str().expect("text").contains(named), "{problem}");
        }
    }
}
