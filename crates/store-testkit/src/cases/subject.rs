//! One session under test: knows what it must be, and compares.

use std::sync::Arc;

use domain::{
    Error,
    change::{Change, Changed},
    session::{Id, Revision, Session},
    store::Store,
};

use super::ask;
use crate::parsed;

/// A session that the case has stored. Each step checks the reply, and then what is stored.
pub(super) struct Subject<'a> {
    store: &'a dyn Store,
    max_attributes: usize,
    /// The session as the store last gave it, found to be right.
    seen: Session,
}

impl<'a> Subject<'a> {
    /// Stores a document, under the same id in every case, since every case has a store of its own.
    pub(super) async fn stored(store: &'a Arc<dyn Store>, document: &str) -> Self {
        let store = &**store;
        let id = parsed::id("64e2f08a6155b317cd3f88fd");
        let created = ask::made(store, ask::creation(&id, document)).await;
        assert!(created.changed);
        assert_eq!(ask::told(&created), (parsed::value(document), Revision::FIRST.get()));
        let seen = created.session(id).expect("the answer has the document");
        let subject = Self { store, max_attributes: ask::MAX_ATTRIBUTES, seen };
        subject.is_stored().await;
        subject
    }

    /// Stores a document with a list of attributes.
    pub(super) async fn with_list(store: &'a Arc<dyn Store>, list: &str) -> Self {
        Self::stored(store, &ask::with_list(list)).await
    }

    pub(super) fn id(&self) -> &Id {
        &self.seen.id
    }

    pub(super) fn limit(&mut self, max_attributes: usize) {
        self.max_attributes = max_attributes;
    }

    /// The change changes the document to this one.
    pub(super) async fn takes(&mut self, change: Change, document: &str) {
        let changed = ask::made(self.store, change).await;
        assert!(changed.changed);
        assert_eq!(ask::told(&changed), (parsed::value(document), self.seen.revision.next().get()));
        self.seen = changed.session(self.seen.id.clone()).expect("the answer has the document");
        self.is_stored().await;
    }

    /// The change is fine and changes nothing.
    pub(super) async fn ignores(&self, change: Change) {
        let changed = ask::made(self.store, change).await;
        assert!(!changed.changed);
        self.is_as_seen(changed);
        self.is_stored().await;
    }

    /// The change is refused and changes nothing.
    pub(super) async fn denies(&self, change: Change) -> Error {
        let asked = format!("{change:?}");
        let error = ask::change(self.store, change).await.expect_err(&asked);
        self.is_stored().await;
        error
    }

    /// Attaching the attributes changes the document to this one.
    pub(super) async fn becomes(&mut self, attributes: &str, document: &str) {
        self.takes(self.attaching(attributes), document).await;
    }

    /// Attaching the attributes changes the document's list to this one, where there is nothing but the list.
    pub(super) async fn list_becomes(&mut self, attributes: &str, list: &str) {
        self.becomes(attributes, &ask::with_list(list)).await;
    }

    /// Attaching the attributes is fine and changes nothing.
    pub(super) async fn stays(&self, attributes: &str) {
        self.ignores(self.attaching(attributes)).await;
    }

    /// Attaching the attributes is refused and changes nothing.
    pub(super) async fn refuses(&self, attributes: &str) -> Error {
        self.denies(self.attaching(attributes)).await
    }

    /// Attaching the attributes is refused, since the list would hold `found` entries.
    pub(super) async fn outgrows(&self, attributes: &str, found: usize) {
        let error = self.refuses(attributes).await;
        let Error::TooManyAttributes { found: told, limit } = error else { panic!("{error:?}") };
        assert_eq!((told, limit), (found, self.max_attributes));
    }

    fn attaching(&self, attributes: &str) -> Change {
        ask::update_within(self.max_attributes, &self.seen.id, attributes)
    }

    /// Nothing has happened to the session meanwhile.
    pub(super) async fn is_stored(&self) {
        let session = ask::get_one(self.store, &self.seen.id).await.expect("the session is there");
        // Equal texts need no reading, which takes longer than all else where a document is large.
        if session != self.seen {
            assert_eq!(session.id, self.seen.id);
            assert_eq!(ask::read(&session), ask::read(&self.seen));
        }
    }

    fn is_as_seen(&self, answer: Changed) {
        let session = answer.session(self.seen.id.clone()).expect("the answer has the document");
        if session != self.seen {
            assert_eq!(ask::read(&session), ask::read(&self.seen));
        }
    }
}
