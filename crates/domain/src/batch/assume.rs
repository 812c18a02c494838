//! Deciding commands on what the cache says of their sessions, without reading them first.
//!
//! That holds only where a write comes of it: its compare-and-swap finds out whether the session was as assumed, and then
//! everything that was decided on it was right in that moment. A refusal, or an update that changes nothing, would be
//! answered on what another process may have changed since. That a request id is new is assumed, too, where the write adds
//! its record, for there can be one only.

use super::{Batch, Cached, Open, SessionState, SessionWrite, apply};
use crate::error::{Error, Outcome};

impl<'a> Batch<'a> {
    /// Has the commands decided of those sessions that the cache knows, without passing a commit point. Returns what comes
    /// of it, and the sessions that have to be read.
    pub(super) fn assume(&mut self, open: Open<'a>) -> (Vec<SessionWrite>, Open<'a>) {
        let cached = self.cache.take(open.keys().copied());
        let known = cached.iter().flatten().count();
        let is_worth_it = self.cache.allows(known, known < open.len());

        let (mut writes, mut unknown) = (Vec::new(), Open::new());
        for ((key, indexes), cached) in open.into_iter().zip(cached) {
            if let Some(Cached { revision, document }) = cached {
                if is_worth_it {
                    let state = SessionState::assumed(key.0.clone(), key.1.clone(), revision, document);
                    if let Some(write) = self.assumed_write(state, &indexes) {
                        writes.push(write);
                        continue;
                    }
                }
                self.cached.insert(key, revision);
            }
            unknown.insert(key, indexes);
        }
        (writes, unknown)
    }

    fn assumed_write(&self, mut state: SessionState, indexes: &[usize]) -> Option<SessionWrite> {
        let answers =
            apply(&mut state, self.commands, indexes, |command| match command.cancel_handle.is_cancelled() {
                true => Err(Error::DeadlineExceeded(Outcome::NotApplied)),
                false => Ok(()),
            });
        let write = state.into_write()?;
        // One that is refused adds no record, and may repeat a request that was not.
        let mut request_ids = indexes.iter().filter_map(|index| self.commands[*index].request_id.as_ref());
        let adds_all =
            request_ids.all(|id| write.idempotency_records.iter().any(|record| record.request_id == *id));
        adds_all.then_some(SessionWrite { answers, ..write })
    }

    /// Has the commands of what was assumed pass their commit points, right before it is sent. If one of them has been
    /// cancelled since it was decided, none does: all of them stay open.
    pub(super) fn commit_assumed(&self, write: &SessionWrite) -> bool {
        let commands = || {
            let decided =
                write.answers.iter().filter(|(_, answer)| !matches!(answer, Err(Error::DeadlineExceeded(_))));
            decided.map(|(index, _)| &self.commands[*index]).filter(|command| !command.validate_only)
        };
        let passed =
            commands().take_while(|command| command.cancel_handle.pass_commit_point().is_ok()).count();
        let all = passed == commands().count();
        if !all {
            commands().take(passed).for_each(|command| command.cancel_handle.retract_commit_point());
        }
        all
    }
}
