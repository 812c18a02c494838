//! Reads a call's messages whole, within the budget, before the framework does.
//!
//! The framework bounds each message by itself, and neither all of them together nor what they become: a thousand that
//! arrive slowly are gigabytes, and so is one of some kilobytes when it is decompressed and decoded. Here each is counted
//! while it arrives, decompressed by as much as there is room for, and looked through for what it will take decoded. What
//! goes on to the framework is one whole message without compression.

mod decoded;
mod decompress;

use std::time::Duration;

use axum::body::Body;
use budget::{Budget, Exhausted, IsLong, LONG_BYTES, LongWork, Share};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use domain::{Error, Outcome, Reason};
use futures_util::stream;
use http::HeaderMap;
use http_body::Body as _;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::AbortOnDropHandle;
use tonic::Status;
use wire::frame::PREFIX_BYTES;

use crate::status;

pub(super) use decoded::{Method, method};
use decompress::Encoding;

/// The most that a message may take when it is decoded, in bytes. Enough for all that the service takes otherwise, except
/// for a document of hundreds of thousands of tiny objects, which can be sent as text.
const MAX_DECODED_BYTES: usize = 48 << 20;

/// Messages up to this size are not looked through, in bytes: what they can become is bounded by it well enough.
const SMALL_BYTES: usize = 1024;

/// The messages of one call.
pub(super) struct Messages {
    body: Body,
    encoding: Option<Encoding>,
    method: &'static Method,
    share: Share,
    long_work: LongWork,
    /// Whether the call is long work.
    is_long: IsLong,
    /// How long a message may take from its first byte to its last.
    body_timeout: Duration,
    /// What came and has not been looked at.
    rest: Bytes,
    /// The beginning of a message that came in parts.
    partial: BytesMut,
}

impl Messages {
    /// Of a tenant, where tenants share the budget.
    ///
    /// # Errors
    /// The status for a compression that is not known.
    pub(super) fn new(
        body: Body,
        headers: &HeaderMap,
        method: &'static Method,
        (budget, tenant): (&Budget, Option<&str>),
        body_timeout: Duration,
        is_long: &IsLong,
    ) -> Result<Self, Status> {
        let (share, long_work) = (budget.requests.share_of(tenant), budget.long_work.clone());
        let (rest, partial) = (Bytes::new(), BytesMut::new());
        let encoding = Encoding::of(headers)?;
        let is_long = is_long.clone();
        Ok(Self { body, encoding, method, share, long_work, is_long, body_timeout, rest, partial })
    }

    /// The one message of a call that sends no more, as a body, when the caller has sent all of it; and the share of the
    /// budget that is to be held for as long as the call is worked on.
    ///
    /// # Errors
    /// The status to answer with. What the framework finds wrong by itself is left to it.
    pub(super) async fn only(mut self) -> Result<(Bytes, Share), Status> {
        let message = self.next().await?.unwrap_or_default();
        while !self.body.is_end_stream()
            && let Some(frame) = self.body.frame().await
        {
            // The framework would not look at it either.
            drop(frame.map_err(|error| Status::from_error(Box::new(error)))?);
        }
        Ok((message, self.share))
    }

    /// The messages of a call that sends many, as a body. Each has the whole share while it is worked on.
    pub(super) fn into_body(self) -> Body {
        Body::from_stream(stream::unfold(Some(self), async |state| {
            let mut messages = state?;
            messages.share = messages.share.renewed();
            match messages.next().await.transpose()? {
                Ok(message) => Some((Ok(message), Some(messages))),
                Err(status) => Some((Err(status), None)),
            }
        }))
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Status> {
        // From when a part of a message is there. A stream may be silent between messages.
        let mut end = None;
        loop {
            if let Some(message) = self.take_whole()? {
                let is_long =
                    message.len() > LONG_BYTES || (self.encoding.is_some() && is_compressed(&message));
                let unpacked = if is_long {
                    self.unpacked_off_network(message).await
                } else {
                    unpacked(message, self.encoding, self.method, &mut self.share)
                };
                return unpacked.map(Some);
            }
            if !self.partial.is_empty() {
                end.get_or_insert_with(|| Instant::now() + self.body_timeout);
            }
            let frame = match end {
                Some(end) => timeout_at(end, self.body.frame()).await.map_err(|_| too_late())?,
                None => self.body.frame().await,
            };
            match frame {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.add(data)?;
                        if self.partial.len() > LONG_BYTES {
                            self.is_long.found().await;
                        }
                    }
                }
                Some(Err(error)) => return Err(Status::from_error(Box::new(error))),
                // A message that is cut off goes on as it is: the framework says so.
                None if self.partial.is_empty() => return Ok(None),
                None => return Ok(Some(self.partial.split().freeze())),
            }
        }
    }

    /// Keeps what has arrived, in parts of a message or, as nearly always, with all of it.
    fn add(&mut self, data: Bytes) -> Result<(), Status> {
        if self.partial.is_empty() {
            self.share.grow(data.len()).map_err(overloaded)?;
            self.rest = data;
            return Ok(());
        }
        let needed = self.partial.len() + data.len();
        if self.partial.capacity() < needed {
            let whole = announced(&self.partial).map_or(needed, |len| PREFIX_BYTES + len);
            let more = whole.min(2 * needed).max(needed) - self.partial.len();
            self.share.grow(self.partial.len() + more).map_err(overloaded)?;
            self.partial.reserve(more);
        }
        self.partial.put(data);
        Ok(())
    }

    /// Takes a message with its prefix, if all of it is there.
    fn take_whole(&mut self) -> Result<Option<Bytes>, Status> {
        let so_far = if self.partial.is_empty() { &self.rest[..] } else { &self.partial[..] };
        let Some(len) = announced(so_far) else { return Ok(self.keep_partial()) };
        let limit = self.method.max_message_bytes;
        if len > limit {
            return Err(too_large(limit));
        }
        let len = PREFIX_BYTES + len;
        if so_far.len() < len {
            return Ok(self.keep_partial());
        }
        if self.partial.is_empty() {
            return Ok(Some(self.rest.split_to(len)));
        }
        let message = self.partial.split_to(len).freeze();
        self.rest = self.partial.split().freeze();
        Ok(Some(message))
    }

    /// What there is is no whole message: more has to be added to it.
    fn keep_partial(&mut self) -> Option<Bytes> {
        if self.partial.is_empty() && !self.rest.is_empty() {
            self.partial.extend_from_slice(&std::mem::take(&mut self.rest));
        }
        None
    }

    /// The same as [`unpacked`], where that is long work. In a task of its own: a stream is not polled while its caller
    /// takes nothing, and in the line for long work it would keep everybody behind it waiting.
    async fn unpacked_off_network(&mut self, message: Bytes) -> Result<Bytes, Status> {
        let (encoding, method, long_work) = (self.encoding, self.method, self.long_work.clone());
        let renewed = self.share.renewed();
        let mut share = std::mem::replace(&mut self.share, renewed);
        let work = async move {
            let unpacked = long_work.run(|| unpacked(message, encoding, method, &mut share)).await;
            (unpacked, share)
        };
        let done = AbortOnDropHandle::new(tokio::spawn(work)).await;
        let (unpacked, share) = done.map_err(|panic| status::from_error(&Error::Internal(panic.into())))?;
        self.share = share;
        unpacked
    }
}

/// The message without compression, once there is room for it decoded.
fn unpacked(
    message: Bytes,
    encoding: Option<Encoding>,
    method: &Method,
    share: &mut Share,
) -> Result<Bytes, Status> {
    let mut taken = message.len();
    let message = match encoding {
        Some(encoding) if is_compressed(&message) => {
            let room = |bytes| share.grow(taken + bytes).map_err(overloaded);
            let unpacked = encoding.decompress(&message[PREFIX_BYTES..], method.max_message_bytes, room)?;
            taken += unpacked.len();
            unpacked
        }
        _ => message,
    };
    if message.len() > SMALL_BYTES {
        let decoded = method.decoded_size(&message[PREFIX_BYTES..], MAX_DECODED_BYTES);
        let decoded = decoded.ok_or_else(too_many_parts)?;
        share.grow(taken + decoded).map_err(overloaded)?;
    }
    Ok(message)
}

/// Whether a message's prefix says so.
fn is_compressed(message: &[u8]) -> bool {
    message.first() == Some(&1)
}

/// The length that a message's prefix says, if that is there.
fn announced(bytes: &[u8]) -> Option<usize> {
    bytes.get(1..PREFIX_BYTES).map(|mut len| len.get_u32() as usize)
}

/// The status of a message for which there is no room.
pub(super) fn overloaded(_: Exhausted) -> Status {
    status::from_error(&Error::Overloaded)
}

/// The status of a message that did not come in time.
pub(super) fn too_late() -> Status {
    status::from_error(&Error::DeadlineExceeded(Outcome::NotApplied))
}

/// The status of a message that is larger than it may be.
pub(crate) fn too_large(limit: usize) -> Status {
    let message = format!("a message may be at most {limit} bytes, also when decompressed");
    status::from_reason(Reason::RequestTooLarge, &message)
}

fn too_many_parts() -> Status {
    let message = format!(
        "a message may take at most {MAX_DECODED_BYTES} bytes when it is decoded, and this has too many small parts; \
         JSON can be sent as text, which has none"
    );
    status::from_reason(Reason::RequestTooLarge, &message)
}

#[cfg(test)]
mod tests;
