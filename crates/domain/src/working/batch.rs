//! A batch of changes, from what is asked for to what every caller is answered.

use std::collections::BTreeMap;

use super::{Working, Write};
use crate::{
    change::{Change, Changed, Operation},
    error::Error,
    session::{Id, TenantId},
};

/// How often a batch is begun again before what is left of it is refused. Each time, some other process has changed one of
/// its sessions, so that even a session that everybody changes takes a few only.
const MAX_ROUNDS: usize = 1000;

/// Changes, each of which is open until it has its result. It goes in rounds: a store reads the [open](Self::open)
/// sessions, has what is open [decided](Self::decide), and writes the parts that come of it, each where its session has
/// still the revision that was read. What is not written stays open for the next round.
#[derive(Debug)]
pub struct Batch<'a> {
    changes: &'a [Change],
    results: Vec<Option<Result<Changed, Error>>>,
    /// Which changes are left as they are.
    blocked: Vec<bool>,
    rounds: usize,
}

/// The session that changes are about.
pub type Key<'a> = (&'a TenantId, &'a Id);

/// One session's part of a round: what is to be written, and the changes that it is made of, with their answers.
#[derive(Debug)]
pub struct Part {
    /// Whose session.
    pub tenant: TenantId,
    /// Which session.
    pub id: Id,
    /// What is to be written.
    pub write: Write,
    answers: Vec<(usize, Result<Changed, Error>)>,
}

/// Why parts were not written.
#[derive(Debug)]
pub enum Refusal {
    /// For what somebody else has just written, or is writing.
    Conflict,
    /// For this.
    Error(Error),
}

impl<'a> Batch<'a> {
    /// A batch of which everything is open.
    #[must_use]
    pub fn new(changes: &'a [Change]) -> Self {
        let (results, blocked) = (changes.iter().map(|_| None).collect(), vec![false; changes.len()]);
        Self { changes, results, blocked, rounds: 0 }
    }

    /// The sessions of the changes that are open, each once, in the order of their keys: two statements that lock the same
    /// rows then lock them alike. None when the batch is done, or has been begun too often.
    #[must_use]
    pub fn open(&mut self) -> Option<Vec<Key<'a>>> {
        let sessions: Vec<_> = self.sessions().into_keys().collect();
        self.rounds += 1;
        (!sessions.is_empty() && self.rounds <= MAX_ROUNDS).then_some(sessions)
    }

    /// The changes that are open.
    pub fn open_changes(&self) -> impl Iterator<Item = &'a Change> {
        self.changes.iter().enumerate().filter(|(at, _)| self.is_open(*at)).map(|(_, change)| change)
    }

    fn is_open(&self, at: usize) -> bool {
        self.results[at].is_none() && !self.blocked[at]
    }

    fn sessions(&self) -> BTreeMap<Key<'a>, Vec<usize>> {
        let mut sessions: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (at, change) in self.changes.iter().enumerate().filter(|(at, _)| self.is_open(*at)) {
            sessions.entry((&change.tenant, &change.id)).or_default().push(at);
        }
        sessions
    }

    /// Has the changes of each session decided, in order, on its state as it was read: one for each of the sessions that
    /// were last open. What needs no write has its result then; the rest is returned.
    pub fn decide(&mut self, states: impl IntoIterator<Item = Result<Working, Error>>) -> Vec<Part> {
        let mut parts = Vec::new();
        for (((tenant, id), places), state) in self.sessions().into_iter().zip(states) {
            let mut state = match state {
                Ok(state) => state,
                Err(error) => {
                    for at in places {
                        self.results[at] = Some(Err(error.clone()));
                    }
                    continue;
                }
            };
            let answers = apply(&mut state, self.changes, places);
            match state.into_write() {
                Some(write) => parts.push(Part { tenant: tenant.clone(), id: id.clone(), write, answers }),
                None => self.answer(answers),
            }
        }
        parts
    }

    /// Of parts that were written together, these were. The others' sessions have another revision by now, so that they stay
    /// open.
    pub fn written(&mut self, parts: Vec<Part>, written: &[bool]) {
        for (part, _) in parts.into_iter().zip(written).filter(|(_, written)| **written) {
            self.answer(part.answers);
        }
    }

    /// Nothing was written of parts that were to be written together. Returns what is to be tried instead: halves, until what
    /// is in the way is alone, for no session's write fails for another's.
    pub fn refused(&mut self, mut parts: Vec<Part>, refusal: &Refusal) -> Vec<Vec<Part>> {
        let may_be_for_one_alone = matches!(refusal, Refusal::Conflict | Refusal::Error(Error::Internal(_)));
        if may_be_for_one_alone && parts.len() > 1 {
            let rest = parts.split_off(parts.len() / 2);
            return vec![rest, parts];
        }
        match refusal {
            // Read again, what was in its way is found.
            Refusal::Conflict => {}
            Refusal::Error(error) => {
                for (at, _) in parts.into_iter().flat_map(|part| part.answers) {
                    self.results[at] = Some(Err(error.clone()));
                }
            }
        }
        Vec::new()
    }

    /// Somebody else has locked the sessions of these parts, of which nothing was written: what is open of them is left as
    /// it is.
    pub fn blocked(&mut self, parts: &[Part]) {
        for part in parts {
            for at in (0..self.changes.len()).filter(|at| self.results[*at].is_none()) {
                let change = &self.changes[at];
                self.blocked[at] |= change.tenant == part.tenant && change.id == part.id;
            }
        }
    }

    /// Nothing that is open can be done.
    pub fn failed(&mut self, error: &Error) {
        for at in (0..self.changes.len()).filter(|at| self.is_open(*at)).collect::<Vec<_>>() {
            self.results[at] = Some(Err(error.clone()));
        }
    }

    /// A result for each change, in order: none for what is left as it is, since its session is blocked, and
    /// [`Error::Overloaded`] for what is still open.
    #[must_use]
    pub fn into_results(self) -> Vec<Option<Result<Changed, Error>>> {
        let result = |(result, blocked): (Option<_>, bool)| match (result, blocked) {
            (None, true) => None,
            (result, _) => Some(result.unwrap_or(Err(Error::Overloaded))),
        };
        self.results.into_iter().zip(self.blocked).map(result).collect()
    }

    fn answer(&mut self, answers: Vec<(usize, Result<Changed, Error>)>) {
        for (at, answer) in answers {
            self.results[at] = Some(answer);
        }
    }
}

/// Has a session's changes decided, in order. Those behind a deletion stay open: what the deletion erases has to be gone
/// before they begin anew.
fn apply(
    state: &mut Working,
    changes: &[Change],
    places: Vec<usize>,
) -> Vec<(usize, Result<Changed, Error>)> {
    let mut answers = Vec::with_capacity(places.len());
    for at in places {
        let change = &changes[at];
        // Everything that could still be called off has been waited for.
        let sent = if change.validate_only { Ok(()) } else { change.attempt.send() };
        let answer = sent.and_then(|()| state.apply(change));
        let is_deleted = matches!(change.operation, Operation::Delete(_))
            && answer.as_ref().is_ok_and(|answer| answer.changed && !change.validate_only);
        answers.push((at, answer));
        if is_deleted {
            break;
        }
    }
    answers
}
