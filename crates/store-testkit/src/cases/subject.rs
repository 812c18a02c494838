//! One session under test: knows what it must be, and compares.

use std::sync::Arc;

use domain::{
    Error,
    command::{Command, CommandResult},
    session::{Id, Revision, Session},
    store::Store,
};

use super::requests;
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
        let created = requests::made(store, requests::creation(&id, document)).await;
        assert!(created.changed);
        assert_eq!(requests::answered(&created), (parsed::value(document), Revision::FIRST.get()));
        let seen = created.session(id).expect("the answer has the document");
        let subject = Self { store, max_attributes: requests::MAX_ATTRIBUTES, seen };
        subject.is_stored().await;
        subject
    }

    /// Stores a document with a list of attributes.
    pub(super) async fn with_list(store: &'a Arc<dyn Store>, list: &str) -> Self {
        Self::stored(store, &requests::with_list(list)).await
    }

    pub(super) fn id(&self) -> &Id {
        &self.seen.id
    }

    pub(super) fn limit(&mut self, max_attributes: usize) {
        self.max_attributes = max_attributes;
    }

    /// The command changes the document to this one.
    pub(super) async fn applies(&mut self, command: Command, document: &str) {
        let changed = requests::made(self.store, command).await;
        assert!(changed.changed);
        assert_eq!(requests::answered(&changed), (parsed::value(document), self.seen.revision.next().get()));
        self.seen = changed.session(self.seen.id.clone()).expect("the answer has the document");
        self.is_stored().await;
    }

    /// The command is fine and changes nothing.
    pub(super) async fn ignores(&self, command: Command) {
        let changed = requests::made(self.store, command).await;
        assert!(!changed.changed);
        self.is_as_seen(changed);
        self.is_stored().await;
    }

    /// The command is refused and changes nothing.
    pub(super) async fn rejects(&self, command: Command) -> Error {
        let asked = format!("{command:?}");
        let error = requests::execute(self.store, command).await.expect_err(&asked);
        self.is_stored().await;
        error
    }

    /// Attaching the attributes changes the document to this one.
    pub(super) async fn becomes(&mut self, attributes: &str, document: &str) {
        self.applies(self.attaching(attributes), document).await;
    }

    /// Attaching the attributes changes the document's list to this one, where there is nothing but the list.
    pub(super) async fn list_becomes(&mut self, attributes: &str, list: &str) {
        self.becomes(attributes, &requests::with_list(list)).await;
    }

    /// Attaching the attributes is fine and changes nothing.
    pub(super) async fn stays(&self, attributes: &str) {
        self.ignores(self.attaching(attributes)).await;
    }

    /// Attaching the attributes is refused and changes nothing.
    pub(super) async fn refuses(&self, attributes: &str) -> Error {
        self.rejects(self.attaching(attributes)).await
    }

    /// Attaching the attributes is refused, since the list would hold `found` entries.
    pub(super) async fn outgrows(&self, attributes: &str, found: usize) {
        let error = self.refuses(attributes).await;
        let Error::TooManyAttributes { found: answered, limit } = error else { panic!("{error:?}") };
        assert_eq!((answered, limit), (found, self.max_attributes));
    }

    fn attaching(&self, attributes: &str) -> Command {
        requests::update_within(self.max_attributes, &self.seen.id, attributes)
    }

    /// Nothing has happened to the session meanwhile.
    pub(super) async fn is_stored(&self) {
        let session = requests::get_one(self.store, &self.seen.id).await.expect("the session is there");
        // Equal texts need no reading, which takes longer than all else where a document is large.
        if session != self.seen {
            assert_eq!(session.id, self.seen.id);
            assert_eq!(requests::read(&session), requests::read(&self.seen));
        }
    }

    fn is_as_seen(&self, answer: CommandResult) {
        let session = answer.session(self.seen.id.clone()).expect("the answer has the document");
        if session != self.seen {
            assert_eq!(requests::read(&session), requests::read(&self.seen));
        }
    }
}
