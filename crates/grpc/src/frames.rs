//! The messages of a stream as the body of its answer.
//!
//! The framework has one buffer for all messages of a stream, as large as the largest of them, and as long as the stream
//! lives: a thousand watches that have each delivered one large event would hold a thousand of them. Here each message has
//! the bytes that it takes, and they go with it.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::HttpBody;
use bytes::Bytes;
use futures_util::Stream;
use http::HeaderMap;
use http_body::Frame;
use prost::Message;
use tonic::{Status, codegen::BoxStream};
use wire::frame;

/// The messages of a stream, and its status in the end.
pub(crate) struct Frames<T> {
    /// None when the status has been given.
    messages: Option<BoxStream<T>>,
}

impl<T> Frames<T> {
    pub(crate) fn of(messages: BoxStream<T>) -> Self {
        Self { messages: Some(messages) }
    }
}

impl<T: Message> HttpBody for Frames<T> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(messages) = &mut self.messages else { return Poll::Ready(None) };
        let status = match ready!(Pin::new(messages).poll_next(context)) {
            Some(Ok(message)) => return Poll::Ready(Some(Ok(Frame::data(frame::encode(&message))))),
            Some(Err(status)) => status,
            None => Status::ok(""),
        };
        self.messages = None;
        let mut trailers = HeaderMap::new();
        Poll::Ready(Some(status.add_header(&mut trailers).map(|()| Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.messages.is_none()
    }
}
