//! Decompressing a message by as much as there is room for.

use std::io::{self, Read};

use bytes::Bytes;
use domain::Reason;
use http::{HeaderMap, HeaderValue};
use tonic::Status;

use wire::frame::PREFIX_BYTES;

use super::too_large;

use crate::{layer::error_details, status};

/// How messages may be compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Gzip,
    Zstd,
}

/// How much is asked for at least when there has to be more room, in bytes.
const STEP_BYTES: usize = 16 * 1024;

impl Encoding {
    /// The one that a call's headers name, if they do.
    ///
    /// # Errors
    /// The status for any other.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, Status> {
        match headers.get("grpc-encoding").map(HeaderValue::as_bytes) {
            None | Some(b"identity") => Ok(None),
            Some(b"gzip") => Ok(Some(Self::Gzip)),
            Some(b"zstd") => Ok(Some(Self::Zstd)),
            Some(_) => {
                let message = "messages may be compressed with gzip or zstd only";
                Err(status::from_reason(Reason::UnsupportedMediaType, message))
            }
        }
    }

    /// The message of at most `limit` bytes that some bytes are compressed from, behind a prefix of its own. `room` is asked
    /// for all that it takes before it takes it.
    pub(super) fn decompress(
        self,
        bytes: &[u8],
        limit: usize,
        room: impl FnMut(usize) -> Result<(), Status>,
    ) -> Result<Bytes, Status> {
        match self {
            Self::Gzip => read(flate2::read::GzDecoder::new(bytes), limit, room),
            Self::Zstd => read(zstd::stream::read::Decoder::with_buffer(bytes).map_err(broken)?, limit, room),
        }
    }
}

fn read(
    mut decoder: impl Read,
    limit: usize,
    mut room: impl FnMut(usize) -> Result<(), Status>,
) -> Result<Bytes, Status> {
    let mut message = vec![0; PREFIX_BYTES];
    let mut end = message.len();
    loop {
        if end == message.len() {
            let larger = (2 * end).clamp(STEP_BYTES, PREFIX_BYTES + limit + 1);
            if end == larger {
                return Err(too_large(limit));
            }
            room(larger)?;
            message.reserve_exact(larger - end);
            message.resize(larger, 0);
        }
        match decoder.read(&mut message[end..]) {
            Ok(0) => break,
            Ok(size) => end += size,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(broken(error)),
        }
    }
    message.truncate(end);
    let len = u32::try_from(end - PREFIX_BYTES).map_err(|_| too_large(limit))?;
    if len as usize > limit {
        return Err(too_large(limit));
    }
    message[1..PREFIX_BYTES].copy_from_slice(&len.to_be_bytes());
    Ok(message.into())
}

fn broken(error: io::Error) -> Status {
    error_details::explain_message(Status::internal(format!("it cannot be decompressed: {error}")))
}
