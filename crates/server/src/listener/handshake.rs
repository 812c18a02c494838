//! How a connection begins: with TLS, or without.

use std::{io, sync::Arc, time::Duration};

use tls::{Accepted, Certificate, Server, ServerStream};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};
use tokio_util::either::Either;

use crate::staged_close::{Announced, StagedClose};

/// How long a caller may take for it. Too short, and callers on bad lines are turned away; too long, and those who say nothing
/// hold a connection for so long.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What every connection over TLS begins with: the type of its first record.
const HANDSHAKE: u8 = 0x16;

/// What is said to those who call without TLS where there is some.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n\
    This port speaks TLS: call it as https://, or over gRPC with a channel that uses TLS.\n";

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
        stream.write_all(PLAIN).await?;
        stream.shutdown().await?;
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the caller speaks no TLS"));
    }
    let Accepted { stream, peer } = tls.accept(stream).await?;
    Ok(Begun { stream: Either::Right(Box::new(stream)), certificate: peer.map(Arc::new) })
}
