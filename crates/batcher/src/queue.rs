//! The items that wait: those that the next batch can take, and those whose session is in a batch already.

mod turns;
mod waiting;

use std::collections::{HashMap, HashSet, VecDeque};

use domain::Error;

use crate::{Item, Options};
use turns::Turns;
pub(crate) use waiting::{Lane, Waiting};

/// A session's hash. Two sessions of one hash, should there ever be such, keep out of each other's way for nothing.
pub(crate) type Key = u64;

/// A tenant's hash. Two tenants of one hash, should there ever be such, have one turn together.
pub(crate) type Tenant = u64;

/// The items that wait.
pub(crate) struct Queue<I: Item> {
    /// What the next batch can take: tenants in turn, and what is of one tenant in the order in which it came.
    single: Turns<I>,
    bulk: Turns<I>,
    large: Turns<I>,
    /// Whether a batch of the others was taken last.
    is_turn_of_large: bool,
    /// Whether a batch is of one tenant, and whether the next one is of whoever's turn it is among those that come with others.
    one_tenant: bool,
    is_turn_of_bulk: bool,
    /// The sessions that are in a batch, each with the items that wait for it.
    locked_keys: HashMap<Key, VecDeque<Waiting<I>>>,
    /// How many items wait in `locked_keys`: all, and each tenant's.
    held: usize,
    held_by: HashMap<Tenant, usize>,
    max_batch: usize,
    max_bulk: usize,
    max_large: usize,
    max_waiting: usize,
    max_waiting_for_session: usize,
}

impl<I: Item> Queue<I> {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            single: Turns::default(),
            bulk: Turns::default(),
            large: Turns::default(),
            is_turn_of_large: false,
            one_tenant: options.one_tenant,
            is_turn_of_bulk: false,
            locked_keys: HashMap::new(),
            held: 0,
            held_by: HashMap::new(),
            max_batch: options.max_batch,
            max_bulk: options.max_bulk,
            max_large: options.max_large,
            max_waiting: options.max_waiting,
            max_waiting_for_session: options.max_waiting_for_session,
        }
    }

    /// How many items are in no batch.
    pub(crate) fn len(&self) -> usize {
        self.ready() + self.held
    }

    /// How many items are in no batch and wait for none of their session.
    pub(crate) fn ready(&self) -> usize {
        self.ready_small() + self.large.len()
    }

    /// How many of them are of sessions that are not large.
    pub(crate) fn ready_small(&self) -> usize {
        self.single.len() + self.bulk.len()
    }

    /// Whether there is room for so many more of a tenant. A queue that holds nothing has room for any number, and one that is
    /// filling up has none left for [whoever has most](budget::is_fair) in it.
    pub(crate) fn make_room(&mut self, tenant: Tenant, more: usize) -> bool {
        let limit = self.max_waiting.max(more);
        let has_room = |queue: &Self| {
            let all = queue.len();
            let free = limit.saturating_sub(all);
            // As nearly always: even if all were this one's.
            budget::is_fair(all, more, free) || budget::is_fair(queue.waiting_of(tenant), more, free)
        };
        has_room(self) || {
            self.drop_cancelled();
            has_room(self)
        }
    }

    /// How many items of a tenant's wait.
    fn waiting_of(&self, tenant: Tenant) -> usize {
        let held = self.held_by.get(&tenant).copied().unwrap_or_default();
        held + [&self.single, &self.bulk, &self.large].map(|turns| turns.len_of(tenant)).iter().sum::<usize>()
    }

    /// Queues an item.
    pub(crate) fn push(&mut self, waiting: Waiting<I>) {
        match waiting.key.filter(|key| self.locked_keys.contains_key(key)) {
            Some(key) => self.hold(key, waiting),
            None => self.lane(waiting.lane).push_back(waiting),
        }
    }

    /// Takes the next batch, and locks its sessions; says whether it is one of a large session. `may_be_large` while there
    /// is none in flight. Both kinds take turns. It is empty only where nothing is ready.
    pub(crate) fn take(&mut self, may_be_large: bool) -> (Vec<Waiting<I>>, bool) {
        if may_be_large && self.is_turn_of_large {
            self.is_turn_of_large = false;
            let batch = self.take_ready(Lane::Large);
            if !batch.is_empty() {
                return (batch, true);
            }
        }
        let batch = self.take_ready(Lane::Single);
        self.is_turn_of_large = true;
        if batch.is_empty() && may_be_large {
            return (self.take_ready(Lane::Large), true);
        }
        (batch, false)
    }

    /// The next items of large sessions, or of others. All that the tenant whose turn it is has may wait for its sessions: then
    /// it is in no lane any more, and it is the next one's turn.
    fn take_ready(&mut self, lane: Lane) -> Vec<Waiting<I>> {
        loop {
            let (batch, left) = match lane {
                Lane::Large => (self.take_large(), self.large.len()),
                Lane::Single | Lane::Bulk => (self.take_small(), self.ready_small()),
            };
            if !batch.is_empty() || left == 0 {
                return batch;
            }
        }
    }

    /// The next large sessions' items.
    fn take_large(&mut self) -> Vec<Waiting<I>> {
        let (mut batch, mut own) = (Vec::new(), HashSet::new());
        let of = self.large.tenant().filter(|_| self.one_tenant);
        self.take_from(Lane::Large, of, self.max_large, &mut batch, &mut own);
        while batch.len() < self.max_bulk
            && let Some(next) = self.large.next(of)
            && next.key.is_some_and(|key| own.contains(&key))
        {
            self.take_from(Lane::Large, of, 1, &mut batch, &mut own);
        }
        self.end_turn(of);
        batch
    }

    /// Of the others, single items go first, but always leave room for some that came with others.
    fn take_small(&mut self) -> Vec<Waiting<I>> {
        let of = self.next_tenant();
        let bulk = of.map_or(self.bulk.len(), |tenant| self.bulk.len_of(tenant)).min(self.max_bulk);
        let mut batch = Vec::new();
        let mut own = HashSet::new();
        self.take_from(Lane::Single, of, self.max_batch - bulk, &mut batch, &mut own);
        let room = self.max_batch - batch.len();
        self.take_from(Lane::Bulk, of, room.min(self.max_bulk), &mut batch, &mut own);
        self.end_turn(of);
        batch
    }

    /// The tenant of the next batch; none where it may be of several. Lanes take turns in naming it, lest one that has nothing
    /// but items which came with others waits for all single ones.
    fn next_tenant(&mut self) -> Option<Tenant> {
        if !self.one_tenant {
            return None;
        }
        let (single, bulk) = (self.single.tenant(), self.bulk.tenant());
        self.is_turn_of_bulk = !self.is_turn_of_bulk;
        if self.is_turn_of_bulk { single.or(bulk) } else { bulk.or(single) }
    }

    /// Ends the turn of the tenant that a batch was of.
    fn end_turn(&mut self, tenant: Option<Tenant>) {
        let Some(tenant) = tenant else { return };
        for turns in [&mut self.single, &mut self.bulk, &mut self.large] {
            turns.end_turn(tenant);
        }
    }

    /// Takes items of one lane: of one tenant, or of all in turn.
    fn take_from(
        &mut self,
        lane: Lane,
        of: Option<Tenant>,
        most: usize,
        batch: &mut Vec<Waiting<I>>,
        own: &mut HashSet<Key>,
    ) {
        let limit = batch.len() + most;
        while batch.len() < limit
            && let Some(waiting) = self.lane(lane).pop(of)
        {
            match waiting.key {
                _ if waiting.is_cancelled() => waiting.refuse_cancelled(),
                Some(key) if !own.contains(&key) && self.locked_keys.contains_key(&key) => {
                    self.hold(key, waiting);
                }
                key => {
                    if let Some(key) = key
                        && own.insert(key)
                    {
                        self.locked_keys.insert(key, VecDeque::new());
                    }
                    batch.push(waiting);
                }
            }
        }
    }

    /// Unlocks a session. What waited for it comes before all else of its tenant.
    pub(crate) fn unlock(&mut self, key: Key) {
        let Some(held) = self.locked_keys.remove(&key) else { return };
        for waiting in held.into_iter().rev() {
            self.let_go(waiting.tenant);
            self.lane(waiting.lane).push_front(waiting);
        }
    }

    /// Puts an item back that somebody else's lock kept from being worked on. Its session stays locked.
    pub(crate) fn put_back(&mut self, waiting: Waiting<I>) {
        match waiting.key {
            Some(key) => {
                self.count_held(waiting.tenant);
                self.locked_keys.entry(key).or_default().push_front(waiting);
            }
            None => self.lane(waiting.lane).push_front(waiting),
        }
    }

    /// Takes what waits for a session that stays locked.
    pub(crate) fn take_held(&mut self, key: Key) -> Vec<Waiting<I>> {
        let mut batch = Vec::new();
        while batch.len() < self.max_batch
            && let Some(waiting) = self.locked_keys.get_mut(&key).and_then(VecDeque::pop_front)
        {
            self.let_go(waiting.tenant);
            if waiting.is_cancelled() {
                waiting.refuse_cancelled();
            } else {
                batch.push(waiting);
            }
        }
        batch
    }

    fn hold(&mut self, key: Key, waiting: Waiting<I>) {
        let held = self.locked_keys.entry(key).or_default();
        if held.len() < self.max_waiting_for_session {
            let tenant = waiting.tenant;
            held.push_back(waiting);
            self.count_held(tenant);
        } else {
            waiting.refuse(Error::Overloaded);
        }
    }

    fn count_held(&mut self, tenant: Tenant) {
        self.held += 1;
        *self.held_by.entry(tenant).or_default() += 1;
    }

    fn let_go(&mut self, tenant: Tenant) {
        self.held -= 1;
        if let Some(held) = self.held_by.get_mut(&tenant) {
            *held -= 1;
            if *held == 0 {
                self.held_by.remove(&tenant);
            }
        }
    }

    /// Drops the items that nobody waits for.
    fn drop_cancelled(&mut self) {
        let mut dropped = Vec::new();
        for held in self.locked_keys.values_mut() {
            held.retain(|waiting| {
                let is_cancelled = waiting.is_cancelled();
                dropped.extend(is_cancelled.then_some(waiting.tenant));
                !is_cancelled
            });
        }
        for tenant in dropped {
            self.let_go(tenant);
        }
        for turns in [&mut self.single, &mut self.bulk, &mut self.large] {
            turns.retain(|waiting| !waiting.is_cancelled());
        }
    }

    fn lane(&mut self, lane: Lane) -> &mut Turns<I> {
        match lane {
            Lane::Single => &mut self.single,
            Lane::Bulk => &mut self.bulk,
            Lane::Large => &mut self.large,
        }
    }
}
