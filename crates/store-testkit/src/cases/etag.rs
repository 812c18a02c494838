//! The revision that a caller requires of a session before its change is made.

use std::sync::Arc;

use domain::{
    Error, Reason,
    change::{Change, Existing},
    precondition::RevisionMatch,
    session::Revision,
    store::Store,
};

use super::{
    ask,
    subject::Subject,
    tasks::{TASKS, at_once},
};
use crate::parsed;

fn if_any(change: Change) -> Change {
    Change { revision: Some(RevisionMatch::Any), ..change }
}

pub async fn the_present_revision_is_met(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    for value in 1..4 {
        let list = ask::one("a", value);
        let change = ask::if_revision(&[value], ask::update(subject.id(), &list));
        subject.takes(change, &ask::with_list(&list)).await;
    }
    subject.ignores(ask::if_revision(&[4], ask::update(subject.id(), &ask::one("a", 3)))).await;
}

pub async fn another_revision_is_refused_and_told(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    subject.list_becomes(&ask::one("a", 1), &ask::one("a", 1)).await;
    for other in [0, 1, 3, -1, i64::MAX] {
        // The second would change nothing, which is no reason to let it pass.
        for value in [2, 1] {
            let change = ask::update(subject.id(), &ask::one("a", value));
            let error = subject.denies(ask::if_revision(&[other], change)).await;
            assert!(
                matches!(error, Error::RevisionMismatch { revision } if revision == Revision::new(2)),
                "{error:?}"
            );
        }
    }
}

pub async fn one_of_several_revisions_is_enough(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    let list = ask::one("a", 1);
    let change = ask::if_revision(&[9, 1, 5], ask::update(subject.id(), &list));
    subject.takes(change.clone(), &ask::with_list(&list)).await;
    assert_eq!(subject.denies(change).await.reason(), Reason::RevisionMismatch);
}

pub async fn tags_that_no_session_has_are_met_by_none(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, "[]").await;
    let error = subject.denies(ask::if_revision(&[], ask::update(subject.id(), "[]"))).await;
    assert_eq!(error.reason(), Reason::RevisionMismatch);
}

pub async fn any_revision_asks_for_a_session_and_no_more(store: &Arc<dyn Store>) {
    let missing = parsed::id("missing");
    let changes = [
        ask::update(&missing, "[]"),
        ask::end(&missing),
        ask::deletion(&missing),
        ask::creation(&missing, "{}"),
        ask::creation_or(Existing::Keep, &missing, "{}"),
        ask::creation_or(Existing::Replace, &missing, "{}"),
    ];
    for change in changes {
        let error = ask::change(&**store, if_any(change)).await.expect_err("there is none");
        assert!(matches!(&error, Error::NotFound(id) if *id == missing), "{error:?}");
    }
    let mut subject = Subject::with_list(store, "[]").await;
    for value in 1..4 {
        let list = ask::one("a", value);
        subject.takes(if_any(ask::update(subject.id(), &list)), &ask::with_list(&list)).await;
    }
}

pub async fn a_revision_is_required_of_every_kind_of_change(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, "[]").await;
    let changes = |revision: i64| {
        [
            ask::creation_or(Existing::Keep, subject.id(), "{}"),
            ask::creation_or(Existing::Replace, subject.id(), r#"{"replaced":true}"#),
            ask::end(subject.id()),
            ask::deletion(subject.id()),
        ]
        .map(|change| ask::if_revision(&[revision], change))
    };
    for change in changes(2) {
        assert_eq!(subject.denies(change).await.reason(), Reason::RevisionMismatch);
    }
    // Each but the first leaves the next revision.
    for (at, change) in changes(1).into_iter().enumerate() {
        let change = if at < 2 { change } else { ask::if_revision(&[at as i64], change) };
        let revision = ask::made(&**store, change).await.revision.get();
        assert_eq!(revision, (at as i64 + 1).max(1));
    }
}

pub async fn a_deleted_session_meets_no_revision(store: &Arc<dyn Store>) {
    let id = ask::create_one(&**store, "{}").await;
    let deleted = ask::made(&**store, ask::deletion(&id)).await;
    for revision in [0, 1, deleted.revision.get()] {
        for change in [ask::update(&id, "[]"), ask::creation(&id, "{}"), ask::deletion(&id)] {
            let error = ask::change(&**store, ask::if_revision(&[revision], change)).await;
            assert!(matches!(error, Err(Error::NotFound(_))), "{error:?}");
        }
    }
}

pub async fn of_many_with_one_etag_one_changes(store: &Arc<dyn Store>) {
    let id = ask::create_one(&**store, "{}").await;
    let changes = (0..TASKS).map(|task| ask::if_revision(&[1], ask::update(&id, &ask::one("a", task))));
    let results = at_once(store, changes).await;
    let (made, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    for error in refused {
        let told = matches!(error, Err(Error::RevisionMismatch { revision }) if revision == Revision::new(2));
        assert!(told, "{error:?}");
    }
}
