//! An answer on its way, at whose end the call's line is written.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use telemetry::call::Call;
use tonic::Code;

use super::code;
use crate::status;

/// The body of an answer whose status comes behind its messages. What is done while it is written, as streams do all of
/// their work, belongs to the call's span. Dropped before its end, it ends a call that nobody waits for any longer.
pub(super) struct Logged {
    body: Body,
    call: Option<Call>,
}

impl Logged {
    pub(super) fn new(body: Body, call: Call) -> Self {
        Self { body, call: Some(call) }
    }
}

impl http_body::Body for Logged {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let span = this.call.as_ref().map_or_else(tracing::Span::none, |call| call.span().clone());
        let mut frame = ready!(span.in_scope(|| Pin::new(&mut this.body).poll_frame(context)));
        if let Some(Ok(frame)) = &mut frame
            && let Some(trailers) = frame.trailers_mut()
        {
            status::bound(trailers);
        }
        let outcome = match &frame {
            Some(Ok(frame)) => frame.trailers_ref().map(code),
            Some(Err(_)) => Some(Code::Unknown),
            None => Some(Code::Ok),
        };
        if let Some(outcome) = outcome
            && let Some(call) = this.call.take()
        {
            call.end(&format!("{outcome:?}"));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
