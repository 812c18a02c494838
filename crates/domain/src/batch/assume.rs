//! Deciding commands on what the cache says of their sessions, without reading them first.
//!
//! That holds only where a write comes of it: its compare-and-swap finds out whether the session was as assumed, and then
//! everything that was decided on it was right in that moment. A refusal, or an update that changes nothing, would be
//! answered on what another process may have changed since.

use super::{Batch, Cached, Open, SessionState, SessionWrite, apply};
use crate::error::{Error, Outcome};

impl<'a> Batch<'a> {
    /// Has the commands decided of those sessions that the cache knows, without passing a commit point. Returns what comes
    /// of it, and the sessions that have to be read.
    pub(super) fn assume(&mut self, open: Open<'a>) -> (Vec<SessionWrite>, Open<'a>) {
        let cached = self.cache.take(open.keys().copied());
        let can_be_assumed = |indexes: &[usize]| {
            // A request id may have been used before, and no revision says so.
            indexes.iter().all(|index| self.commands[*index].request_id.is_none())
        };
        let known =
            open.values().zip(&cached).filter(|(at, cached)| cached.is_some() && can_be_assumed(at)).count();
        let is_worth_it = self.cache.allows(known, known < open.len());

        let (mut writes, mut unknown) = (Vec::new(), Open::new());
        for ((key, indexes), cached) in open.into_iter().zip(cached) {
            if let Some(Cached { revision, document }) = cached {
                if is_worth_it && can_be_assumed(&indexes) {
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
        Some(SessionWrite { answers, ..state.into_write()? })
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
