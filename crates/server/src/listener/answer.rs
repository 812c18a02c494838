//! An answer on its way to a peer that may not take it.
//!
//! What is large goes out in pieces, each when there is room for it, and what waits behind counts against a budget. A peer
//! that takes nothing for too long loses the rest of it: that is let go of, and the stream ends as one that was cut off.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use budget::{Counted, FREE_BYTES, Memory, Share};
use bytes::Bytes;
use http::Response;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, sleep_until};

use super::capacity::Busy;

/// What answers are held to.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    /// What those that wait for their peers take together.
    pub(crate) memory: Memory,
    /// How long one may wait for its peer to take more of it.
    pub(crate) timeout: Duration,
}

/// The body of an answer.
pub(super) struct Answer {
    state: State,
    answers: Answers,
    /// What it takes, where that is counted elsewhere.
    counted: Option<Counted>,
    /// The connection is not idle before the answer has ended.
    _busy: Busy,
}

enum State {
    /// Nothing large has come of it yet.
    Plain(Body),
    /// Something has. Shared with the task that lets go of it when nobody takes it.
    Large(Arc<Mutex<Option<Large>>>),
}

struct Large {
    body: Body,
    /// What has not been taken of the part that came last.
    rest: Bytes,
    share: Share,
    /// What it takes, where that is counted elsewhere: given back when the rest is let go of.
    counted: Option<Counted>,
    /// When the last piece was asked for.
    asked: Instant,
}

/// How much is handed over at once, in bytes: what a frame of HTTP/2 holds.
const PIECE_BYTES: usize = FREE_BYTES;

impl Answer {
    pub(super) fn of(mut response: Response<Body>, answers: &Answers, busy: Busy) -> Response<Self> {
        let counted = response.extensions_mut().remove::<Counted>();
        response.map(|body| Self {
            state: State::Plain(body),
            answers: answers.clone(),
            counted,
            _busy: busy,
        })
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let large = match &mut this.state {
            State::Plain(body) => {
                let frame = ready!(Pin::new(&mut *body).poll_frame(context));
                let Some(Ok(frame)) = frame else { return Poll::Ready(frame) };
                if frame.data_ref().is_none_or(|data| data.len() <= PIECE_BYTES) {
                    return Poll::Ready(Some(Ok(frame)));
                }
                let body = std::mem::take(body);
                let share = this.answers.memory.share();
                let (rest, counted) = (Bytes::new(), this.counted.take());
                let mut large = Large { body, rest, share, counted, asked: Instant::now() };
                let piece = large.next_piece(frame);
                let kept = Arc::new(Mutex::new(piece.is_ok().then_some(large)));
                tokio::spawn(let_go(Arc::downgrade(&kept), this.answers.timeout));
                this.state = State::Large(kept);
                return Poll::Ready(Some(piece));
            }
            State::Large(large) => large.clone(),
        };
        let mut guard = lock(&large);
        let Some(large) = &mut *guard else { return Poll::Ready(Some(Err(cut()))) };
        large.asked = Instant::now();
        if !large.rest.is_empty() {
            return Poll::Ready(Some(Ok(large.piece())));
        }
        let frame = ready!(Pin::new(&mut large.body).poll_frame(context));
        let Some(Ok(frame)) = frame else { return Poll::Ready(frame) };
        Poll::Ready(Some(large.next_piece(frame)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.state {
            State::Plain(body) => body.is_end_stream(),
            State::Large(large) => {
                lock(large).as_ref().is_some_and(|large| large.rest.is_empty() && large.body.is_end_stream())
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.state {
            State::Plain(body) => body.size_hint(),
            // Asked for before the first part has come only.
            State::Large(_) => SizeHint::default(),
        }
    }
}

impl Large {
    /// The first piece of what comes next. An error if there is no room for the rest.
    fn next_piece(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, axum::Error> {
        match frame.into_data() {
            Ok(data) => {
                if self.counted.is_none() {
                    self.share.grow(data.len()).map_err(|_| cut())?;
                }
                self.rest = data;
                Ok(self.piece())
            }
            Err(other) => Ok(other),
        }
    }

    /// Copied, so that it does not keep the rest in memory.
    fn piece(&mut self) -> Frame<Bytes> {
        let piece = self.rest.split_to(self.rest.len().min(PIECE_BYTES));
        let piece = Bytes::copy_from_slice(&piece);
        if self.rest.is_empty() {
            self.rest = Bytes::new();
            self.share = self.share.renewed();
        }
        Frame::data(piece)
    }
}

/// Lets go of an answer once its peer has left a part of it for too long. One that has nothing to send waits for as long
/// as it likes.
async fn let_go(large: Weak<Mutex<Option<Large>>>, timeout: Duration) {
    let mut next = Instant::now() + timeout;
    loop {
        sleep_until(next).await;
        let Some(large) = large.upgrade() else { return };
        let mut guard = lock(&large);
        let Some(waiting) = &*guard else { return };
        next = waiting.asked + timeout;
        if waiting.rest.is_empty() {
            next = Instant::now() + timeout;
        } else if next <= Instant::now() {
            tracing::debug!("an answer was cut off: its peer took none of it for too long");
            let cut = guard.take();
            // What ends with it may take other locks.
            drop(guard);
            drop(cut);
            return;
        }
    }
}

fn lock(large: &Mutex<Option<Large>>) -> MutexGuard<'_, Option<Large>> {
    // Nothing panics while it holds the lock but a body, which is not asked again.
    large.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cut() -> axum::Error {
    axum::Error::new(io::Error::new(
        io::ErrorKind::TimedOut,
        "the answer was cut off: it waited for its peer",
    ))
}
