//! Keeps the trailers of errors small enough for every client and every proxy on the way.
//!
//! It works on headers as they are about to be sent, so that nothing that is sent can be forgotten, whoever made it: the
//! service, the framework, health or reflection.

use channel_session_api::v1::MismatchDetails;
use http::HeaderMap;
use prost::Message;
use prost_types::Any;
use tonic::{Code, Status};
use tonic_types::pb;

use super::{
    mismatch::SHORTER,
    status::{BAD_REQUEST, ERROR_INFO, MISMATCH_DETAILS, any, with_details},
    violation::retain_keys,
};
use crate::headers::header_bytes;

/// What the trailers of an error stay under, in bytes as HTTP/2 counts a list of headers: names, values, and 32 bytes for
/// each. Too much, and nginx and APISIX turn the error into UNAVAILABLE, which callers retry: they take 4 KiB in all by
/// default. Java clients take 8 KiB. Too little, and callers learn less of what is wrong.
pub const MAX_TRAILER_BYTES: usize = 3 * 1024;

/// What the server adds to an answer that is nothing but a status: `:status` and `date`.
const SERVERS_OWN_BYTES: usize = 128;

/// How much of a message is left where not everything fits, in bytes as it is sent; less where that does not do.
const MESSAGE_BYTES: [usize; 2] = [512, 128];

/// Cuts the status among headers to what keeps all of them under [`MAX_TRAILER_BYTES`], if they are not. The reason, what
/// is said of the outcome and the time to retry after stay. Of a long message the beginning stays, of violations the first
/// ones with their attributes' keys, of an attribute that is not as required what it is but its value.
pub fn bound(headers: &mut HeaderMap) {
    if size(headers) < MAX_TRAILER_BYTES {
        return;
    }
    let Some(status) = Status::from_header_map(headers).filter(|status| status.code() != Code::Ok) else {
        return;
    };
    for own in [Status::GRPC_STATUS, Status::GRPC_MESSAGE, Status::GRPC_STATUS_DETAILS] {
        headers.remove(own);
    }
    let room = MAX_TRAILER_BYTES.saturating_sub(size(headers));
    for (name, value) in shortened(&status, room) {
        if let Some(name) = name {
            headers.insert(name, value);
        }
    }
}

/// The headers of a status in as many words as there is room for.
fn shortened(status: &Status, room: usize) -> HeaderMap {
    let details = pb::Status::decode(status.details()).unwrap_or_default().details;
    let parts = Parts::of(details);
    for max_bytes in MESSAGE_BYTES {
        let message = beginning(status.message(), max_bytes);
        for shorten in SHORTER {
            let headers = |violations| parts.headers(status.code(), &message, shorten, violations);
            let fits = |violations| sum(&headers(violations)) < room;
            if fits(0) {
                return headers(largest(parts.violations.len(), fits));
            }
        }
    }
    // What is left is small, whatever a caller sends.
    Parts::default().headers(status.code(), "", |_| {}, 0)
}

/// What details consist of.
#[derive(Default)]
struct Parts {
    info: Option<pb::ErrorInfo>,
    violations: Vec<pb::bad_request::FieldViolation>,
    mismatch: Option<MismatchDetails>,
    /// What has a fixed form, and stays.
    rest: Vec<Any>,
}

impl Parts {
    fn of(details: Vec<Any>) -> Self {
        let mut parts = Self::default();
        for detail in details {
            let value = &*detail.value;
            match detail.type_url.rsplit('/').next().unwrap_or_default() {
                ERROR_INFO => parts.info = pb::ErrorInfo::decode(value).ok(),
                BAD_REQUEST => {
                    parts.violations = pb::BadRequest::decode(value).unwrap_or_default().field_violations;
                }
                MISMATCH_DETAILS => parts.mismatch = MismatchDetails::decode(value).ok(),
                _ => parts.rest.push(detail),
            }
        }
        parts
    }

    /// The headers of a status with so many of the violations.
    fn headers(
        &self,
        code: Code,
        message: &str,
        shorten: fn(&mut MismatchDetails),
        violations: usize,
    ) -> HeaderMap {
        let listed = &self.violations[..violations.min(self.violations.len())];
        let mut details = Vec::new();
        if let Some(mut info) = self.info.clone() {
            retain_keys(&mut info.metadata, listed);
            details.push(any(ERROR_INFO, &info));
        }
        details.extend(self.rest.iter().cloned());
        if !listed.is_empty() {
            details.push(any(BAD_REQUEST, &pb::BadRequest { field_violations: listed.to_vec() }));
        }
        if let Some(mut mismatch) = self.mismatch.clone() {
            shorten(&mut mismatch);
            details.push(any(MISMATCH_DETAILS, &mismatch));
        }
        let mut headers = HeaderMap::new();
        let status = with_details(code, message, details);
        // Percent-encoded and in base64, there is nothing that a header cannot hold.
        let _ = status.add_header(&mut headers);
        headers
    }
}

/// The largest number up to `max` that fits, where zero does and whatever is smaller than what fits does too.
fn largest(max: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, max);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

/// As much of a message's beginning as takes so many bytes when it is percent-encoded.
fn beginning(message: &str, max_bytes: usize) -> String {
    const CUT: &str = "...";
    let encoded = |char: char| {
        let is_plain = char.is_ascii_graphic() && !"\"#%<>`?{}".contains(char);
        if is_plain { 1 } else { 3 * char.len_utf8() }
    };
    if message.chars().map(encoded).sum::<usize>() <= max_bytes {
        return message.to_owned();
    }
    let mut left = max_bytes - CUT.len();
    let fits = |char: &char| {
        let room = left.checked_sub(encoded(*char));
        left = room.unwrap_or_default();
        room.is_some()
    };
    message.chars().take_while(fits).chain(CUT.chars()).collect()
}

/// What headers take with what the server adds to them.
fn size(headers: &HeaderMap) -> usize {
    SERVERS_OWN_BYTES + sum(headers)
}

fn sum(headers: &HeaderMap) -> usize {
    header_bytes(headers)
}

#[cfg(test)]
mod tests;
