//! The message of a call on its way to a service, which can be sent again.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::{Status, body::Body};

/// A message, and how far it has been sent. What was sent is kept until the message is dropped.
pub(super) struct Message {
    source: Arc<Mutex<Source>>,
    /// How many parts have been sent of this one.
    sent: usize,
}

struct Source {
    /// What has been asked for, to be sent.
    parts: Vec<Bytes>,
    rest: Body,
    is_begun: bool,
}

impl Message {
    pub(super) fn new(message: Body) -> Self {
        let source = Source { parts: Vec::new(), rest: message, is_begun: false };
        Self { source: Arc::new(Mutex::new(source)), sent: 0 }
    }

    /// The same message, none of which has been sent.
    pub(super) fn again(&self) -> Self {
        self.source().is_begun = false;
        Self { source: self.source.clone(), sent: 0 }
    }

    /// Whether anything of it has been asked for, to be sent, since it last was at its start.
    pub(super) fn is_begun(&self) -> bool {
        self.source().is_begun
    }

    fn source(&self) -> MutexGuard<'_, Source> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for Message {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut source = self.source();
        source.is_begun = true;
        let part = match source.parts.get(self.sent) {
            Some(part) => part.clone(),
            None => match ready!(Pin::new(&mut source.rest).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(part) => {
                        source.parts.push(part.clone());
                        part
                    }
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            },
        };
        drop(source);
        self.sent += 1;
        Poll::Ready(Some(Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        let source = self.source();
        self.sent == source.parts.len() && source.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let source = self.source();
        if source.parts.is_empty() { source.rest.size_hint() } else { SizeHint::default() }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body_util::{BodyExt, StreamBody};

    use super::*;

    #[tokio::test]
    async fn a_message_can_be_sent_again_wherever_it_has_stopped() {
        let parts = ["a", "bc", "d"].map(|part| Ok::<_, Status>(Frame::data(Bytes::from(part))));
        let message = Message::new(Body::new(StreamBody::new(stream::iter(parts))));
        assert!(!message.is_begun());
        let mut first = message.again();
        for part in ["a", "bc"] {
            let frame = first.frame().await.expect("a part").expect("no error");
            assert_eq!(frame.into_data().expect("data"), part);
        }
        assert!(message.is_begun());
        drop(first);
        for _ in 0..2 {
            let again = message.again();
            assert!(!again.is_end_stream() && !message.is_begun());
            assert_eq!(again.collect().await.expect("no error").to_bytes(), "abcd");
        }
    }
}
