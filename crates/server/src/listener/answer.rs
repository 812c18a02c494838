//! An answer on its way to a peer that may not take it.
//!
//! What is large goes out in pieces, each when there is room for it, and what waits behind counts against a budget. A peer
//! that takes nothing for too long loses the rest of it: that is let go of, and the stream ends as one that was cut off.
//!
//! Where the budget has no room, a read is cut off at once: it can be made again. What says what became of a change waits
//! for room, on the memory of requests meanwhile. So it stays within the whole budget, and large requests are refused before
//! anything is done for them while many such answers wait.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, HttpBody};
use budget::{Counted, FREE_BYTES, Memory, Share};
use bytes::Bytes;
use http::Response;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, sleep, timeout};

use super::capacity::Busy;

/// What answers are held to.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    /// What those that wait for their peers take together.
    pub(crate) memory: Memory,
    /// What those of changes take that wait for that memory.
    pub(crate) requests: Memory,
    /// How long one may wait for its peer to take more of it, or for memory.
    pub(crate) timeout: Duration,
}

/// The body of an answer.
pub(super) struct Answer {
    state: State,
    answers: Answers,
    /// What it takes, where that is counted elsewhere.
    counted: Option<Counted>,
    /// Whether it may be that of a change.
    is_of_change: bool,
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
    answers: Answers,
    /// What has not been taken of the part that came last.
    rest: Bytes,
    share: Share,
    /// Where the part waits for its share. None of it comes without one in the end.
    waiting: Option<Waiting>,
    is_of_change: bool,
    /// What it takes, where that is counted elsewhere: given back when the rest is let go of.
    counted: Option<Counted>,
    /// When the last piece was asked for.
    asked: Instant,
    /// Whether there is nothing large that waits for the peer.
    is_idle: bool,
}

/// How long a piece may wait for its peer where others wait for the memory that it takes: a watch goes on later from where
/// it was. Those who never read hold up the others for so long each.
const WANTED_TIMEOUT: Duration = Duration::from_secs(1);

/// How often it is looked whether one has waited for too long.
const INTERVAL: Duration = Duration::from_millis(250);

type Waiting = Pin<Box<dyn Future<Output = Option<Share>> + Send>>;

/// How much is handed over at once, in bytes: what a frame of HTTP/2 holds.
const PIECE_BYTES: usize = FREE_BYTES;

impl Answer {
    pub(super) fn of(
        mut response: Response<Body>,
        is_of_change: bool,
        answers: &Answers,
        busy: Busy,
    ) -> Response<Self> {
        let counted = response.extensions_mut().remove::<Counted>();
        response.map(|body| Self {
            state: State::Plain(body),
            answers: answers.clone(),
            counted,
            is_of_change,
            _busy: busy,
        })
    }
}

impl HttpBody for Answer {
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
                let data = match large_data(frame) {
                    Ok(data) => data,
                    Err(small) => return Poll::Ready(Some(Ok(small))),
                };
                // What the call had while it was worked on is given back when the answer has its own share.
                let made_with = this.counted.take_if(|counted| counted.is_until_sent());
                let mut large = Large {
                    body: std::mem::take(body),
                    answers: this.answers.clone(),
                    rest: Bytes::new(),
                    share: this.answers.memory.share(),
                    waiting: None,
                    is_of_change: this.is_of_change,
                    counted: this.counted.take(),
                    asked: Instant::now(),
                    is_idle: false,
                };
                let kept = Arc::new(Mutex::new(large.begin(data).is_ok().then_some(large)));
                drop(made_with);
                tokio::spawn(let_go(Arc::downgrade(&kept), this.answers.timeout));
                this.state = State::Large(kept.clone());
                kept
            }
            State::Large(large) => large.clone(),
        };
        let mut guard = lock(&large);
        let Some(large) = &mut *guard else { return Poll::Ready(Some(Err(cut()))) };
        large.poll_piece(context)
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
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.asked = Instant::now();
        if self.rest.is_empty() {
            self.is_idle = true;
            let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
            let Some(Ok(frame)) = frame else { return Poll::Ready(frame) };
            match large_data(frame) {
                Ok(data) => self.begin(data)?,
                Err(small) => return Poll::Ready(Some(Ok(small))),
            }
        }
        self.is_idle = false;
        if let Some(waiting) = &mut self.waiting {
            self.share = ready!(waiting.as_mut().poll(context)).ok_or_else(cut)?;
            self.waiting = None;
        }
        Poll::Ready(Some(Ok(self.piece())))
    }

    /// Keeps the next part. An error if there is no room for it.
    fn begin(&mut self, data: Bytes) -> Result<(), axum::Error> {
        let bytes = data.len();
        if self.counted.is_none() && self.share.grow(bytes).is_err() {
            let mut meanwhile = self.answers.requests.share();
            if !self.is_of_change || meanwhile.grow(bytes).is_err() {
                return Err(cut());
            }
            let Answers { memory, timeout: limit, .. } = self.answers.clone();
            self.waiting = Some(Box::pin(async move {
                let share = timeout(limit, memory.wait(bytes)).await.ok();
                drop(meanwhile);
                share
            }));
        }
        self.rest = data;
        Ok(())
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

/// The data of a part that does not go out in one piece; any other part as it came.
fn large_data(frame: Frame<Bytes>) -> Result<Bytes, Frame<Bytes>> {
    match frame.into_data() {
        Ok(data) if data.len() > PIECE_BYTES => Ok(data),
        Ok(data) => Err(Frame::data(data)),
        Err(other) => Err(other),
    }
}

/// Lets go of an answer once its peer has left a part of it for too long: also the last one, which waits beyond this. One
/// that has nothing to send waits for as long as it likes.
async fn let_go(large: Weak<Mutex<Option<Large>>>, timeout: Duration) {
    loop {
        sleep(timeout.min(INTERVAL)).await;
        let Some(large) = large.upgrade() else { return };
        let mut guard = lock(&large);
        let Some(kept) = &*guard else { return };
        let is_wanted = kept.counted.as_ref().is_some_and(Counted::is_wanted);
        let timeout = if is_wanted { timeout.min(WANTED_TIMEOUT) } else { timeout };
        // While it waits for memory it is asked for again and again, unless its peer has no room for any of it.
        if !kept.is_idle && kept.asked + timeout <= Instant::now() {
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

/// Over HTTP/2 the stream is reset by this, which gRPC callers read as RESOURCE_EXHAUSTED: they may try again, and a watch go on
/// from where it was. By any other they would take it for a defect.
fn cut() -> axum::Error {
    axum::Error::new(h2::Error::from(h2::Reason::ENHANCE_YOUR_CALM))
}
