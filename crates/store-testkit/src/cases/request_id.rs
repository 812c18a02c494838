//! Request ids: whose they are, what is remembered under them, and for how long.

use std::sync::Arc;

use domain::{
    Error, Outcome,
    command::{Command, CommandResult, Delete, Existing, Operation},
    store::{Expired, Store},
    time::Timestamp,
};
use json::Value;

use super::{
    precondition::{is, is_absent},
    requests,
    subject::Subject,
};
use crate::parsed;

/// What an answer says, to be compared.
pub(super) fn answer(changed: &CommandResult) -> (Option<Value>, i64, bool) {
    (changed.document.as_deref().map(parsed::value), changed.revision.get(), changed.changed)
}

pub(super) async fn is_reused(store: &Arc<dyn Store>, command: Command) {
    let id = command.request_id.clone();
    let result = requests::execute(&**store, command).await;
    assert!(
        matches!(&result, Err(Error::RequestIdReused(answered)) if Some(answered) == id.as_ref()),
        "{result:?}"
    );
}

pub async fn other_content_is_refused(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &requests::one("z", 0)).await;
    let id = subject.id().clone();
    let command = requests::under("r", requests::update(&id, &requests::one("z", 1)));
    subject.applies(command.clone(), &requests::with_list(&requests::one("z", 1))).await;
    let others = [
        requests::update(&id, "[]"),
        requests::update(&id, &requests::one("z", "1.0")),
        requests::update(&id, &requests::one("Z", 1)),
        requests::update(&id, r#"[{"key":"z","type":"PositiveNumber","value":1}]"#),
        requests::exchange(&id, &["x"], &requests::one("z", 1)),
        requests::update_if(&id, vec![is("z", "1")], &requests::one("z", 1)),
        requests::update_if(&id, vec![is_absent("y")], &requests::one("z", 1)),
        requests::if_revision(&[1], requests::update(&id, &requests::one("z", 1))),
        requests::if_revision(&[], requests::update(&id, &requests::one("z", 1))),
        requests::creation(&id, "{}"),
        requests::creation_or(Existing::Keep, &id, "{}"),
        requests::creation_or(Existing::Replace, &id, &requests::with_list(&requests::one("z", 1))),
        requests::end(&id),
        requests::deletion(&id),
    ];
    for other in others {
        is_reused(store, requests::under("r", other)).await;
        subject.is_stored().await;
    }
    // It still answers for what it was used for.
    assert_eq!(requests::made(&**store, command).await.revision.get(), 2);
}

pub async fn request_ids_are_compared_exactly(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    let ids = [
        "r",
        "R",
        "r.",
        "0",
        "00",
        "%",
        "_",
        "'",
        "\"",
        "\\",
        "{}",
        "null",
        "~!",
        &"x".repeat(128),
        &"x".repeat(127),
    ];
    for (value, request_id) in ids.into_iter().enumerate() {
        let list = requests::one("a", value);
        let command = requests::under(request_id, requests::update(subject.id(), &list));
        subject.applies(command, &requests::with_list(&list)).await;
    }
    for (value, request_id) in ids.into_iter().enumerate() {
        let command = requests::under(request_id, requests::update(subject.id(), &requests::one("a", value)));
        assert_eq!(requests::made(&**store, command).await.revision.get(), value as i64 + 2);
    }
    subject.is_stored().await;
}

pub async fn each_session_has_its_own(store: &Arc<dyn Store>) {
    let ids = requests::ids(3);
    requests::create_all(&**store, &ids, "{}").await;
    for round in 0..2 {
        for (value, id) in ids.iter().enumerate() {
            let changed = requests::made(
                &**store,
                requests::under("r", requests::update(id, &requests::one("a", value))),
            )
            .await;
            let expected = parsed::value(&requests::with_list(&requests::one("a", value)));
            assert_eq!(answer(&changed), (Some(expected), 2, true), "in round {round}");
        }
    }
}

pub async fn an_update_that_changed_nothing_is_remembered_too(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &requests::one("a", 1)).await;
    let command = requests::under("r", requests::update(subject.id(), &requests::one("a", 1)));
    subject.ignores(command.clone()).await;
    // Had it not been remembered, the repeat would undo what another has written since.
    subject.list_becomes(&requests::one("a", 2), &requests::one("a", 2)).await;
    let repeated = requests::made(&**store, command).await;
    assert_eq!(
        answer(&repeated),
        (Some(parsed::value(&requests::with_list(&requests::one("a", 1)))), 1, false)
    );
    subject.is_stored().await;
    is_reused(store, requests::under("r", requests::update(subject.id(), &requests::one("a", 3)))).await;
}

pub async fn an_empty_update_is_remembered_too(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    subject.ignores(requests::under("r", requests::update(subject.id(), "[]"))).await;
    is_reused(store, requests::under("r", requests::update(subject.id(), &requests::one("a", 1)))).await;
    subject.list_becomes(&requests::one("a", 2), &requests::one("a", 2)).await;
}

pub async fn what_was_refused_is_not_remembered(store: &Arc<dyn Store>) {
    let id = parsed::id("late");
    let update = requests::under("r", requests::update(&id, &requests::one("a", 1)));
    let missing = requests::execute(&**store, update.clone()).await;
    assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
    requests::create_all(&**store, std::slice::from_ref(&id), &requests::with_list(&requests::one("b", 1)))
        .await;
    let refused = [
        requests::if_revision(&[9], requests::update(&id, "[]")),
        requests::update_if(&id, vec![is("b", "2")], "[]"),
        requests::update_within(0, &id, &requests::one("c", 1)),
        requests::creation(&id, "{}"),
    ];
    for command in refused {
        requests::execute(&**store, requests::under("r", command)).await.expect_err("it is refused");
    }
    let cancelled = requests::under("r", requests::update(&id, &requests::one("d", 1)));
    assert_eq!(cancelled.cancel_handle.cancel(), Outcome::NotApplied);
    requests::execute(&**store, cancelled).await.expect_err("it was cancelled");
    // None of them stands in the way of the first that is made.
    assert_eq!(answer(&requests::made(&**store, update.clone()).await).1, 2);
    assert_eq!(answer(&requests::made(&**store, update).await).1, 2);
}

pub async fn they_go_with_the_session(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let command = requests::under("r", requests::update(&id, &requests::one("a", 1)));
    requests::made(&**store, command.clone()).await;
    requests::made(&**store, requests::deletion(&id)).await;
    let gone = requests::execute(&**store, command.clone()).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
    requests::create_all(&**store, std::slice::from_ref(&id), "{}").await;
    let again = requests::made(&**store, command).await;
    assert_eq!(answer(&again), (Some(parsed::value(&requests::with_list(&requests::one("a", 1)))), 5, true));
}

pub async fn a_deletion_under_one_is_not_remembered(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let command = |allow_missing| {
        requests::under("r", parsed::command(id.clone(), Operation::Delete(Delete { allow_missing })))
    };
    assert_eq!(answer(&requests::made(&**store, command(false)).await), (None, 2, true));
    let again = requests::execute(&**store, command(false)).await;
    assert!(matches!(again, Err(Error::NotFound(_))), "{again:?}");
    assert_eq!(answer(&requests::made(&**store, command(true)).await), (None, 2, false));
    // The next session of this id knows nothing of it.
    requests::made(&**store, requests::under("r", requests::creation(&id, "{}"))).await;
}

pub async fn they_expire_in_steps_and_can_be_used_again(store: &Arc<dyn Store>) {
    let ids = requests::ids(2);
    requests::create_all(&**store, &ids, "{}").await;
    let command = |number: i64, value: i64| {
        let command = requests::update(&ids[number as usize % 2], &requests::one("a", value));
        requests::at(1000 + number, requests::under(&format!("r{number}"), command))
    };
    for number in 0..7 {
        requests::made(&**store, command(number, number)).await;
    }
    // Those of 1000 to 1004 go; 1005 and 1006 stay.
    let before = Expired::IdempotencyRecords(Timestamp::from_millis(1005));
    let mut steps = Vec::new();
    while steps.last().is_none_or(|deleted| *deleted == 2) {
        assert!(steps.len() < 5, "{steps:?}");
        steps.push(store.expire(before, 2).await.expect("the store answers"));
    }
    assert_eq!(steps, [2, 2, 1]);
    assert_eq!(store.expire(before, 2).await.expect("the store answers"), 0);
    for number in 0..5 {
        assert!(requests::made(&**store, command(number, 100 + number)).await.changed);
    }
    for number in 5..7 {
        is_reused(store, command(number, 100 + number)).await;
        let expected = parsed::value(&requests::with_list(&requests::one("a", number)));
        assert_eq!(answer(&requests::made(&**store, command(number, number)).await).0, Some(expected));
    }
}

pub async fn retention_of_events_leaves_them(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let command = requests::at(5, requests::under("r", requests::update(&id, &requests::one("a", 1))));
    requests::made(&**store, command.clone()).await;
    store.expire(Expired::Events(Timestamp::from_millis(100)), 100).await.expect("the store answers");
    assert_eq!(answer(&requests::made(&**store, command).await).1, 2);
}

pub async fn what_is_only_validated_is_not_remembered(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    let id = subject.id().clone();
    let validated =
        requests::only_validated(requests::under("r", requests::update(&id, &requests::one("a", 1))));
    assert!(requests::made(&**store, validated).await.changed);
    requests::made(&**store, requests::only_validated(requests::under("r", requests::update(&id, "[]"))))
        .await;
    let command = requests::under("r", requests::update(&id, &requests::one("a", 2)));
    subject.applies(command, &requests::with_list(&requests::one("a", 2))).await;
}
