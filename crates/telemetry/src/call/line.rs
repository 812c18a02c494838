//! The lines of a call: at a level that fits its outcome, and of those that went well as many as are wanted.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tracing::{Level, field::display};

use super::{Call, Interest, Outcome, notes::Noted, outcome::Severity};

/// How many calls in [`ALL`] that went well have lines.
static SHARE: AtomicU32 = AtomicU32::new(ALL);

const ALL: u32 = 1_000_000;

/// Sets how many of the calls that go well have lines, from 0 for none of them to 1 for all. What fails or is refused always has
/// one, and so has a stream.
pub fn log_share(share: f64) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is bounded")]
    SHARE.store((share.clamp(0.0, 1.0) * f64::from(ALL)).round() as u32, Ordering::Relaxed);
}

/// The line at a stream's beginning.
pub(super) fn began(call: &Call) {
    let Noted { session, .. } = call.notes.noted();
    call.span.in_scope(|| {
        let (channel_session_id, peer) = (session.as_deref(), call.peer.map(display));
        match call.interest {
            Interest::Call => tracing::info!(channel_session_id, peer, "stream began"),
            Interest::Probe => tracing::debug!(channel_session_id, peer, "stream began"),
        }
    });
}

/// The line at a call's end.
pub(super) fn ended(call: &Call, outcome: Outcome, took: Duration) {
    let level = match (call.interest, outcome.severity()) {
        (Interest::Probe, _) => Level::DEBUG,
        (Interest::Call, Severity::Success) if call.is_stream || is_wanted() => Level::INFO,
        (Interest::Call, Severity::Success) => return,
        (Interest::Call, Severity::Refusal) => Level::INFO,
        (Interest::Call, Severity::Failure) => Level::WARN,
        (Interest::Call, Severity::Defect) => Level::ERROR,
    };
    // A level is part of an event's type.
    macro_rules! write {
        ($level:ident) => {
            if tracing::enabled!(Level::$level) {
                let Noted { session, revision, reason, request_bytes, answer_bytes, .. } = call.notes.noted();
                // Microseconds are enough, and as milliseconds they are what people compare.
                let milliseconds = (took.as_secs_f64() * 1_000_000.0).round() / 1000.0;
                let (channel_session_id, peer) = (session.as_deref(), call.peer.map(display));
                call.span.in_scope(|| {
                    tracing::event!(
                        Level::$level,
                        %outcome,
                        reason,
                        milliseconds,
                        channel_session_id,
                        revision,
                        peer,
                        request_bytes,
                        answer_bytes,
                        "call"
                    );
                });
            }
        };
    }
    match level {
        Level::ERROR => write!(ERROR),
        Level::WARN => write!(WARN),
        Level::INFO => write!(INFO),
        _ => write!(DEBUG),
    }
}

fn is_wanted() -> bool {
    let share = SHARE.load(Ordering::Relaxed);
    share == ALL || fastrand::u32(..ALL) < share
}
