//! A message as gRPC frames it: whether it is compressed, its length, and itself.

use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;

/// What precedes each message, in bytes: whether it is compressed, and its length.
pub const PREFIX_BYTES: usize = 5;

/// A message that is not compressed, in the bytes that it takes and no more.
#[must_use]
pub fn encode(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + length);
    frame.put_u8(0);
    // Far below 4 GiB: what a message holds was stored, or came, within limits.
    frame.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    message.encode_raw(&mut frame);
    frame.freeze()
}
