//! The revision that a caller requires of a session before its command is made.

use std::sync::Arc;

use domain::{
    Error, Reason,
    command::{Command, Existing},
    precondition::RevisionMatch,
    session::Revision,
    store::Store,
};

use super::{
    requests,
    subject::Subject,
    tasks::{TASKS, at_once},
};
use crate::parsed;

fn if_any(command: Command) -> Command {
    Command { revision: Some(RevisionMatch::Any), ..command }
}

pub async fn the_present_revision_is_met(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    for value in 1..4 {
        let list = requests::one("a", value);
        let command = requests::if_revision(&[value], requests::update(subject.id(), &list));
        subject.applies(command, &requests::with_list(&list)).await;
    }
    subject
        .ignores(requests::if_revision(&[4], requests::update(subject.id(), &requests::one("a", 3))))
        .await;
}

pub async fn another_revision_is_refused_and_told(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    subject.list_becomes(&requests::one("a", 1), &requests::one("a", 1)).await;
    for other in [0, 1, 3, -1, i64::MAX] {
        // The second would change nothing, which is no reason to let it pass.
        for value in [2, 1] {
            let command = requests::update(subject.id(), &requests::one("a", value));
            let error = subject.rejects(requests::if_revision(&[other], command)).await;
            assert!(
                matches!(error, Error::RevisionMismatch { revision } if revision == Revision::new(2)),
                "{error:?}"
            );
        }
    }
}

pub async fn one_of_several_revisions_is_enough(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    let list = requests::one("a", 1);
    let command = requests::if_revision(&[9, 1, 5], requests::update(subject.id(), &list));
    subject.applies(command.clone(), &requests::with_list(&list)).await;
    assert_eq!(subject.rejects(command).await.reason(), Reason::RevisionMismatch);
}

pub async fn tags_that_no_session_has_are_met_by_none(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, "[]").await;
    let error = subject.rejects(requests::if_revision(&[], requests::update(subject.id(), "[]"))).await;
    assert_eq!(error.reason(), Reason::RevisionMismatch);
}

pub async fn any_revision_asks_for_a_session_and_no_more(store: &Arc<dyn Store>) {
    let missing = parsed::id("missing");
    let commands = [
        requests::update(&missing, "[]"),
        requests::end(&missing),
        requests::deletion(&missing),
        requests::creation(&missing, "{}"),
        requests::creation_or(Existing::Keep, &missing, "{}"),
        requests::creation_or(Existing::Replace, &missing, "{}"),
    ];
    for command in commands {
        let error = requests::execute(&**store, if_any(command)).await.expect_err("there is none");
        assert!(matches!(&error, Error::NotFound(id) if *id == missing), "{error:?}");
    }
    let mut subject = Subject::with_list(store, "[]").await;
    for value in 1..4 {
        let list = requests::one("a", value);
        subject.applies(if_any(requests::update(subject.id(), &list)), &requests::with_list(&list)).await;
    }
}

pub async fn a_revision_is_required_of_every_kind_of_change(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, "[]").await;
    let commands = |revision: i64| {
        [
            requests::creation_or(Existing::Keep, subject.id(), "{}"),
            requests::creation_or(Existing::Replace, subject.id(), r#"{"replaced":true}"#),
            requests::end(subject.id()),
            requests::deletion(subject.id()),
        ]
        .map(|command| requests::if_revision(&[revision], command))
    };
    for command in commands(2) {
        assert_eq!(subject.rejects(command).await.reason(), Reason::RevisionMismatch);
    }
    // Each but the first leaves the next revision.
    for (at, command) in commands(1).into_iter().enumerate() {
        let command = if at < 2 { command } else { requests::if_revision(&[at as i64], command) };
        let revision = requests::made(&**store, command).await.revision.get();
        assert_eq!(revision, (at as i64 + 1).max(1));
    }
}

pub async fn a_deleted_session_meets_no_revision(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let deleted = requests::made(&**store, requests::deletion(&id)).await;
    for revision in [0, 1, deleted.revision.get()] {
        for command in [requests::update(&id, "[]"), requests::creation(&id, "{}"), requests::deletion(&id)] {
            let error = requests::execute(&**store, requests::if_revision(&[revision], command)).await;
            assert!(matches!(error, Err(Error::NotFound(_))), "{error:?}");
        }
    }
}

pub async fn of_many_with_one_etag_one_changes(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let commands =
        (0..TASKS).map(|task| requests::if_revision(&[1], requests::update(&id, &requests::one("a", task))));
    let results = at_once(store, commands).await;
    let (made, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    for error in refused {
        let answered =
            matches!(error, Err(Error::RevisionMismatch { revision }) if revision == Revision::new(2));
        assert!(answered, "{error:?}");
    }
}
