//! Who watches, and the events that wait for them.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use domain::{
    Error,
    event::{Event, Position, Scope},
};
use tokio::sync::Notify;

use crate::{
    Heard, is_wanted,
    recent::{Entry, Recent},
};

/// How many events a watcher may have waiting. One that is slower reads them from the store when it gets there.
const MAX_WAITING: usize = 256;

/// What the tail and its watchers share.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) is_running: bool,
    /// How many looks have begun.
    pub(crate) begun: u64,
    /// How the last one ended, with its number.
    pub(crate) ended: Option<(u64, Result<Boundary, Error>)>,
    pub(crate) recent: Recent,
    next_watcher: u64,
    watchers: HashMap<u64, Listed>,
    by_scope: HashMap<Scope, Vec<u64>>,
    /// What looks have to find, for as long as it is the same.
    scope: Option<Arc<Scope>>,
}

/// Where a look ended: everything up to a position has been read, and what comes behind it has this number or a higher one.
#[derive(Debug, Clone)]
pub(crate) struct Boundary {
    pub(crate) position: Position,
    pub(crate) number: u64,
}

/// What the tail has for a watcher.
pub(crate) enum Next {
    /// The event that is next.
    Event(Entry),
    /// Nothing, and nothing else has happened up to this position, where one is known.
    Nothing(Option<Position>),
    /// The watcher is too slow: what is next is not kept here any more.
    Gone,
    /// The store cannot be read: the watch ends with this.
    Failed(Error),
}

/// A watcher as the tail knows it.
struct Listed {
    scope: Scope,
    keys: Vec<String>,
    notify: Arc<Notify>,
    attention: Attention,
}

/// Whether looks are to find what a watcher wants.
pub(crate) enum Attention {
    /// No: it is far behind, and reads the store by itself.
    Elsewhere,
    /// Yes: it is about to join.
    Joining,
    /// Yes: the events with these numbers wait for it.
    Joined(VecDeque<u64>),
    /// No: it is to end with this.
    Failed(Error),
}

impl State {
    pub(crate) fn is_empty(&self) -> bool {
        self.watchers.is_empty()
    }

    /// Puts a watcher on the list, and returns its number.
    pub(crate) fn list(&mut self, scope: Scope, keys: Vec<String>, notify: Arc<Notify>) -> u64 {
        let number = self.next_watcher;
        self.next_watcher += 1;
        self.by_scope.entry(scope.clone()).or_default().push(number);
        self.watchers.insert(number, Listed { scope, keys, notify, attention: Attention::Elsewhere });
        number
    }

    /// Takes a watcher off the list.
    pub(crate) fn unlist(&mut self, number: u64) {
        let Some(listed) = self.watchers.remove(&number) else { return };
        self.scope = None;
        if let Some(numbers) = self.by_scope.get_mut(&listed.scope) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.by_scope.remove(&listed.scope);
            }
        }
    }

    /// Has a watcher told of everything behind a boundary. `false` if not all of that is kept any more.
    pub(crate) fn join(&mut self, number: u64, boundary: &Boundary) -> bool {
        let Some(listed) = self.watchers.get(&number) else { return false };
        let Some(entries) = self.recent.from(boundary.number) else { return false };
        let wanted = |event: &Event| listed.scope.holds(event) && is_wanted(&listed.keys, event);
        let waiting: VecDeque<u64> =
            entries.filter(|(_, entry)| wanted(&entry.event)).map(|(number, _)| number).collect();
        let has_room = waiting.len() <= MAX_WAITING;
        if has_room {
            self.attend(number, Attention::Joined(waiting));
        }
        has_room
    }

    /// Takes what is next for a watcher that has joined.
    pub(crate) fn take(&mut self, number: u64) -> Next {
        let Some(listed) = self.watchers.get_mut(&number) else { return Next::Gone };
        if let Attention::Failed(error) = &listed.attention {
            return Next::Failed(error.clone());
        }
        let Some(waiting) = listed.attention.waiting() else { return Next::Gone };
        let Some(event) = waiting.pop_front() else {
            // Nothing has been read behind the last look's end: otherwise that end is not where this watcher is.
            let ended = self.ended.as_ref().and_then(|(_, ended)| ended.as_ref().ok());
            let is_all = ended.filter(|boundary| boundary.number == self.recent.end());
            return Next::Nothing(is_all.map(|boundary| boundary.position.clone()));
        };
        match self.recent.get(event) {
            Some(entry) => Next::Event(entry.clone()),
            None => {
                self.attend(number, Attention::Elsewhere);
                Next::Gone
            }
        }
    }

    /// Keeps events, and says to those who want them that they are there.
    pub(crate) fn tell(&mut self, events: Vec<(Event, Position)>) {
        for (event, position) in events {
            let event = Arc::new(Heard::from(event));
            let number = self.recent.push(Entry { event: event.clone(), position });
            let conversation = event.conversation_id.clone().map(Scope::Conversation);
            let scopes = [Some(Scope::All), Some(Scope::Session(event.session_id.clone())), conversation];
            for watcher in scopes.iter().flatten().filter_map(|scope| self.by_scope.get(scope)).flatten() {
                if let Some(listed) = self.watchers.get_mut(watcher)
                    && listed.tell(number, &event) == Told::TooSlow
                {
                    self.scope = None;
                }
            }
        }
    }

    /// Has every watcher read the store by itself.
    pub(crate) fn forget(&mut self) {
        self.recent.clear();
        for listed in self.watchers.values_mut() {
            if listed.attention.waiting().is_some() {
                listed.attention = Attention::Elsewhere;
                listed.notify.notify_one();
            }
        }
        self.scope = None;
    }

    /// Ends every watch that would otherwise wait for what cannot be read.
    pub(crate) fn fail(&mut self, error: &Error) {
        for listed in self.watchers.values_mut() {
            if listed.attention.waiting().is_some() {
                listed.attention = Attention::Failed(error.clone());
                listed.notify.notify_one();
            }
        }
        self.scope = None;
    }

    pub(crate) fn attend(&mut self, watcher: u64, attention: Attention) {
        if let Some(listed) = self.watchers.get_mut(&watcher) {
            listed.attention = attention;
            self.scope = None;
        }
    }

    /// What looks have to find.
    pub(crate) fn scope(&mut self) -> Arc<Scope> {
        let watchers = &self.watchers;
        let collect = || {
            let attentive =
                watchers.values().filter(|listed| !matches!(listed.attention, Attention::Elsewhere));
            Arc::new(Scope::Any(attentive.map(|listed| listed.scope.clone()).collect()))
        };
        self.scope.get_or_insert_with(collect).clone()
    }
}

impl Attention {
    fn waiting(&mut self) -> Option<&mut VecDeque<u64>> {
        match self {
            Self::Joined(waiting) => Some(waiting),
            Self::Elsewhere | Self::Joining | Self::Failed(_) => None,
        }
    }
}

#[derive(PartialEq, Eq)]
enum Told {
    Told,
    TooSlow,
}

impl Listed {
    fn tell(&mut self, number: u64, event: &Event) -> Told {
        if !is_wanted(&self.keys, event) {
            return Told::Told;
        }
        let Some(waiting) = self.attention.waiting() else { return Told::Told };
        self.notify.notify_one();
        if waiting.len() < MAX_WAITING {
            waiting.push_back(number);
            return Told::Told;
        }
        self.attention = Attention::Elsewhere;
        Told::TooSlow
    }
}
