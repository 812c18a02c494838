//! All checks, and no change.

use std::sync::Arc;

use domain::{
    Error, Reason,
    change::{Changed, Delete, Existing, Operation},
    store::Store,
};

use super::{
    ask,
    precondition::{is, is_absent},
    reader::Reader,
    subject::Subject,
};
use crate::parsed;

/// What would be: the document that would be, and the revision that is.
fn would_be(changed: &Changed, document: &str, revision: i64) {
    assert!(changed.changed);
    assert_eq!(ask::told(changed), (parsed::value(document), revision));
}

pub async fn an_update_is_told_and_not_made(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, &ask::one("a", 1)).await;
    let mut reader = Reader::of(store, subject.id()).await;
    for _ in 0..2 {
        let change = ask::only_validated(ask::update(subject.id(), &ask::one("a", "0.10")));
        would_be(&ask::made(&**store, change).await, &ask::with_list(&ask::one("a", "0.10")), 1);
        subject.is_stored().await;
    }
    let change = ask::only_validated(ask::exchange(subject.id(), &["a"], &ask::one("b", 2)));
    would_be(&ask::made(&**store, change).await, &ask::with_list(&ask::one("b", 2)), 1);
    subject.is_stored().await;
    assert_eq!(reader.events().await, []);
}

pub async fn what_would_change_nothing_is_told_so(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, &ask::one("a", 1)).await;
    subject.ignores(ask::only_validated(ask::update(subject.id(), &ask::one("a", 1)))).await;
    subject.ignores(ask::only_validated(ask::update(subject.id(), "[]"))).await;
    subject.ignores(ask::only_validated(ask::removal(subject.id(), &["b"]))).await;
    subject.ignores(ask::only_validated(ask::creation_or(Existing::Keep, subject.id(), "{}"))).await;
}

pub async fn everything_is_checked(store: &Arc<dyn Store>) {
    let missing = ask::only_validated(ask::update(&parsed::id("missing"), "[]"));
    let missing = ask::change(&**store, missing).await;
    assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");

    let subject = Subject::with_list(store, &ask::one("a", 1)).await;
    let id = subject.id();
    let changes = [
        (ask::if_revision(&[2], ask::update(id, "[]")), Reason::RevisionMismatch),
        (ask::update_if(id, vec![is("a", "2")], "[]"), Reason::AttributeMismatch),
        (ask::update_if(id, vec![is_absent("a")], "[]"), Reason::AttributeMismatch),
        (ask::update_within(1, id, &ask::one("b", 1)), Reason::TooManyAttributes),
        (ask::creation(id, "{}"), Reason::ChannelSessionExists),
        (ask::if_revision(&[2], ask::end(id)), Reason::RevisionMismatch),
        (ask::if_revision(&[2], ask::deletion(id)), Reason::RevisionMismatch),
    ];
    for (change, reason) in changes {
        assert_eq!(subject.denies(ask::only_validated(change)).await.reason(), reason);
    }

    let ended = parsed::id("ended");
    ask::create_all(&**store, std::slice::from_ref(&ended), r#"{"isActive":false}"#).await;
    for change in [ask::update(&ended, "[]"), ask::end(&ended)] {
        let error = ask::change(&**store, ask::only_validated(change)).await;
        assert!(matches!(error, Err(Error::NotActive(_))), "{error:?}");
    }
}

pub async fn a_creation_is_told_and_not_made(store: &Arc<dyn Store>) {
    let id = parsed::id("new");
    let mut reader = Reader::of(store, &id).await;
    let change = ask::only_validated(ask::creation(&id, r#"{"n":0.10}"#));
    for _ in 0..2 {
        would_be(&ask::made(&**store, change.clone()).await, r#"{"n":0.10}"#, 0);
        let missing = ask::get_one(&**store, &id).await;
        assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
    }
    assert_eq!(reader.events().await, []);
    ask::create_all(&**store, &[id], "{}").await;
}

pub async fn an_end_and_a_deletion_are_told_and_not_made(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, r#"{"state":"STARTED"}"#).await;
    let ended = ask::made(&**store, ask::only_validated(ask::end(subject.id()))).await;
    would_be(&ended, r#"{"state":"ENDED","isActive":false}"#, 1);
    subject.is_stored().await;
    let deleted = ask::made(&**store, ask::only_validated(ask::deletion(subject.id()))).await;
    assert_eq!((deleted.revision.get(), deleted.document, deleted.changed), (1, None, true));
    subject.is_stored().await;
    let replaced = ask::creation_or(Existing::Replace, subject.id(), r#"{"n":1}"#);
    would_be(&ask::made(&**store, ask::only_validated(replaced.clone())).await, r#"{"n":1}"#, 1);
    subject.is_stored().await;
    subject.takes(replaced, r#"{"n":1}"#).await;
}

pub async fn the_deletion_of_nothing_is_told(store: &Arc<dyn Store>) {
    let id = parsed::id("missing");
    for (allow_missing, is_fine) in [(true, true), (false, false)] {
        let change = domain::change::Change::new(id.clone(), Operation::Delete(Delete { allow_missing }));
        match ask::change(&**store, ask::only_validated(change)).await {
            Ok(changed) => assert!(is_fine && !changed.changed && changed.document.is_none(), "{changed:?}"),
            Err(error) => assert!(!is_fine && matches!(error, Error::NotFound(_)), "{error:?}"),
        }
    }
}

pub async fn in_one_call_it_sees_the_changes_before_it_and_those_behind_it_do_not_see_it(
    store: &Arc<dyn Store>,
) {
    let id = ask::create_one(&**store, &ask::with_list(&ask::one("a", 1))).await;
    let mut reader = Reader::of(store, &id).await;
    let exchange = |gone: &str, key: &str, value| ask::exchange(&id, &[gone], &ask::one(key, value));
    let changes = vec![
        ask::only_validated(exchange("a", "b", 1)),
        ask::update(&id, &ask::one("a", 2)),
        ask::only_validated(exchange("a", "b", 2)),
        ask::only_validated(ask::deletion(&id)),
        ask::only_validated(ask::end(&id)),
        ask::update_if(&id, vec![is("a", "2"), is_absent("b")], &ask::one("a", 3)),
        ask::only_validated(ask::update_if(&id, vec![is("a", "3")], &ask::one("a", 4))),
    ];
    let results: Vec<_> =
        store.change(changes).await.into_iter().map(|result| result.expect("each is taken")).collect();
    let with = |key: &str, value: u8| ask::with_list(&ask::one(key, value));
    would_be(&results[0], &with("b", 1), 1);
    would_be(&results[1], &with("a", 2), 2);
    would_be(&results[2], &with("b", 2), 2);
    assert_eq!((results[3].revision.get(), results[3].changed), (2, true));
    would_be(&results[5], &with("a", 3), 3);
    would_be(&results[6], &with("a", 4), 3);
    assert_eq!(ask::stored(&**store, &id).await, (parsed::value(&with("a", 3)), 3));
    let revisions: Vec<_> = reader.events().await.iter().map(|event| event.revision.get()).collect();
    assert_eq!(revisions, [2, 3]);
}

pub async fn a_call_that_only_validates_changes_no_moment(store: &Arc<dyn Store>) {
    let id = ask::create_one(&**store, "{}").await;
    ask::made(&**store, ask::at(10, ask::end(&id))).await;
    ask::made(&**store, ask::at(99, ask::only_validated(ask::deletion(&id)))).await;
    let ended = store.ended(domain::time::Timestamp::from_millis(11), 10).await.expect("the store answers");
    assert_eq!(ended.len(), 1);
}
