//! The messages of a stream as the body of its answer.
//!
//! The framework has one buffer for all messages of a stream, as large as the largest of them, and as long as the stream
//! lives: a thousand watches that have each delivered one large event would hold a thousand of them. Here each message has
//! the bytes that it takes, and they go with it. Small ones that are there at once go out in one frame: peers take those who
//! send them many small ones for hostile.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::HttpBody;
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http::HeaderMap;
use http_body::Frame;
use prost::Message;
use tonic::{Status, codegen::BoxStream};
use wire::frame;

/// The messages of a stream, and its status in the end.
pub(crate) struct Frames<T> {
    /// None when its end has come.
    messages: Option<BoxStream<T>>,
    /// The end, until it is given.
    end: Option<Status>,
}

/// How many bytes of messages are put together.
const TOGETHER: usize = 8 * 1024;

impl<T: Message> Frames<T> {
    pub(crate) fn of(messages: BoxStream<T>) -> Self {
        Self { messages: Some(messages), end: None }
    }

    /// The next message, unless the end has come.
    fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Some(messages) = &mut self.messages else { return Poll::Ready(None) };
        let end = match ready!(Pin::new(messages).poll_next(context)) {
            Some(Ok(message)) => return Poll::Ready(Some(frame::encode(&message))),
            Some(Err(status)) => status,
            None => Status::ok(""),
        };
        (self.messages, self.end) = (None, Some(end));
        Poll::Ready(None)
    }
}

impl<T: Message> HttpBody for Frames<T> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Some(first) = ready!(self.poll_message(context)) {
            if first.len() >= TOGETHER {
                return Poll::Ready(Some(Ok(Frame::data(first))));
            }
            let mut bytes = BytesMut::from(first);
            while bytes.len() < TOGETHER
                && let Poll::Ready(Some(next)) = self.poll_message(context)
            {
                bytes.extend_from_slice(&next);
            }
            return Poll::Ready(Some(Ok(Frame::data(bytes.freeze()))));
        }
        let Some(end) = self.end.take() else { return Poll::Ready(None) };
        let mut trailers = HeaderMap::new();
        Poll::Ready(Some(end.add_header(&mut trailers).map(|()| Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.messages.is_none() && self.end.is_none()
    }
}
