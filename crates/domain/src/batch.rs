//! A batch of commands, from what callers ask for to what every caller is answered. It goes in rounds: sessions are read,
//! what becomes of them is decided, and that is written where their revisions are still the ones that were read.

mod assume;
mod cache;
mod effect;
mod rounds;
mod split;
mod state;
mod write;

use std::collections::BTreeMap;

pub use cache::SessionCache;
pub use rounds::{Refusal, Storage, execute};
pub use state::SessionState;
pub use write::{Ended, SessionWrite};

use crate::{
    command::{Command, CommandResult, Operation},
    error::Error,
    session::{Document, Id, Revision, TenantId},
};
use cache::{Cached, Generation};
use effect::Effect;

/// How many rounds a batch has before what is left of it is refused. In each of them, some other process has changed one of
/// its sessions, so that even a session that everybody changes takes a few only.
const MAX_ROUNDS: usize = 1000;

/// The session that commands are about.
pub type Key<'a> = (&'a TenantId, &'a Id);

/// Sessions of which commands are open, in the order of their keys, each with the indexes of its commands.
type Open<'a> = BTreeMap<Key<'a>, Vec<usize>>;

/// Commands, each of which is open until it has its result. In each [round](Self::next_round) the open sessions are read, as
/// far as nothing can be [assumed](Self::assume) of them, what is open is [decided](Self::decide), and what comes of it is
/// written. What is not written stays open for the next round.
#[derive(Debug)]
struct Batch<'a> {
    commands: &'a [Command],
    cache: &'a SessionCache,
    /// The cache's when the round was ready to write.
    generation: Generation,
    /// The revisions that the cache had of sessions which were not written, to compare with those that are read.
    cached: BTreeMap<Key<'a>, Revision>,
    results: Vec<Option<Result<CommandResult, Error>>>,
    /// Which commands are left as they are.
    blocked: Vec<bool>,
    rounds: usize,
}

impl<'a> Batch<'a> {
    /// A batch of which everything is open.
    fn new(commands: &'a [Command], cache: &'a SessionCache) -> Self {
        let (results, blocked) = (commands.iter().map(|_| None).collect(), vec![false; commands.len()]);
        let (generation, cached) = (cache.generation(), BTreeMap::new());
        Self { commands, cache, generation, cached, results, blocked, rounds: 0 }
    }

    /// Begins a round: the sessions of the commands that are open. Two statements that lock the same rows lock them alike,
    /// since they come in the order of their keys. None when the batch is done, or has had too many rounds.
    fn next_round(&mut self) -> Option<Open<'a>> {
        let mut sessions = Open::new();
        for index in self.open() {
            let command = &self.commands[index];
            sessions.entry((&command.tenant, &command.id)).or_default().push(index);
        }
        self.rounds += 1;
        (!sessions.is_empty() && self.rounds <= MAX_ROUNDS).then_some(sessions)
    }

    /// Has the commands of each session decided, in order, on its state as it was read. What needs no write has its result
    /// then; the rest is returned.
    fn decide(
        &mut self,
        sessions: Open<'a>,
        states: impl IntoIterator<Item = Result<SessionState, Error>>,
    ) -> Vec<SessionWrite> {
        let mut writes = Vec::new();
        for ((key, indexes), state) in sessions.into_iter().zip(states) {
            let mut state = match state {
                Ok(state) => state,
                Err(error) => {
                    self.answer(indexes.into_iter().map(|index| (index, Err(error.clone()))));
                    continue;
                }
            };
            if let Some(revision) = self.cached.remove(&key) {
                self.cache.note(state.revision != revision);
            }
            let answers = apply(&mut state, self.commands, &indexes, |command| {
                // Everything during which it could still be cancelled has been waited for.
                command.cancel_handle.pass_commit_point()
            });
            if state.has_write() {
                writes.extend(state.into_write().map(|write| SessionWrite { answers, ..write }));
                continue;
            }
            self.answer(answers);
            let SessionState { revision, current, write, .. } = state;
            self.keep(write.tenant, write.id, revision, current);
        }
        writes
    }

    /// Of a group of writes, these were written. The others' sessions have another revision by now, so that they stay open.
    fn commit(&mut self, group: Vec<SessionWrite>, written: &[bool]) {
        for (mut write, written) in group.into_iter().zip(written) {
            if write.is_assumed {
                self.cache.note(!written);
            }
            if !written {
                continue;
            }
            let document = write.take_document();
            self.answer(write.answers);
            self.keep(write.tenant, write.id, write.revision, document);
        }
    }

    /// Has the cache keep a session for its next update. An ended one has none.
    fn keep(&self, tenant: TenantId, id: Id, revision: Revision, document: Option<Document>) {
        if let Some(document) = document.filter(Document::is_active) {
            self.cache.put(self.generation, tenant, id, Cached { revision, document });
        }
    }

    /// Nothing that is open can be done.
    fn fail(&mut self, error: &Error) {
        self.answer(self.open().map(|index| (index, Err(error.clone()))).collect::<Vec<_>>());
    }

    /// A result for each command, in order: none for what is left as it is, since its session is blocked, and
    /// [`Error::Overloaded`] for what is still open.
    fn into_results(self) -> Vec<Option<Result<CommandResult, Error>>> {
        let result = |(result, blocked): (Option<_>, bool)| match (result, blocked) {
            (None, true) => None,
            (result, _) => Some(result.unwrap_or(Err(Error::Overloaded))),
        };
        self.results.into_iter().zip(self.blocked).map(result).collect()
    }

    fn answer(&mut self, answers: impl IntoIterator<Item = (usize, Result<CommandResult, Error>)>) {
        for (index, answer) in answers {
            self.results[index] = Some(answer);
        }
    }

    /// The indexes of the commands that are open.
    fn open(&self) -> impl Iterator<Item = usize> {
        (0..self.commands.len()).filter(|index| self.results[*index].is_none() && !self.blocked[*index])
    }
}

/// Has a session's commands decided, in order, each unless `pass` refuses: one that was cancelled, or is to be taken behind
/// its commit point. Those behind a deletion stay open: what the deletion erases has to be gone before they begin again.
fn apply(
    state: &mut SessionState,
    commands: &[Command],
    indexes: &[usize],
    pass: impl Fn(&Command) -> Result<(), Error>,
) -> Vec<(usize, Result<CommandResult, Error>)> {
    let mut answers = Vec::with_capacity(indexes.len());
    for index in indexes {
        let command = &commands[*index];
        let passed = if command.validate_only { Ok(()) } else { pass(command) };
        let answer = passed.and_then(|()| state.apply(command));
        let is_deleted = matches!(command.operation, Operation::Delete(_))
            && answer.as_ref().is_ok_and(|result| result.changed && !command.validate_only);
        answers.push((*index, answer));
        if is_deleted {
            break;
        }
    }
    answers
}

#[cfg(test)]
mod tests;
