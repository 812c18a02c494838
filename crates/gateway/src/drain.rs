//! What a connection can be used for after an answer (RFC 9112, sections 9.3 and 9.6).
//!
//! An answer may be there before its request's body has been read: no such path, another content type, too much load.
//! What is left of the body then stands before the next request. It is read, within a bound; if that does not reach its
//! end, or if the process is about to stop, the answer says `Connection: close`. Without either a caller sends its next
//! request into a connection that is being closed.
//!
//! Over HTTP/2 what is not read ends with its stream, by a reset that says that nothing is wrong (RFC 9113, section 8.1).
//! Some callers, curl before 8 among them, lose the answer by it: so there too the rest is read, within the same bound.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Version,
    header::{CONNECTION, CONTENT_LENGTH, EXPECT},
};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use tokio_util::sync::CancellationToken;

/// How much of a body is read for nothing, in bytes: as much as the largest request may have.
const MAX_BYTES: u64 = wire::MAX_MESSAGE_BYTES as u64;

/// How long that may take. A proxy has the body at hand; an answer should not wait long for a caller that has not.
const MAX_TIME: Duration = Duration::from_secs(1);

/// Answers a request, and leaves the connection usable or says that it is not. `leaving` is cancelled once the process is
/// about to stop.
pub(crate) async fn layer(
    State(leaving): State<CancellationToken>,
    request: Request,
    next: Next,
) -> Response {
    let has_own_stream = request.version() > Version::HTTP_11;
    let left = Left::default();
    let is_expected = request.headers().contains_key(EXPECT);
    let is_too_large = announced(request.headers()) > MAX_BYTES;
    let request = if request.body().is_end_stream() {
        request
    } else {
        request
            .map(|inner| Body::new(Lent { inner: Some(inner), is_begun: !is_expected, left: left.clone() }))
    };
    let mut response = next.run(request).await;
    let rest = std::mem::take(&mut *left.0.lock().unwrap_or_else(PoisonError::into_inner));
    let is_read = match rest {
        Rest::Nothing => true,
        Rest::Unreadable => false,
        // A caller that asks before it sends has no answer yet, and need not be asked to go on.
        Rest::Unread(rest) => !is_too_large && rest.is_begun && drain(rest.body).await,
    };
    if !has_own_stream && (!is_read || leaving.is_cancelled()) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// How large a body says that it is.
fn announced(headers: &HeaderMap) -> u64 {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.unwrap_or_default()
}

/// Reads a body to its end; false if that takes too much or too long.
async fn drain(mut body: Body) -> bool {
    let read = async {
        let mut size = 0;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            size += frame.data_ref().map_or(0, Bytes::len) as u64;
            if size > MAX_BYTES {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(MAX_TIME, read).await.unwrap_or(false)
}

/// Where a body goes that has not been read to its end.
#[derive(Clone, Default)]
struct Left(Arc<Mutex<Rest>>);

/// What is left of a body.
#[derive(Default)]
enum Rest {
    #[default]
    Nothing,
    /// Where it ends cannot be known.
    Unreadable,
    Unread(Unread),
}

struct Unread {
    body: Body,
    /// Whether its sender has been asked to send it, or never waited for that.
    is_begun: bool,
}

/// A body that is given back when it is dropped, unless it has come to its end.
struct Lent {
    inner: Option<Body>,
    is_begun: bool,
    left: Left,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.is_begun = true;
        let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(inner).poll_frame(context));
        match &frame {
            Some(Ok(_)) => {}
            Some(Err(_)) => {
                self.inner = None;
                self.left.set(Rest::Unreadable);
            }
            None => self.inner = None,
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(body) = self.inner.take().filter(|body| !body.is_end_stream()) {
            self.left.set(Rest::Unread(Unread { body, is_begun: self.is_begun }));
        }
    }
}

impl Left {
    fn set(&self, rest: Rest) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = rest;
    }
}
