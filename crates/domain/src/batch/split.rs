//! What becomes of a group of writes of which the store wrote nothing.

use super::{Batch, Refusal, SessionWrite};
use crate::error::Error;

impl Batch<'_> {
    /// Nothing was written of a group of writes. Returns what is to be tried instead: mostly halves, until what is in the way
    /// is alone, for no session's write fails for another's.
    pub(super) fn split_or_fail(
        &mut self,
        group: Vec<SessionWrite>,
        refusal: Refusal,
    ) -> Vec<Vec<SessionWrite>> {
        match refusal {
            Refusal::Conflict if group.iter().any(|write| write.is_assumed) => {
                // Most likely one of these is not as was assumed. Read, they are found as they are.
                let (assumed, others) = group.into_iter().partition(|write| write.is_assumed);
                self.open_assumed(assumed);
                vec![others]
            }
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

    pub(super) fn fail_group(&mut self, group: Vec<SessionWrite>, error: &Error) {
        let answers = group.into_iter().flat_map(|write| write.answers);
        self.answer(answers.map(|(index, _)| (index, Err(error.clone()))));
    }

    /// These stay open, and what is read of them will be compared with what was assumed.
    fn open_assumed(&mut self, group: Vec<SessionWrite>) {
        let commands = self.commands;
        for write in group {
            if let Some((index, _)) = write.answers.first() {
                let command = &commands[*index];
                self.cached.insert((&command.tenant, &command.id), write.expected);
            }
        }
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
}

fn halves(mut group: Vec<SessionWrite>) -> Vec<Vec<SessionWrite>> {
    let rest = group.split_off(group.len() / 2);
    vec![rest, group]
}
