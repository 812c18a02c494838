//! A batch of commands, from what callers ask for to what every caller is answered. It goes in rounds: sessions are read,
//! what becomes of them is decided, and that is written where their revisions are still the ones that were read.

mod effect;
mod rounds;
mod state;
mod write;

use std::collections::BTreeMap;

pub use rounds::{Refusal, Storage, execute};
pub use state::SessionState;
pub use write::{Ended, SessionWrite};

use crate::{
    command::{Command, CommandResult, Operation},
    error::Error,
    session::{Id, TenantId},
};
use effect::Effect;

/// How many rounds a batch has before what is left of it is refused. In each of them, some other process has changed one of
/// its sessions, so that even a session that everybody changes takes a few only.
const MAX_ROUNDS: usize = 1000;

/// The session that commands are about.
pub type Key<'a> = (&'a TenantId, &'a Id);

/// Commands, each of which is open until it has its result. In each [round](Self::next_round) the open sessions are read, what
/// is open is [decided](Self::decide), and what comes of it is written. What is not written stays open for the next round.
#[derive(Debug)]
struct Batch<'a> {
    commands: &'a [Command],
    results: Vec<Option<Result<CommandResult, Error>>>,
    /// Which commands are left as they are.
    blocked: Vec<bool>,
    rounds: usize,
}

impl<'a> Batch<'a> {
    /// A batch of which everything is open.
    fn new(commands: &'a [Command]) -> Self {
        let (results, blocked) = (commands.iter().map(|_| None).collect(), vec![false; commands.len()]);
        Self { commands, results, blocked, rounds: 0 }
    }

    /// Begins a round: the sessions of the commands that are open, each once, in the order of their keys. Two statements that
    /// lock the same rows then lock them alike. None when the batch is done, or has had too many rounds.
    fn next_round(&mut self) -> Option<Vec<Key<'a>>> {
        let sessions: Vec<_> = self.open_sessions().into_keys().collect();
        self.rounds += 1;
        (!sessions.is_empty() && self.rounds <= MAX_ROUNDS).then_some(sessions)
    }

    /// The commands that are open.
    fn open_commands(&self) -> impl Iterator<Item = &'a Command> {
        self.open().map(|index| &self.commands[index])
    }

    /// Has the commands of each session decided, in order, on its state as it was read: one for each of the sessions of the
    /// round. What needs no write has its result then; the rest is returned.
    fn decide(&mut self, states: impl IntoIterator<Item = Result<SessionState, Error>>) -> Vec<SessionWrite> {
        let mut writes = Vec::new();
        for (indexes, state) in self.open_sessions().into_values().zip(states) {
            let mut state = match state {
                Ok(state) => state,
                Err(error) => {
                    self.answer(indexes.into_iter().map(|index| (index, Err(error.clone()))));
                    continue;
                }
            };
            let answers = apply(&mut state, self.commands, indexes);
            match state.into_write() {
                Some(write) => writes.push(SessionWrite { answers, ..write }),
                None => self.answer(answers),
            }
        }
        writes
    }

    /// Of a group of writes, these were written. The others' sessions have another revision by now, so that they stay open.
    fn commit(&mut self, group: Vec<SessionWrite>, written: &[bool]) {
        for (write, _) in group.into_iter().zip(written).filter(|(_, written)| **written) {
            self.answer(write.answers);
        }
    }

    /// Nothing was written of a group of writes. Returns what is to be tried instead: mostly halves, until what is in the way
    /// is alone, for no session's write fails for another's.
    fn split_or_fail(&mut self, group: Vec<SessionWrite>, refusal: Refusal) -> Vec<Vec<SessionWrite>> {
        match refusal {
            Refusal::Conflict | Refusal::Error(Error::Internal(_)) if group.len() > 1 => halves(group),
            // Read again, what was in its way is found.
            Refusal::Conflict => Vec::new(),
            Refusal::Locked(locked) => {
                let (mut locked, is_alone) = (locked.into_iter(), group.len() == 1);
                let (locked, free): (Vec<_>, Vec<_>) =
                    group.into_iter().partition(|_| locked.next() == Some(true) || is_alone);
                if locked.is_empty() {
                    // The lock is gone, or is on no session's row.
                    return halves(free);
                }
                self.block(&locked);
                vec![free]
            }
            Refusal::NoRoom(error) => {
                let (erasing, others) = group.into_iter().partition(|write| write.erase);
                self.fail_group(others, &error);
                vec![erasing]
            }
            Refusal::Disconnected(error) | Refusal::Error(error) => {
                self.fail_group(group, &error);
                Vec::new()
            }
        }
    }

    fn fail_group(&mut self, group: Vec<SessionWrite>, error: &Error) {
        let answers = group.into_iter().flat_map(|write| write.answers);
        self.answer(answers.map(|(index, _)| (index, Err(error.clone()))));
    }

    /// Somebody else has locked the sessions of these writes, of which nothing was written: what is open of them is left as
    /// it is.
    fn block(&mut self, locked: &[SessionWrite]) {
        for write in locked {
            for index in (0..self.commands.len()).filter(|index| self.results[*index].is_none()) {
                let command = &self.commands[index];
                self.blocked[index] |= command.tenant == write.tenant && command.id == write.id;
            }
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

    fn open_sessions(&self) -> BTreeMap<Key<'a>, Vec<usize>> {
        let mut sessions: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for index in self.open() {
            let command = &self.commands[index];
            sessions.entry((&command.tenant, &command.id)).or_default().push(index);
        }
        sessions
    }
}

fn halves(mut group: Vec<SessionWrite>) -> Vec<Vec<SessionWrite>> {
    let rest = group.split_off(group.len() / 2);
    vec![rest, group]
}

/// Has a session's commands decided, in order. Those behind a deletion stay open: what the deletion erases has to be gone
/// before they begin again.
fn apply(
    state: &mut SessionState,
    commands: &[Command],
    indexes: Vec<usize>,
) -> Vec<(usize, Result<CommandResult, Error>)> {
    let mut answers = Vec::with_capacity(indexes.len());
    for index in indexes {
        let command = &commands[index];
        // Everything during which it could still be cancelled has been waited for.
        let passed = if command.validate_only { Ok(()) } else { command.cancel_handle.pass_commit_point() };
        let answer = passed.and_then(|()| state.apply(command));
        let is_deleted = matches!(command.operation, Operation::Delete(_))
            && answer.as_ref().is_ok_and(|result| result.changed && !command.validate_only);
        answers.push((index, answer));
        if is_deleted {
            break;
        }
    }
    answers
}

#[cfg(test)]
mod tests;
