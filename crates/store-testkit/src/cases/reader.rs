//! One that hears of events, as a watcher does: reads on from where it is.

use std::{collections::BTreeMap, ops::Range, sync::Arc, time::Duration};

use domain::{
    event::{Event, Position, Scope},
    session::{Id, TenantId},
    store::Store,
};
use tokio::time::timeout;

use super::requests;

/// As many events as a reader takes at once where a case is not about it.
const LIMIT: usize = 100;

/// A reader, and where it is.
pub(super) struct Reader<'a> {
    store: &'a dyn Store,
    scope: Scope,
    limit: usize,
    pub(super) at: Position,
}

impl<'a> Reader<'a> {
    /// Hears of what happens from now on.
    pub(super) async fn from_now(store: &'a Arc<dyn Store>, scope: Scope) -> Self {
        let at = store.position().await.expect("the store answers");
        Self::from(store, scope, at)
    }

    /// Hears of one session from now on.
    pub(super) async fn of(store: &'a Arc<dyn Store>, id: &Id) -> Self {
        Self::from_now(store, Scope::Session(id.clone())).await
    }

    /// Hears of what happened behind a position.
    pub(super) fn from(store: &'a Arc<dyn Store>, scope: Scope, at: Position) -> Self {
        Self { store: &**store, scope, limit: LIMIT, at }
    }

    /// Takes so many events at once.
    pub(super) fn limited(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// Every event that is new to it and whose change has been acknowledged, each with the position behind it.
    pub(super) async fn positions(&mut self) -> Vec<(Event, Position)> {
        let until = self.store.position().await.expect("the store answers");
        let mut received = Vec::new();
        let reading = async { while !self.page(Some(&until), &mut received).await {} };
        timeout(Duration::from_secs(60), reading).await.expect("what there is has an end");
        in_order(received.iter().map(|(event, _)| event));
        received
    }

    /// The events alone.
    pub(super) async fn events(&mut self) -> Vec<Event> {
        self.positions().await.into_iter().map(|(event, _)| event).collect()
    }

    /// The one event that is new to it.
    pub(super) async fn event(&mut self) -> Event {
        let [event] = <[Event; 1]>::try_from(self.events().await)
            .unwrap_or_else(|events| panic!("{} events, not one: {events:#?}", events.len()));
        event
    }

    /// Reads one page, and says whether that was all for now.
    pub(super) async fn page(
        &mut self,
        until: Option<&Position>,
        received: &mut Vec<(Event, Position)>,
    ) -> bool {
        let page = self.store.events(&TenantId::only(), &self.scope, &self.at, until, self.limit).await;
        let page = page.expect("the store answers");
        assert!(page.events.len() <= self.limit, "{} events in a page of {}", page.events.len(), self.limit);
        assert!(page.complete || page.next != self.at, "a reader that has not received all gets ahead");
        received.extend(page.events);
        self.at = page.next;
        page.complete
    }
}

/// In a session, each event comes behind those of earlier revisions, and none comes twice.
pub(super) fn in_order<'e>(events: impl Iterator<Item = &'e Event>) {
    let mut last = BTreeMap::new();
    for event in events {
        let before = last.insert(&event.session_id, event.revision);
        assert!(before < Some(event.revision), "{:?} comes behind {before:?}: {event:?}", event.revision);
    }
}

pub(super) type Summary = (String, i64);

pub(super) fn summary<'e>(events: impl IntoIterator<Item = &'e Event>) -> Vec<Summary> {
    events.into_iter().map(|event| (event.session_id.as_str().to_owned(), event.revision.get())).collect()
}

/// Changes each session so many times, one after the other.
pub(super) async fn change_each(store: &Arc<dyn Store>, ids: &[Id], rounds: Range<usize>) {
    for round in rounds {
        for id in ids {
            assert!(requests::made(&**store, requests::update(id, &requests::one("a", round))).await.changed);
        }
    }
}

pub(super) async fn behind(store: &Arc<dyn Store>, scope: Scope, at: &Position) -> Vec<Summary> {
    summary(&Reader::from(store, scope, at.clone()).events().await)
}
