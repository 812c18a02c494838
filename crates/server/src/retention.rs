//! Retention: deletes what has expired, in small steps that keep nobody waiting.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    Error,
    caller::{Caller, Requester},
    command::{Command, Delete, Operation},
    precondition::RevisionMatch,
    store::{Expired, Store},
    time::Timestamp,
};
use telemetry::{Signal, signal};
use tokio_util::sync::CancellationToken;

use crate::config::Retention;

/// How much is deleted in one step. Too little, and each step costs more than what it deletes; too much, and updates wait for
/// it.
const STEP: usize = 300;

/// How many sessions are deleted in one step.
const SESSIONS: usize = 100;

/// How many times as long as the last step nothing is deleted, so that updates have the database to themselves in between.
/// Too few, and updates are slower meanwhile; too many, and what expires comes faster than it goes.
const PAUSES: u32 = 10;

/// The longest pause. With it, steps of up to 20 ms, as they are where each waits for a disk or for other writes, leave
/// 5,000 deletions a second.
const MAX_PAUSE: Duration = Duration::from_millis(40);

/// The same for a run that has gone on for [`LONG`]: more expires than goes, and the tables would grow for ever.
const PAUSES_BEHIND: u32 = 2;
const LONG: Duration = Duration::from_secs(10 * 60);

/// Deletes what has expired again and again until `stopping`. Any number of processes may do so on one database.
pub(crate) async fn run(store: Arc<dyn Store>, retention: Retention, stopping: CancellationToken) {
    let job = Job { store, retention, stopping };
    loop {
        // Not at once: a start has more urgent things to do.
        tokio::select! {
            () = job.stopping.cancelled() => return,
            () = tokio::time::sleep(job.retention.interval()) => {}
        }
        if let Err(error) = job.expire().await {
            tracing::warn!(?error, "what has expired could not be deleted; it is tried again");
        }
    }
}

struct Job {
    store: Arc<dyn Store>,
    retention: Retention,
    stopping: CancellationToken,
}

impl Job {
    async fn expire(&self) -> Result<(), Error> {
        let run = Instant::now();
        // Not this process's clock, which may be wrong: what it would erase is everybody's.
        let now = self.store.now().await?;
        let expired = [
            Expired::Events(now.before(self.retention.events())),
            Expired::IdempotencyRecords(now.before(self.retention.request_ids())),
        ];
        let mut deleted = [0, 0];
        for (expired, deleted) in expired.into_iter().zip(&mut deleted) {
            loop {
                let begun = Instant::now();
                let step = self.store.expire(expired, STEP).await?;
                *deleted += step;
                signal(match expired {
                    Expired::Events(_) => Signal::DeletedEvents(step),
                    Expired::IdempotencyRecords(_) => Signal::DeletedIdempotencyRecords(step),
                });
                // Also a small step is followed by another one: what a fast clock has dated ahead may stand before the rest.
                if step == 0 || !self.goes_on(begun, run).await {
                    break;
                }
            }
        }
        let sessions = match self.retention.ended() {
            Some(kept) => self.delete_ended(now, now.before(kept), run).await?,
            None => 0,
        };
        let [events, request_ids] = deleted;
        if events + request_ids + sessions > 0 {
            tracing::info!(events, request_ids, sessions, "deleted what had expired");
        }
        Ok(())
    }

    /// Deletes sessions that ended before a moment, as a caller would: nobody else's session, and no session that has
    /// changed meanwhile.
    async fn delete_ended(&self, now: Timestamp, before: Timestamp, run: Instant) -> Result<usize, Error> {
        let mut deleted = 0;
        loop {
            let begun = Instant::now();
            let ended = self.store.ended(before, SESSIONS).await?;
            let count = ended.len();
            let deletions = ended.into_iter().map(|(tenant, id, revision)| {
                let delete = Operation::Delete(Delete { allow_missing: true });
                Command {
                    revision: Some(RevisionMatch::OneOf(vec![revision])),
                    ..Caller::new(tenant, Requester::service()).command(id, delete, now)
                }
            });
            let results = self.store.execute(deletions.collect()).await;
            let gone = results.iter().filter(|result| result.as_ref().is_ok_and(|it| it.changed)).count();
            deleted += gone;
            signal(Signal::DeletedSessions(gone));
            // Where nothing could be deleted, the next look would find the same.
            if count < SESSIONS || gone == 0 || !self.goes_on(begun, run).await {
                return Ok(deleted);
            }
        }
    }

    /// Waits after a step of a run, which began at these times. `false` if the process is about to stop.
    async fn goes_on(&self, step: Instant, run: Instant) -> bool {
        let pauses = if run.elapsed() < LONG { PAUSES } else { PAUSES_BEHIND };
        tokio::select! {
            () = self.stopping.cancelled() => false,
            () = tokio::time::sleep((step.elapsed() * pauses).min(MAX_PAUSE)) => true,
        }
    }
}
