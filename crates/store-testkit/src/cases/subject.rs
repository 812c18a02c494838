//! One session under test: knows what it must be, and compares.

use std::sync::Arc;

use domain::{
    Error,
    session::{Id, Revision, Session},
    store::{Store, UpdateData, Updated},
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
        let seen =
            ask::create_one(store, ask::creation(&id, document)).await.expect("a new session is stored");
        assert_eq!(seen.id, id);
        assert_eq!(ask::read(&seen), (parsed::value(document), Revision::FIRST.get()));
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

    /// Attaching the attributes changes the document to this one.
    pub(super) async fn becomes(&mut self, attributes: &str, document: &str) {
        let updated = self.attach(attributes).await.expect("the update is taken");
        assert!(updated.changed);
        assert_eq!(updated.session.id, self.seen.id);
        assert_eq!(ask::read(&updated.session), (parsed::value(document), self.seen.revision.next().get()));
        self.seen = updated.session;
        self.is_stored().await;
    }

    /// Attaching the attributes changes the document's list to this one, where there is nothing but the list.
    pub(super) async fn list_becomes(&mut self, attributes: &str, list: &str) {
        self.becomes(attributes, &ask::with_list(list)).await;
    }

    /// Attaching the attributes is fine and changes nothing.
    pub(super) async fn stays(&self, attributes: &str) {
        let updated = self.attach(attributes).await.expect("the update is taken");
        assert!(!updated.changed);
        self.is_as_seen(&updated.session);
        self.is_stored().await;
    }

    /// Attaching the attributes is refused and changes nothing.
    pub(super) async fn refuses(&self, attributes: &str) -> Error {
        let error = self.attach(attributes).await.expect_err("the update is refused");
        self.is_stored().await;
        error
    }

    /// Attaching the attributes is refused, since the list would hold `found` entries.
    pub(super) async fn outgrows(&self, attributes: &str, found: usize) {
        let error = self.refuses(attributes).await;
        let Error::TooManyAttributes { found: told, limit } = error else { panic!("{error:?}") };
        assert_eq!((told, limit), (found, self.max_attributes));
    }

    async fn attach(&self, attributes: &str) -> Result<Updated, Error> {
        let item = ask::update(&self.seen.id, attributes);
        ask::update_one(self.store, UpdateData { max_attributes: self.max_attributes, ..item }).await
    }

    async fn is_stored(&self) {
        self.is_as_seen(&ask::get_one(self.store, &self.seen.id).await.expect("the session is there"));
    }

    /// Equal texts need no reading, which takes longer than all else where a document is large.
    fn is_as_seen(&self, session: &Session) {
        if *session != self.seen {
            assert_eq!(session.id, self.seen.id);
            assert_eq!(ask::read(session), ask::read(&self.seen));
        }
    }
}
