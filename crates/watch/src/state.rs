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
    SharedEvent,
    event_buffer::{Entry, EventBuffer},
    is_wanted,
};

/// How many events a watcher may have waiting. One that is slower reads them from the store when it gets there.
const MAX_WAITING: usize = 256;

/// What the tail and its watchers share.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) is_running: bool,
    /// How many polls have begun.
    pub(crate) begun: u64,
    /// How the last one ended, with its number.
    pub(crate) ended: Option<(u64, Result<Boundary, Error>)>,
    pub(crate) events: EventBuffer,
    next_watcher: u64,
    watchers: HashMap<u64, Registered>,
    by_scope: HashMap<Scope, Vec<u64>>,
    /// What polls have to find, for as long as it is the same.
    scope: Option<Arc<Scope>>,
}

/// Where a poll ended: everything up to a position has been read, and what comes behind it has this number or a higher one.
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
struct Registered {
    scope: Scope,
    keys: Vec<String>,
    notify: Arc<Notify>,
    phase: Phase,
}

/// Whether polls are to find what a watcher wants.
pub(crate) enum Phase {
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
    /// Nobody watches, and nothing is kept.
    pub(crate) fn new(events: EventBuffer) -> Self {
        Self { events, ..Self::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.watchers.is_empty()
    }

    /// Registers a watcher, and returns its number.
    pub(crate) fn register(&mut self, scope: Scope, keys: Vec<String>, notify: Arc<Notify>) -> u64 {
        let number = self.next_watcher;
        self.next_watcher += 1;
        self.by_scope.entry(scope.clone()).or_default().push(number);
        self.watchers.insert(number, Registered { scope, keys, notify, phase: Phase::Elsewhere });
        number
    }

    /// Ends a watcher's registration.
    pub(crate) fn unregister(&mut self, number: u64) {
        let Some(registered) = self.watchers.remove(&number) else { return };
        self.scope = None;
        if let Some(numbers) = self.by_scope.get_mut(&registered.scope) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.by_scope.remove(&registered.scope);
            }
        }
    }

    /// Has everything behind a boundary delivered to a watcher. `false` if not all of that is kept any more.
    pub(crate) fn join(&mut self, number: u64, boundary: &Boundary) -> bool {
        let Some(registered) = self.watchers.get(&number) else { return false };
        let Some(entries) = self.events.from(boundary.number) else { return false };
        let wanted = |event: &Event| registered.scope.holds(event) && is_wanted(&registered.keys, event);
        let waiting: VecDeque<u64> =
            entries.filter(|(_, entry)| wanted(&entry.event)).map(|(number, _)| number).collect();
        let has_room = waiting.len() <= MAX_WAITING;
        if has_room {
            self.set_phase(number, Phase::Joined(waiting));
        }
        has_room
    }

    /// Takes what is next for a watcher that has joined.
    pub(crate) fn take(&mut self, number: u64) -> Next {
        let Some(registered) = self.watchers.get_mut(&number) else { return Next::Gone };
        if let Phase::Failed(error) = &registered.phase {
            return Next::Failed(error.clone());
        }
        let Some(waiting) = registered.phase.waiting() else { return Next::Gone };
        let Some(event) = waiting.pop_front() else {
            // Nothing has been read behind the last poll's end: otherwise that end is not where this watcher is.
            let ended = self.ended.as_ref().and_then(|(_, ended)| ended.as_ref().ok());
            let is_all = ended.filter(|boundary| boundary.number == self.events.end());
            return Next::Nothing(is_all.map(|boundary| boundary.position.clone()));
        };
        match self.events.get(event) {
            Some(entry) => Next::Event(entry.clone()),
            None => {
                self.set_phase(number, Phase::Elsewhere);
                Next::Gone
            }
        }
    }

    /// Keeps events, and says to those who want them that they are there.
    pub(crate) fn deliver(&mut self, events: Vec<(Event, Position)>) {
        for (event, position) in events {
            let event = Arc::new(SharedEvent::from(event));
            let number = self.events.push(Entry { event: event.clone(), position });
            let conversation = event.conversation_id.clone().map(Scope::Conversation);
            let scopes = [Some(Scope::All), Some(Scope::Session(event.session_id.clone())), conversation];
            for watcher in scopes.iter().flatten().filter_map(|scope| self.by_scope.get(scope)).flatten() {
                if let Some(registered) = self.watchers.get_mut(watcher)
                    && registered.enqueue(number, &event) == Enqueued::TooSlow
                {
                    self.scope = None;
                }
            }
        }
    }

    /// Has every watcher read the store by itself.
    pub(crate) fn forget(&mut self) {
        self.events.clear();
        for registered in self.watchers.values_mut() {
            if registered.phase.waiting().is_some() {
                registered.phase = Phase::Elsewhere;
                registered.notify.notify_one();
            }
        }
        self.scope = None;
    }

    /// Ends every watch that would otherwise wait for what cannot be read.
    pub(crate) fn fail(&mut self, error: &Error) {
        for registered in self.watchers.values_mut() {
            if registered.phase.waiting().is_some() {
                registered.phase = Phase::Failed(error.clone());
                registered.notify.notify_one();
            }
        }
        self.scope = None;
    }

    pub(crate) fn set_phase(&mut self, watcher: u64, phase: Phase) {
        if let Some(registered) = self.watchers.get_mut(&watcher) {
            registered.phase = phase;
            self.scope = None;
        }
    }

    /// What polls have to find.
    pub(crate) fn scope(&mut self) -> Arc<Scope> {
        let watchers = &self.watchers;
        let collect = || {
            let attentive =
                watchers.values().filter(|registered| !matches!(registered.phase, Phase::Elsewhere));
            Arc::new(Scope::Any(attentive.map(|registered| registered.scope.clone()).collect()))
        };
        self.scope.get_or_insert_with(collect).clone()
    }
}

impl Phase {
    fn waiting(&mut self) -> Option<&mut VecDeque<u64>> {
        match self {
            Self::Joined(waiting) => Some(waiting),
            Self::Elsewhere | Self::Joining | Self::Failed(_) => None,
        }
    }
}

#[derive(PartialEq, Eq)]
enum Enqueued {
    Yes,
    TooSlow,
}

impl Registered {
    fn enqueue(&mut self, number: u64, event: &Event) -> Enqueued {
        if !is_wanted(&self.keys, event) {
            return Enqueued::Yes;
        }
        let Some(waiting) = self.phase.waiting() else { return Enqueued::Yes };
        self.notify.notify_one();
        if waiting.len() < MAX_WAITING {
            waiting.push_back(number);
            return Enqueued::Yes;
        }
        self.phase = Phase::Elsewhere;
        Enqueued::TooSlow
    }
}
