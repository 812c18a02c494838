//! A stream's messages, read from the body of its answer.
//!
//! The framework reads them into one buffer, which is as large as the largest message for as long as the stream lives. Here
//! each goes with the bytes that it came in.

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use prost::Message;
use tonic::{Status, body::Body, codegen::BoxStream};
use wire::frame::{self, PREFIX_BYTES};

/// A message as the body of a request.
pub(super) fn encoded(message: &impl Message) -> Body {
    let frame = Full::new(frame::encode(message));
    Body::new(frame.map_err(|never| match never {}))
}

/// The messages of an answer. The last one may be the status with which it ends.
pub(super) fn messages<T: Message + Default + 'static>(body: Body) -> BoxStream<T> {
    let messages = Messages { body, rest: BytesMut::new() };
    Box::pin(futures_util::stream::unfold(Some(messages), async |messages| {
        let mut messages = messages?;
        let message = messages.next().await.transpose()?;
        let goes_on = message.is_ok();
        Some((message, goes_on.then_some(messages)))
    }))
}

struct Messages {
    body: Body,
    /// What has come of a message.
    rest: BytesMut,
}

impl Messages {
    async fn next<T: Message + Default>(&mut self) -> Result<Option<T>, Status> {
        loop {
            if let Some(bytes) = self.whole()? {
                return T::decode(bytes).map(Some).map_err(|error| Status::internal(error.to_string()));
            }
            let frame = match self.body.frame().await {
                Some(frame) => frame?,
                None => return Err(Status::unknown("the stream ended without a status")),
            };
            match frame.into_data() {
                Ok(data) if self.rest.is_empty() => self.rest = BytesMut::from(data),
                Ok(data) => self.rest.extend_from_slice(&data),
                Err(frame) => {
                    let trailers = frame.into_trailers().unwrap_or_default();
                    return match Status::from_header_map(&trailers) {
                        Some(status) if status.code() == tonic::Code::Ok => Ok(None),
                        Some(status) => Err(status),
                        None => Err(Status::unknown("the stream ended without a status")),
                    };
                }
            }
        }
    }

    /// The first message of what has come, if all of it is there.
    fn whole(&mut self) -> Result<Option<Bytes>, Status> {
        let Some(mut prefix) = self.rest.get(..PREFIX_BYTES) else { return Ok(None) };
        if prefix.get_u8() != 0 {
            return Err(Status::internal("a message is compressed, which was not asked for"));
        }
        let bytes = PREFIX_BYTES + prefix.get_u32() as usize;
        if self.rest.len() < bytes {
            return Ok(None);
        }
        let message = self.rest.split_to(bytes).freeze().split_off(PREFIX_BYTES);
        if self.rest.is_empty() {
            self.rest = BytesMut::new();
        }
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests;
