//! One session under test: knows what the store must have, and compares.

use std::sync::Arc;

use domain::{
    Error,
    attribute::Attributes,
    json::Value,
    session::{Id, Revision},
    store::{Store, UpdateData},
};

use super::ask;
use crate::parsed;

/// A session that the case has stored. Each step checks the reply, and then what is stored.
pub(super) struct Subject<'a> {
    store: &'a dyn Store,
    id: Id,
    max_attributes: usize,
    document: Value,
    revision: Revision,
}

impl<'a> Subject<'a> {
    /// Stores a document, under the same id in every case, since every case has a store of its own.
    pub(super) async fn stored(store: &'a Arc<dyn Store>, document: &str) -> Self {
        let id = parsed::id("64e2f08a6155b317cd3f88fd");
        let session =
            ask::create_one(&**store, ask::creation(&id, document)).await.expect("a new session is stored");
        assert_eq!(session.id, id);
        let subject = Self {
            store: &**store,
            id,
            max_attributes: ask::MAX_ATTRIBUTES,
            document: parsed::value(document),
            revision: Revision::FIRST,
        };
        assert_eq!(ask::read(&session), subject.expected());
        subject.is_stored().await;
        subject
    }

    /// Stores a document with a list of attributes.
    pub(super) async fn with_list(store: &'a Arc<dyn Store>, list: &str) -> Self {
        Self::stored(store, &ask::with_list(list)).await
    }

    pub(super) fn id(&self) -> &Id {
        &self.id
    }

    pub(super) fn limit(&mut self, max_attributes: usize) {
        self.max_attributes = max_attributes;
    }

    /// Attaching the attributes changes the document to this one.
    pub(super) async fn becomes(&mut self, attributes: &str, document: &str) {
        self.document = parsed::value(document);
        self.revision = self.revision.next();
        self.replies(attributes, true).await;
    }

    /// Attaching the attributes changes the document's list to this one, where there is nothing but the list.
    pub(super) async fn list_becomes(&mut self, attributes: &str, list: &str) {
        self.becomes(attributes, &ask::with_list(list)).await;
    }

    /// Attaching the attributes is fine and changes nothing.
    pub(super) async fn stays(&self, attributes: &str) {
        self.replies(attributes, false).await;
    }

    /// Attaching the attributes is refused and changes nothing.
    pub(super) async fn refuses(&self, attributes: &str) -> Error {
        let error =
            ask::update_one(self.store, self.item(attributes)).await.expect_err("the update is refused");
        self.is_stored().await;
        error
    }

    /// Attaching the attributes is refused, since the list would hold `found` entries.
    pub(super) async fn outgrows(&self, attributes: &str, found: usize) {
        let error = self.refuses(attributes).await;
        let Error::TooManyAttributes { found: told, limit } = error else { panic!("{error:?}") };
        assert_eq!((told, limit), (found, self.max_attributes));
    }

    async fn replies(&self, attributes: &str, changed: bool) {
        let updated = ask::update_one(self.store, self.item(attributes)).await.expect("the update is taken");
        assert_eq!(updated.session.id, self.id);
        assert_eq!(ask::read(&updated.session), self.expected());
        assert_eq!(updated.changed, changed);
        self.is_stored().await;
    }

    async fn is_stored(&self) {
        assert_eq!(ask::stored(self.store, &self.id).await, self.expected());
    }

    fn item(&self, attributes: &str) -> UpdateData {
        let attributes: Attributes = parsed::attributes(attributes);
        UpdateData { attributes, max_attributes: self.max_attributes, ..ask::update(&self.id, "[]") }
    }

    fn expected(&self) -> (Value, i64) {
        (self.document.clone(), self.revision.get())
    }
}
