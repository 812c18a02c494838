//! How a connection begins: with TLS, or without.

use std::{io, sync::Arc, time::Duration};

use tls::{Accepted, Certificate, Server, ServerStream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_util::either::Either;

use crate::staged_close::{Announced, StagedClose};

/// How long a caller may take for it. Too short, and callers on bad lines are turned away; too long, and those who say nothing
/// hold a connection for so long.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What every connection over TLS begins with: the type of its first record.
const HANDSHAKE: u8 = 0x16;

/// What is said to those who call without TLS where there is some.
macro_rules! speaks_tls {
    () => {
        "This port speaks TLS: call it as https://, or over gRPC with a channel that uses TLS."
    };
}

/// The same in HTTP/1.1.
const PLAIN: &[u8] = concat!(
    "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n",
    speaks_tls!(),
    "\n"
)
.as_bytes();

/// What HTTP/2 begins with where nobody has agreed upon it before (RFC 9113, section 3.4), as far as no other method does.
const HTTP_2: &[u8] = b"PRI ";

/// The same in HTTP/2: SETTINGS, which come first, and GOAWAY, whose debug data clients show.
fn plain_of_http_2() -> Vec<u8> {
    const SETTINGS: u8 = 4;
    const GOAWAY: u8 = 7;
    // Type, flags and stream, behind three bytes of the length.
    let frame = |kind: u8, payload: &[u8]| {
        let length = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
        [&length[1..], &[kind, 0, 0, 0, 0, 0], payload].concat()
    };
    // No stream was begun.
    let last_stream = 0_u32.to_be_bytes();
    let reason = u32::from(h2::Reason::INADEQUATE_SECURITY).to_be_bytes();
    let away = [&last_stream, &reason, speaks_tls!().as_bytes()].concat();
    [frame(SETTINGS, &[]), frame(GOAWAY, &away)].concat()
}

/// A connection that has begun.
pub(super) struct Begun {
    /// What requests come over.
    pub(super) stream: Either<Plain, Box<ServerStream<Plain>>>,
    /// Whose it is, where callers have to show certificates.
    pub(super) certificate: Option<Arc<Certificate>>,
}

type Plain = StagedClose<TcpStream>;

/// Begins a connection.
///
/// # Errors
/// The caller takes too long, speaks no TLS where there is some, or cannot agree upon it.
pub(super) async fn begin(
    tls: Option<&Server>,
    stream: TcpStream,
    announced: Announced,
) -> io::Result<Begun> {
    match tls {
        None => Ok(Begun { stream: Either::Left(StagedClose::new(stream, announced)), certificate: None }),
        Some(tls) => {
            let agreed = timeout(TIMEOUT, agree(tls, stream, announced)).await;
            agreed.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        }
    }
}

async fn agree(tls: &Server, stream: TcpStream, announced: Announced) -> io::Result<Begun> {
    let mut first = [HANDSHAKE];
    stream.peek(&mut first).await?;
    let mut stream = StagedClose::new(stream, announced);
    if first != [HANDSHAKE] {
        let said = if is_http_2(&mut stream).await? { plain_of_http_2() } else { PLAIN.to_vec() };
        stream.write_all(&said).await?;
        stream.shutdown().await?;
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the caller speaks no TLS"));
    }
    let Accepted { stream, peer } = tls.accept(stream).await?;
    Ok(Begun { stream: Either::Right(Box::new(stream)), certificate: peer.map(Arc::new) })
}

/// Reads no further than it takes to know.
async fn is_http_2(stream: &mut Plain) -> io::Result<bool> {
    for expected in HTTP_2 {
        if stream.read_u8().await? != *expected {
            return Ok(false);
        }
    }
    Ok(true)
}
