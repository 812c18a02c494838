//! An answer on its way, at whose end the call's line is written.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::{Call, Outcome};

/// The body of an answer whose end is the call's. What is done while it is written, as streams do all of their work, belongs to
/// the call's span. Dropped before its end, it ends a call that nobody waits for any longer.
pub struct Logged<B> {
    body: B,
    call: Option<Call>,
    outcomes: Outcomes,
}

type OfTrailers = fn(&Call, &mut HeaderMap) -> Option<Outcome>;

/// What the end of an answer says of its call.
#[derive(Debug, Clone, Copy)]
struct Outcomes {
    at_end: Outcome,
    broken: Outcome,
    of_trailers: OfTrailers,
}

impl<B> Logged<B> {
    /// An answer that came to its outcome with its head; one that breaks has another.
    pub fn new(body: B, call: Call, at_end: Outcome, broken: Outcome) -> Self {
        Self { body, call: Some(call), outcomes: Outcomes { at_end, broken, of_trailers: |_, _| None } }
    }

    /// The same where the trailers say what the outcome is. They may be changed before they go out.
    #[must_use]
    pub fn with_trailers(mut self, outcome: OfTrailers) -> Self {
        self.outcomes.of_trailers = outcome;
        self
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Logged<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        let mut poll = || Pin::new(&mut this.body).poll_frame(context);
        let mut frame = ready!(match &this.call {
            Some(call) => call.poll(poll),
            None => poll(),
        });
        let outcome = match &mut frame {
            Some(Ok(frame)) => this.call.as_ref().and_then(|call| {
                if let Some(data) = frame.data_ref() {
                    call.notes().answered(data.remaining());
                }
                frame.trailers_mut().and_then(|trailers| (this.outcomes.of_trailers)(call, trailers))
            }),
            Some(Err(_)) => Some(this.outcomes.broken),
            None => Some(this.outcomes.at_end),
        };
        if let Some(outcome) = outcome
            && let Some(call) = this.call.take()
        {
            call.end(outcome);
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
