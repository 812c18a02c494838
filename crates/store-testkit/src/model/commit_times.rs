//! Between which moments each revision of a session was committed, by all that its callers were answered.

use super::{
    call::Call,
    history::{Replayed, Request},
};

/// When each revision was committed: after one number of the counter, and before another.
pub(super) struct CommitTimes {
    after: Vec<u64>,
    before: Vec<u64>,
}

impl CommitTimes {
    pub(super) fn of(replayed: &Replayed<'_>) -> Self {
        let starts = |makers: &Vec<&Call>| makers.iter().map(|maker| maker.start).min().unwrap_or(0);
        let ends = |makers: &Vec<&Call>| makers.iter().map(|maker| maker.end).min().unwrap_or(u64::MAX);
        // A repeat can only have come after the first; whichever that was, it was under way by then.
        Self {
            after: replayed.makers.iter().map(starts).collect(),
            before: replayed.makers.iter().map(ends).collect(),
        }
    }

    /// A revision was there at some moment between these.
    pub(super) fn was_current(&mut self, revision: i64, start: u64, end: u64) {
        let at = revision as usize;
        if at > 0 {
            self.before[at] = self.before[at].min(end);
        }
        if let Some(next) = self.after.get_mut(at + 1) {
            *next = (*next).max(start);
        }
    }

    /// A request was remembered while its revision was there, and its session was not deleted before the last repeat.
    pub(super) fn was_recorded(&mut self, request: &Request<'_>, replayed: &Replayed<'_>) {
        let revision = request.answer.revision;
        if !request.answer.changed {
            self.was_current(revision, request.first_start, request.first_end);
        }
        if let Some(deletion) = replayed.deletion_after(revision) {
            self.after[deletion] = self.after[deletion].max(request.last_start);
        }
    }

    /// Each revision came after the one before it.
    pub(super) fn solve(&mut self) -> Result<(), String> {
        for at in 1..self.after.len() {
            self.after[at] = self.after[at].max(self.after[at - 1]);
        }
        for at in (1..self.before.len()).rev() {
            self.before[at - 1] = self.before[at - 1].min(self.before[at]);
        }
        match (1..self.after.len()).find(|at| self.after[*at] >= self.before[*at]) {
            None => Ok(()),
            Some(at) => Err(format!(
                "revision {at} came after {} and before {}, by all that was answered",
                self.after[at], self.before[at]
            )),
        }
    }

    pub(super) fn may_be_current(&self, at: usize, call: &Call) -> bool {
        let came = at == 0 || self.after[at] < call.end;
        came && self.before.get(at + 1).is_none_or(|next| *next > call.start)
    }
}
