//! Items that wait in one lane. Tenants take turns, an item each, so that one which floods gets no more of a batch than any
//! other that has as much to do; what is of one tenant stays in its order. A tenant of which nothing waits is not known here,
//! and where there is one tenant only, this is its queue.

use std::collections::{HashMap, VecDeque, hash_map::Entry};

use super::{Tenant, Waiting};
use crate::Item;

pub(super) struct Turns<I: Item> {
    /// What waits, none of it empty.
    queues: HashMap<Tenant, VecDeque<Waiting<I>>>,
    /// Whose turn it is, and who comes then: each tenant of which something waits, once.
    turns: VecDeque<Tenant>,
    len: usize,
    /// The last queue that became empty: with few calls at once, each would otherwise make its own.
    spare: VecDeque<Waiting<I>>,
}

impl<I: Item> Default for Turns<I> {
    fn default() -> Self {
        Self { queues: HashMap::new(), turns: VecDeque::new(), len: 0, spare: VecDeque::new() }
    }
}

impl<I: Item> Turns<I> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many are of one tenant.
    pub(super) fn len_of(&self, tenant: Tenant) -> usize {
        self.queues.get(&tenant).map_or(0, VecDeque::len)
    }

    /// Queues an item behind all of its tenant's.
    pub(super) fn push_back(&mut self, waiting: Waiting<I>) {
        self.queue(waiting.tenant).push_back(waiting);
    }

    /// Queues one before them. Its tenant's turn comes no sooner for that.
    pub(super) fn push_front(&mut self, waiting: Waiting<I>) {
        self.queue(waiting.tenant).push_front(waiting);
    }

    /// Where another item of a tenant's goes, which is counted.
    fn queue(&mut self, tenant: Tenant) -> &mut VecDeque<Waiting<I>> {
        self.len += 1;
        match self.queues.entry(tenant) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                self.turns.push_back(tenant);
                new.insert(std::mem::take(&mut self.spare))
            }
        }
    }

    /// What is taken next, of one tenant or of the one whose turn it is.
    pub(super) fn next(&self, of: Option<Tenant>) -> Option<&Waiting<I>> {
        self.queues.get(&of.or_else(|| self.tenant())?)?.front()
    }

    /// Whose turn it is.
    pub(super) fn tenant(&self) -> Option<Tenant> {
        self.turns.front().copied()
    }

    /// Has a tenant wait for all others until it is its turn again.
    pub(super) fn end_turn(&mut self, tenant: Tenant) {
        if let Some(at) = self.turns.iter().position(|other| *other == tenant) {
            self.turns.remove(at);
            self.turns.push_back(tenant);
        }
    }

    /// Takes the next item: of one tenant, whose turn goes on until it is [ended](Self::end_turn), or of the one whose turn it
    /// is, which ends.
    pub(super) fn pop(&mut self, of: Option<Tenant>) -> Option<Waiting<I>> {
        let tenant = of.or_else(|| self.turns.pop_front())?;
        let Entry::Occupied(mut queue) = self.queues.entry(tenant) else { return None };
        let waiting = queue.get_mut().pop_front();
        self.len -= usize::from(waiting.is_some());
        match (queue.get().is_empty(), of) {
            (true, None) => self.spare = queue.remove(),
            (true, Some(tenant)) => {
                self.spare = queue.remove();
                self.turns.retain(|other| *other != tenant);
            }
            (false, None) => self.turns.push_back(tenant),
            (false, Some(_)) => {}
        }
        waiting
    }

    /// Drops what is not to be kept.
    pub(super) fn retain(&mut self, keep: impl Fn(&Waiting<I>) -> bool) {
        for queue in self.queues.values_mut() {
            queue.retain(&keep);
        }
        self.queues.retain(|_, queue| !queue.is_empty());
        self.turns.retain(|tenant| self.queues.contains_key(tenant));
        self.len = self.queues.values().map(VecDeque::len).sum();
    }
}
