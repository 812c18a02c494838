//! A watch as the body of a response.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

use budget::LongStream;
use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tonic::codegen::tokio_stream;

use super::encode;
use crate::{problem::Problem, upstream::Watch};

/// Asks the watch for its next message when it is itself asked for more, and never before.
pub(super) struct Stream {
    /// What is sent before anything else: how to come back, and the watch's first message.
    start: Option<Bytes>,
    /// None when it has ended.
    watch: Option<Watch>,
    /// Given back when the caller is gone.
    _permits: Permits,
}

/// The stream's permits: among all event streams, and among those of its connection.
type Permits = (OwnedSemaphorePermit, Option<LongStream>);

impl Stream {
    pub(super) fn new(mut watch: Watch, permits: Permits) -> Self {
        let first = encode::message(&std::mem::take(&mut watch.first));
        let start = [encode::start().as_bytes(), &first].concat();
        Self { start: Some(start.into()), watch: Some(watch), _permits: permits }
    }
}

impl tokio_stream::Stream for Stream {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(start) = self.start.take() {
            return Poll::Ready(Some(Ok(start)));
        }
        let Some(watch) = &mut self.watch else { return Poll::Ready(None) };
        let chunk = match ready!(watch.poll_next(context)) {
            Some(Ok(message)) => Some(encode::message(&message)),
            Some(Err(status)) => {
                self.watch = None;
                Some(encode::error(&Problem::from(&status).without_outcome()))
            }
            None => {
                self.watch = None;
                None
            }
        };
        Poll::Ready(chunk.map(Ok))
    }
}
