//! The time that what expires is counted by. SQLite has no clock of its own, and a process's may jump: one that is days
//! ahead for five seconds must not have everybody's events erased.
//!
//! So no more time is taken to have passed than a clock that cannot be set has seen pass. Between two processes there is no
//! such clock; the file remembers the time that the last one had come to. A clock that is ahead of all that is believed
//! once it has stayed there for long.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use domain::{Error, time::Timestamp};

use crate::{connections::Connections, error};

/// How far ahead the machine's clock may be without being asked why: what setting it right by small steps amounts to.
const SLACK: Duration = Duration::from_secs(5);

/// How long no process may have run on the file for its first one to believe the machine's clock at once.
const MAX_PAUSE: Duration = Duration::from_secs(6 * 60 * 60);

/// How long a clock that is further ahead has to stay there before it is believed: longer than it takes people or a time
/// server to set it right.
const HOLD: Duration = Duration::from_secs(60 * 60);

const SEEN: &str = "SELECT seen_at FROM channel_session_clock";
const SEE: &str = "UPDATE channel_session_clock SET seen_at = ?";

/// A store's clock. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock(Arc<Mutex<Option<Believed>>>);

impl Clock {
    /// The time, which the file remembers.
    pub(crate) async fn now(&self, writer: &Connections) -> Result<Timestamp, Error> {
        let mut connection = writer.get().await?;
        let seen: Option<i64> =
            sqlx::query_scalar(SEEN).fetch_one(&mut *connection).await.map_err(error::of_read)?;
        let now = self.read(seen.map(Timestamp::from_millis));
        // A full disk must not keep what has expired from being erased, which makes room.
        if sqlx::query(SEE).bind(now.millis()).execute(&mut *connection).await.is_ok() {
            connection.keep();
        }
        Ok(now)
    }

    fn read(&self, seen: Option<Timestamp>) -> Timestamp {
        let mut believed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (wall, at) = (Timestamp::from(SystemTime::now()), Instant::now());
        let next = match believed.take() {
            Some(believed) => believed.advance(wall, at),
            None => Believed::begin(wall, at, seen),
        };
        believed.insert(next).time
    }
}

/// What is believed of the time, as of the last look.
#[derive(Debug, Clone, Copy)]
struct Believed {
    time: Timestamp,
    at: Instant,
    /// Since when the machine's clock has been ahead of that.
    ahead_since: Option<Instant>,
}

impl Believed {
    /// The first look of a process, where the last one on the file had come to `seen`.
    fn begin(wall: Timestamp, at: Instant, seen: Option<Timestamp>) -> Self {
        match seen.filter(|seen| wall.before(MAX_PAUSE) > *seen) {
            Some(seen) => {
                warn(wall, seen);
                Self { time: seen, at, ahead_since: Some(at) }
            }
            None => Self { time: wall, at, ahead_since: None },
        }
    }

    fn advance(self, wall: Timestamp, at: Instant) -> Self {
        let passed = self.time.after(at.saturating_duration_since(self.at));
        if wall.before(SLACK) <= passed {
            return Self { time: wall, at, ahead_since: None };
        }
        let ahead_since = self.ahead_since.unwrap_or_else(|| {
            warn(wall, passed);
            at
        });
        if at.saturating_duration_since(ahead_since) >= HOLD {
            tracing::warn!(
                "the machine's clock has stayed ahead: from now on, what expires is counted by it"
            );
            return Self { time: wall, at, ahead_since: None };
        }
        Self { time: passed, at, ahead_since: Some(ahead_since) }
    }
}

fn warn(wall: Timestamp, believed: Timestamp) {
    let ahead = Duration::from_millis(wall.millis().saturating_sub(believed.millis()).unsigned_abs());
    tracing::warn!(
        ahead_seconds = ahead.as_secs(),
        hold_seconds = HOLD.as_secs(),
        "the machine's clock is ahead of the time that has passed: nothing expires by it until it has stayed there"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn start() -> (Timestamp, Instant) {
        (Timestamp::from_millis(1_700_000_000_000), Instant::now())
    }

    #[test]
    fn it_goes_with_a_clock_that_goes_right() {
        let (wall, at) = start();
        let mut believed = Believed::begin(wall, at, None);
        for hours in 1..100 {
            let passed = HOUR * hours;
            // It is a second off now and then.
            let wall = wall.after(passed + Duration::from_secs(u64::from(hours % 2)));
            believed = believed.advance(wall, at + passed);
            assert_eq!(believed.time, wall);
        }
    }

    #[test]
    fn a_clock_that_jumps_ahead_and_back_is_not_followed() {
        let (wall, at) = start();
        for jump in [HOUR, 25 * HOUR, 8 * 24 * HOUR, 365 * 24 * HOUR] {
            let mut believed = Believed::begin(wall, at, None);
            for seconds in 1..=5 {
                let passed = Duration::from_secs(seconds);
                believed = believed.advance(wall.after(passed + jump), at + passed);
                assert_eq!(believed.time, wall.after(passed));
            }
            let passed = Duration::from_secs(6);
            believed = believed.advance(wall.after(passed), at + passed);
            assert_eq!((believed.time, believed.ahead_since), (wall.after(passed), None));
        }
    }

    #[test]
    fn one_that_stays_ahead_is_believed_in_the_end() {
        let (wall, at) = start();
        let believed = Believed::begin(wall, at, None);
        let jumped = |passed: Duration| wall.after(passed + 8 * 24 * HOUR);
        let second = Duration::from_secs(1);
        let believed = believed.advance(jumped(second), at + second);
        let almost = believed.advance(jumped(HOLD), at + HOLD);
        assert_eq!(almost.time, wall.after(HOLD));
        let held = almost.advance(jumped(HOLD + second), at + HOLD + second);
        assert_eq!(held.time, jumped(HOLD + second));
    }

    #[test]
    fn one_that_is_set_back_is_followed_at_once_and_not_ahead_again() {
        let (wall, at) = start();
        let second = Duration::from_secs(1);
        let back = Believed::begin(wall, at, None).advance(wall.before(25 * HOUR), at + second);
        assert_eq!(back.time, wall.before(25 * HOUR));
        let again = back.advance(wall.after(2 * second), at + 2 * second);
        assert_eq!(again.time, wall.before(25 * HOUR).after(second));
    }

    #[test]
    fn a_process_that_starts_after_a_jump_does_not_believe_it_either() {
        let (wall, at) = start();
        let short = Believed::begin(wall.after(5 * HOUR), at, Some(wall));
        assert_eq!(short.time, wall.after(5 * HOUR));
        let ahead = Believed::begin(wall.after(25 * HOUR), at, Some(wall));
        assert_eq!(ahead.time, wall);
        // As long as it stays ahead, only the time that passes counts; then it is believed.
        let later = ahead.advance(wall.after(25 * HOUR + HOLD / 2), at + HOLD / 2);
        assert_eq!(later.time, wall.after(HOLD / 2));
        assert_eq!(later.advance(wall.after(25 * HOUR + HOLD), at + HOLD).time, wall.after(25 * HOUR + HOLD));
        // A file that is from the future, by another clock, is none of its business.
        assert_eq!(Believed::begin(wall, at, Some(wall.after(25 * HOUR))).time, wall);
    }
}
