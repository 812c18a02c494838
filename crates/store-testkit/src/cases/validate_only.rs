//! All checks, and no change.

use std::sync::Arc;

use domain::{
    Error, Reason,
    command::{CommandResult, Delete, Existing, Operation},
    store::Store,
};

use super::{
    precondition::{is, is_absent},
    reader::Reader,
    requests,
    subject::Subject,
};
use crate::parsed;

/// What would be: the document that would be, and the revision that is.
fn would_be(changed: &CommandResult, document: &str, revision: i64) {
    assert!(changed.changed);
    assert_eq!(requests::answered(changed), (parsed::value(document), revision));
}

pub async fn an_update_is_told_and_not_made(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, &requests::one("a", 1)).await;
    let mut reader = Reader::of(store, subject.id()).await;
    for _ in 0..2 {
        let command = requests::only_validated(requests::update(subject.id(), &requests::one("a", "0.10")));
        would_be(
            &requests::made(&**store, command).await,
            &requests::with_list(&requests::one("a", "0.10")),
            1,
        );
        subject.is_stored().await;
    }
    let command = requests::only_validated(requests::exchange(subject.id(), &["a"], &requests::one("b", 2)));
    would_be(&requests::made(&**store, command).await, &requests::with_list(&requests::one("b", 2)), 1);
    subject.is_stored().await;
    assert_eq!(reader.events().await, []);
}

pub async fn what_would_change_nothing_is_told_so(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, &requests::one("a", 1)).await;
    subject.ignores(requests::only_validated(requests::update(subject.id(), &requests::one("a", 1)))).await;
    subject.ignores(requests::only_validated(requests::update(subject.id(), "[]"))).await;
    subject.ignores(requests::only_validated(requests::removal(subject.id(), &["b"]))).await;
    subject
        .ignores(requests::only_validated(requests::creation_or(Existing::Keep, subject.id(), "{}")))
        .await;
}

pub async fn everything_is_checked(store: &Arc<dyn Store>) {
    let missing = requests::only_validated(requests::update(&parsed::id("missing"), "[]"));
    let missing = requests::execute(&**store, missing).await;
    assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");

    let subject = Subject::with_list(store, &requests::one("a", 1)).await;
    let id = subject.id();
    let commands = [
        (requests::if_revision(&[2], requests::update(id, "[]")), Reason::RevisionMismatch),
        (requests::update_if(id, vec![is("a", "2")], "[]"), Reason::AttributeMismatch),
        (requests::update_if(id, vec![is_absent("a")], "[]"), Reason::AttributeMismatch),
        (requests::update_within(1, id, &requests::one("b", 1)), Reason::TooManyAttributes),
        (requests::creation(id, "{}"), Reason::ChannelSessionExists),
        (requests::if_revision(&[2], requests::end(id)), Reason::RevisionMismatch),
        (requests::if_revision(&[2], requests::deletion(id)), Reason::RevisionMismatch),
    ];
    for (command, reason) in commands {
        assert_eq!(subject.rejects(requests::only_validated(command)).await.reason(), reason);
    }

    let ended = parsed::id("ended");
    requests::create_all(&**store, std::slice::from_ref(&ended), r#"{"isActive":false}"#).await;
    for command in [requests::update(&ended, "[]"), requests::end(&ended)] {
        let error = requests::execute(&**store, requests::only_validated(command)).await;
        assert!(matches!(error, Err(Error::NotActive(_))), "{error:?}");
    }
}

pub async fn a_creation_is_told_and_not_made(store: &Arc<dyn Store>) {
    let id = parsed::id("new");
    let mut reader = Reader::of(store, &id).await;
    let command = requests::only_validated(requests::creation(&id, r#"{"n":0.10}"#));
    for _ in 0..2 {
        would_be(&requests::made(&**store, command.clone()).await, r#"{"n":0.10}"#, 0);
        let missing = requests::get_one(&**store, &id).await;
        assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
    }
    assert_eq!(reader.events().await, []);
    requests::create_all(&**store, &[id], "{}").await;
}

pub async fn an_end_and_a_deletion_are_told_and_not_made(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, r#"{"state":"STARTED"}"#).await;
    let ended = requests::made(&**store, requests::only_validated(requests::end(subject.id()))).await;
    would_be(&ended, r#"{"state":"ENDED","isActive":false}"#, 1);
    subject.is_stored().await;
    let deleted = requests::made(&**store, requests::only_validated(requests::deletion(subject.id()))).await;
    assert_eq!((deleted.revision.get(), deleted.document, deleted.changed), (1, None, true));
    subject.is_stored().await;
    let replaced = requests::creation_or(Existing::Replace, subject.id(), r#"{"n":1}"#);
    would_be(&requests::made(&**store, requests::only_validated(replaced.clone())).await, r#"{"n":1}"#, 1);
    subject.is_stored().await;
    subject.applies(replaced, r#"{"n":1}"#).await;
}

pub async fn the_deletion_of_nothing_is_told(store: &Arc<dyn Store>) {
    let id = parsed::id("missing");
    for (allow_missing, is_fine) in [(true, true), (false, false)] {
        let command = parsed::command(id.clone(), Operation::Delete(Delete { allow_missing }));
        match requests::execute(&**store, requests::only_validated(command)).await {
            Ok(changed) => assert!(is_fine && !changed.changed && changed.document.is_none(), "{changed:?}"),
            Err(error) => assert!(!is_fine && matches!(error, Error::NotFound(_)), "{error:?}"),
        }
    }
}

pub async fn in_one_call_it_sees_the_changes_before_it_and_those_behind_it_do_not_see_it(
    store: &Arc<dyn Store>,
) {
    let id = requests::create_one(&**store, &requests::with_list(&requests::one("a", 1))).await;
    let mut reader = Reader::of(store, &id).await;
    let exchange =
        |gone: &str, key: &str, value| requests::exchange(&id, &[gone], &requests::one(key, value));
    let commands = vec![
        requests::only_validated(exchange("a", "b", 1)),
        requests::update(&id, &requests::one("a", 2)),
        requests::only_validated(exchange("a", "b", 2)),
        requests::only_validated(requests::deletion(&id)),
        requests::only_validated(requests::end(&id)),
        requests::update_if(&id, vec![is("a", "2"), is_absent("b")], &requests::one("a", 3)),
        requests::only_validated(requests::update_if(&id, vec![is("a", "3")], &requests::one("a", 4))),
    ];
    let results: Vec<_> =
        store.execute(commands).await.into_iter().map(|result| result.expect("each is taken")).collect();
    let with = |key: &str, value: u8| requests::with_list(&requests::one(key, value));
    would_be(&results[0], &with("b", 1), 1);
    would_be(&results[1], &with("a", 2), 2);
    would_be(&results[2], &with("b", 2), 2);
    assert_eq!((results[3].revision.get(), results[3].changed), (2, true));
    would_be(&results[5], &with("a", 3), 3);
    would_be(&results[6], &with("a", 4), 3);
    assert_eq!(requests::stored(&**store, &id).await, (parsed::value(&with("a", 3)), 3));
    let revisions: Vec<_> = reader.events().await.iter().map(|event| event.revision.get()).collect();
    assert_eq!(revisions, [2, 3]);
}

pub async fn a_call_that_only_validates_changes_no_moment(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    requests::made(&**store, requests::at(10, requests::end(&id))).await;
    requests::made(&**store, requests::at(99, requests::only_validated(requests::deletion(&id)))).await;
    let ended = store.ended(domain::time::Timestamp::from_millis(11), 10).await.expect("the store answers");
    assert_eq!(ended.len(), 1);
}
