//! The items that wait: those that the next batch can take, and those whose session is in a batch already.

mod waiting;

use std::collections::{HashMap, HashSet, VecDeque};

use domain::Error;

use crate::{Item, Options};
pub(crate) use waiting::{Lane, Waiting};

/// A session's hash. Two sessions of one hash, should there ever be such, keep out of each other's way for nothing.
pub(crate) type Key = u64;

/// The items that wait.
pub(crate) struct Queue<I: Item> {
    /// What the next batch can take, in the order in which it came.
    single: VecDeque<Waiting<I>>,
    bulk: VecDeque<Waiting<I>>,
    large: VecDeque<Waiting<I>>,
    /// Whether a batch of the others was taken last.
    is_turn_of_large: bool,
    /// The sessions that are in a batch, each with the items that wait for it.
    locked_keys: HashMap<Key, VecDeque<Waiting<I>>>,
    /// How many items wait in `locked_keys`.
    held: usize,
    max_batch: usize,
    max_bulk: usize,
    max_large: usize,
    max_waiting: usize,
    max_waiting_for_session: usize,
}

impl<I: Item> Queue<I> {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            single: VecDeque::new(),
            bulk: VecDeque::new(),
            large: VecDeque::new(),
            is_turn_of_large: false,
            locked_keys: HashMap::new(),
            held: 0,
            max_batch: options.max_batch,
            max_bulk: options.max_bulk,
            max_large: options.max_large,
            max_waiting: options.max_waiting,
            max_waiting_for_session: options.max_waiting_for_session,
        }
    }

    /// How many items are in no batch and wait for none of their session.
    pub(crate) fn ready(&self) -> usize {
        self.ready_small() + self.large.len()
    }

    /// How many of them are of sessions that are not large.
    pub(crate) fn ready_small(&self) -> usize {
        self.single.len() + self.bulk.len()
    }

    /// Whether there is room for so many more. A queue that holds nothing has room for any number.
    pub(crate) fn make_room(&mut self, more: usize) -> bool {
        let limit = self.max_waiting.max(more);
        if self.ready() + self.held + more > limit {
            self.drop_cancelled();
        }
        self.ready() + self.held + more <= limit
    }

    /// Queues an item.
    pub(crate) fn push(&mut self, waiting: Waiting<I>) {
        match waiting.key.filter(|key| self.locked_keys.contains_key(key)) {
            Some(key) => self.hold(key, waiting),
            None => self.lane(waiting.lane).push_back(waiting),
        }
    }

    /// Takes the next batch, and locks its sessions; says whether it is one of a large session. `may_be_large` while there
    /// is none in flight. Both kinds take turns.
    pub(crate) fn take(&mut self, may_be_large: bool) -> (Vec<Waiting<I>>, bool) {
        if may_be_large && self.is_turn_of_large {
            self.is_turn_of_large = false;
            let batch = self.take_large();
            if !batch.is_empty() {
                return (batch, true);
            }
        }
        let batch = self.take_small();
        self.is_turn_of_large = true;
        if batch.is_empty() && may_be_large {
            return (self.take_large(), true);
        }
        (batch, false)
    }

    /// The next large sessions' items.
    fn take_large(&mut self) -> Vec<Waiting<I>> {
        let (mut batch, mut own) = (Vec::new(), HashSet::new());
        self.take_from(Lane::Large, self.max_large, &mut batch, &mut own);
        while batch.len() < self.max_bulk
            && let Some(next) = self.large.front()
            && next.key.is_some_and(|key| own.contains(&key))
        {
            self.take_from(Lane::Large, 1, &mut batch, &mut own);
        }
        batch
    }

    /// Of the others, single items go first, but always leave room for some that came with others.
    fn take_small(&mut self) -> Vec<Waiting<I>> {
        let bulk = self.bulk.len().min(self.max_bulk);
        let mut batch = Vec::new();
        let mut own = HashSet::new();
        self.take_from(Lane::Single, self.max_batch - bulk, &mut batch, &mut own);
        let room = self.max_batch - batch.len();
        self.take_from(Lane::Bulk, room.min(self.max_bulk), &mut batch, &mut own);
        batch
    }

    fn take_from(&mut self, lane: Lane, most: usize, batch: &mut Vec<Waiting<I>>, own: &mut HashSet<Key>) {
        let limit = batch.len() + most;
        while batch.len() < limit
            && let Some(waiting) = self.lane(lane).pop_front()
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

    /// Unlocks a session. What waited for it comes first in the next batch.
    pub(crate) fn unlock(&mut self, key: Key) {
        let Some(held) = self.locked_keys.remove(&key) else { return };
        self.held -= held.len();
        for waiting in held.into_iter().rev() {
            self.lane(waiting.lane).push_front(waiting);
        }
    }

    /// Puts an item back that somebody else's lock kept from being worked on. Its session stays locked.
    pub(crate) fn put_back(&mut self, waiting: Waiting<I>) {
        match waiting.key {
            Some(key) => {
                self.held += 1;
                self.locked_keys.entry(key).or_default().push_front(waiting);
            }
            None => self.lane(waiting.lane).push_front(waiting),
        }
    }

    /// Takes what waits for a session that stays locked.
    pub(crate) fn take_held(&mut self, key: Key) -> Vec<Waiting<I>> {
        let Some(held) = self.locked_keys.get_mut(&key) else { return Vec::new() };
        let mut batch = Vec::new();
        while batch.len() < self.max_batch
            && let Some(waiting) = held.pop_front()
        {
            self.held -= 1;
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
            held.push_back(waiting);
            self.held += 1;
        } else {
            waiting.refuse(Error::Overloaded);
        }
    }

    fn drop_cancelled(&mut self) {
        let held: usize = self.locked_keys.values_mut().map(drop_cancelled).sum();
        self.held -= held;
        drop_cancelled(&mut self.single);
        drop_cancelled(&mut self.bulk);
        drop_cancelled(&mut self.large);
    }

    fn lane(&mut self, lane: Lane) -> &mut VecDeque<Waiting<I>> {
        match lane {
            Lane::Single => &mut self.single,
            Lane::Bulk => &mut self.bulk,
            Lane::Large => &mut self.large,
        }
    }
}

/// Drops the items that nobody waits for, and says how many they were.
fn drop_cancelled<I: Item>(queue: &mut VecDeque<Waiting<I>>) -> usize {
    let before = queue.len();
    queue.retain(|waiting| !waiting.is_cancelled());
    before - queue.len()
}
