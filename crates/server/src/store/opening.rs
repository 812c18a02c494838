//! Waiting for a database that is unavailable at the start, and saying so.

use std::time::{Duration, Instant};

use domain::store::OpenError;

/// How long to wait between two attempts: a database that comes back is found within a second or so.
const PAUSE: Duration = Duration::from_millis(500);

/// How long an attempt may take without a word in the log: longer than a start on a busy machine.
const SILENCE: Duration = Duration::from_secs(3);

/// How often the log says that it is still waited for.
const REMINDER: Duration = Duration::from_secs(10);

/// How long a command that somebody waits for tries. Too short, and it fails beside a database that is just starting; too
/// long, and a script hangs where it should say what is wrong.
pub(crate) const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// Attempts something on a database, named `target`, until it goes well, or fails for a reason that does not go away by
/// itself, or has been transient for longer than the limit, if there is one. What is waited for is logged, and handed
/// to `waiting`. May be dropped at any time.
pub(crate) async fn open<T>(
    target: &str,
    limit: Option<Duration>,
    attempt: impl AsyncFn() -> Result<T, OpenError>,
    waiting: impl AsyncFn(String),
) -> Result<T, OpenError> {
    let begun = Instant::now();
    let mut said = Said::default();
    loop {
        let result = {
            let attempt = attempt();
            tokio::pin!(attempt);
            loop {
                tokio::select! {
                    result = &mut attempt => break result,
                    () = tokio::time::sleep(SILENCE) => {
                        said.say(target, "it has not answered yet", &waiting).await;
                    }
                }
            }
        };
        match result {
            Ok(opened) => {
                if said.last.is_some() {
                    tracing::info!(database = target, "the database answers");
                }
                return Ok(opened);
            }
            Err(error) if !error.transient => return Err(error),
            Err(error) if limit.is_some_and(|limit| begun.elapsed() >= limit) => {
                let waited = begun.elapsed().as_secs();
                let message = format!("waited {waited} s for the database {target}: {error}");
                return Err(OpenError::new(message));
            }
            Err(error) => said.say(target, &error.to_string(), &waiting).await,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What was said of waiting, and when.
#[derive(Default)]
struct Said {
    last: Option<(String, Instant)>,
}

impl Said {
    /// Says it where it is news, or was said long ago. That an attempt takes long is no news behind a reason.
    async fn say(&mut self, target: &str, why: &str, waiting: &impl AsyncFn(String)) {
        if self.last.as_ref().is_some_and(|(last, at)| at.elapsed() < REMINDER && last == why) {
            return;
        }
        tracing::warn!(database = target, why, "waiting for the database");
        waiting(format!("waiting for the database {target}: {why}")).await;
        self.last = Some((why.to_owned(), Instant::now()));
    }
}
