//! Request ids: whose they are, what is remembered under them, and for how long.

use std::sync::Arc;

use domain::{
    Error, Outcome,
    change::{Change, Changed, Delete, Existing, Operation},
    store::{Expired, Store},
    time::Timestamp,
};
use json::Value;

use super::{
    ask,
    precondition::{is, is_absent},
    subject::Subject,
};
use crate::parsed;

/// What an answer says, to be compared.
pub(super) fn answer(changed: &Changed) -> (Option<Value>, i64, bool) {
    (changed.document.as_deref().map(parsed::value), changed.revision.get(), changed.changed)
}

pub(super) async fn is_reused(store: &Arc<dyn Store>, change: Change) {
    let id = change.request_id.clone();
    let result = ask::change(&**store, change).await;
    assert!(matches!(&result, Err(Error::RequestIdReused(told)) if Some(told) == id.as_ref()), "{result:?}");
}

pub async fn other_content_is_refused(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &ask::one("z", 0)).await;
    let id = subject.id().clone();
    let change = ask::under("r", ask::update(&id, &ask::one("z", 1)));
    subject.takes(change.clone(), &ask::with_list(&ask::one("z", 1))).await;
    let others = [
        ask::update(&id, "[]"),
        ask::update(&id, &ask::one("z", "1.0")),
        ask::update(&id, &ask::one("Z", 1)),
        ask::update(&id, r#"[{"key":"z","type":"PositiveNumber","value":1}]"#),
        ask::exchange(&id, &["x"], &ask::one("z", 1)),
        ask::update_if(&id, vec![is("z", "1")], &ask::one("z", 1)),
        ask::update_if(&id, vec![is_absent("y")], &ask::one("z", 1)),
        ask::if_revision(&[1], ask::update(&id, &ask::one("z", 1))),
        ask::if_revision(&[], ask::update(&id, &ask::one("z", 1))),
        ask::creation(&id, "{}"),
        ask::creation_or(Existing::Keep, &id, "{}"),
        ask::creation_or(Existing::Replace, &id, &ask::with_list(&ask::one("z", 1))),
        ask::end(&id),
        ask::deletion(&id),
    ];
    for other in others {
        is_reused(store, ask::under("r", other)).await;
        subject.is_stored().await;
    }
    // It still answers for what it was used for.
    assert_eq!(ask::made(&**store, change).await.revision.get(), 2);
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
        let list = ask::one("a", value);
        let change = ask::under(request_id, ask::update(subject.id(), &list));
        subject.takes(change, &ask::with_list(&list)).await;
    }
    for (value, request_id) in ids.into_iter().enumerate() {
        let change = ask::under(request_id, ask::update(subject.id(), &ask::one("a", value)));
        assert_eq!(ask::made(&**store, change).await.revision.get(), value as i64 + 2);
    }
    subject.is_stored().await;
}

pub async fn each_session_has_its_own(store: &Arc<dyn Store>) {
    let ids = ask::ids(3);
    ask::create_all(&**store, &ids, "{}").await;
    for round in 0..2 {
        for (value, id) in ids.iter().enumerate() {
            let changed = ask::made(&**store, ask::under("r", ask::update(id, &ask::one("a", value)))).await;
            let expected = parsed::value(&ask::with_list(&ask::one("a", value)));
            assert_eq!(answer(&changed), (Some(expected), 2, true), "in round {round}");
        }
    }
}

pub async fn an_update_that_changed_nothing_is_remembered_too(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, &ask::one("a", 1)).await;
    let change = ask::under("r", ask::update(subject.id(), &ask::one("a", 1)));
    subject.ignores(change.clone()).await;
    // Had it not been remembered, the repeat would undo what another has written since.
    subject.list_becomes(&ask::one("a", 2), &ask::one("a", 2)).await;
    let repeated = ask::made(&**store, change).await;
    assert_eq!(answer(&repeated), (Some(parsed::value(&ask::with_list(&ask::one("a", 1)))), 1, false));
    subject.is_stored().await;
    is_reused(store, ask::under("r", ask::update(subject.id(), &ask::one("a", 3)))).await;
}

pub async fn an_empty_update_is_remembered_too(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    subject.ignores(ask::under("r", ask::update(subject.id(), "[]"))).await;
    is_reused(store, ask::under("r", ask::update(subject.id(), &ask::one("a", 1)))).await;
    subject.list_becomes(&ask::one("a", 2), &ask::one("a", 2)).await;
}

pub async fn what_was_refused_is_not_remembered(store: &Arc<dyn Store>) {
    let id = parsed::id("late");
    let update = ask::under("r", ask::update(&id, &ask::one("a", 1)));
    let missing = ask::change(&**store, update.clone()).await;
    assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
    ask::create_all(&**store, std::slice::from_ref(&id), &ask::with_list(&ask::one("b", 1))).await;
    let refused = [
        ask::if_revision(&[9], ask::update(&id, "[]")),
        ask::update_if(&id, vec![is("b", "2")], "[]"),
        ask::update_within(0, &id, &ask::one("c", 1)),
        ask::creation(&id, "{}"),
    ];
    for change in refused {
        ask::change(&**store, ask::under("r", change)).await.expect_err("it is refused");
    }
    let given_up = ask::under("r", ask::update(&id, &ask::one("d", 1)));
    assert_eq!(given_up.attempt.give_up(), Outcome::NotApplied);
    ask::change(&**store, given_up).await.expect_err("it was given up");
    // None of them stands in the way of the first that is made.
    assert_eq!(answer(&ask::made(&**store, update.clone()).await).1, 2);
    assert_eq!(answer(&ask::made(&**store, update).await).1, 2);
}

pub async fn they_go_with_the_session(store: &Arc<dyn Store>) {
    let id = ask::create_one(&**store, "{}").await;
    let change = ask::under("r", ask::update(&id, &ask::one("a", 1)));
    ask::made(&**store, change.clone()).await;
    ask::made(&**store, ask::deletion(&id)).await;
    let gone = ask::change(&**store, change.clone()).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
    ask::create_all(&**store, std::slice::from_ref(&id), "{}").await;
    let anew = ask::made(&**store, change).await;
    assert_eq!(answer(&anew), (Some(parsed::value(&ask::with_list(&ask::one("a", 1)))), 5, true));
}

pub async fn a_deletion_under_one_is_not_remembered(store: &Arc<dyn Store>) {
    let id = ask::create_one(&**store, "{}").await;
    let change =
        |allow_missing| ask::under("r", Change::new(id.clone(), Operation::Delete(Delete { allow_missing })));
    assert_eq!(answer(&ask::made(&**store, change(false)).await), (None, 2, true));
    let again = ask::change(&**store, change(false)).await;
    assert!(matches!(again, Err(Error::NotFound(_))), "{again:?}");
    assert_eq!(answer(&ask::made(&**store, change(true)).await), (None, 2, false));
    // The next session of this id knows nothing of it.
    ask::made(&**store, ask::under("r", ask::creation(&id, "{}"))).await;
}

pub async fn they_are_cleaned_up_in_steps_and_can_be_used_anew(store: &Arc<dyn Store>) {
    let ids = ask::ids(2);
    ask::create_all(&**store, &ids, "{}").await;
    let change = |number: i64, value: i64| {
        let change = ask::update(&ids[number as usize % 2], &ask::one("a", value));
        ask::at(1000 + number, ask::under(&format!("r{number}"), change))
    };
    for number in 0..7 {
        ask::made(&**store, change(number, number)).await;
    }
    // Those of 1000 to 1004 go; 1005 and 1006 stay.
    let before = Expired::RequestIds(Timestamp::from_millis(1005));
    let mut steps = Vec::new();
    while steps.last().is_none_or(|cleaned| *cleaned == 2) {
        assert!(steps.len() < 5, "{steps:?}");
        steps.push(store.clean(before, 2).await.expect("the store answers"));
    }
    assert_eq!(steps, [2, 2, 1]);
    assert_eq!(store.clean(before, 2).await.expect("the store answers"), 0);
    for number in 0..5 {
        assert!(ask::made(&**store, change(number, 100 + number)).await.changed);
    }
    for number in 5..7 {
        is_reused(store, change(number, 100 + number)).await;
        let expected = parsed::value(&ask::with_list(&ask::one("a", number)));
        assert_eq!(answer(&ask::made(&**store, change(number, number)).await).0, Some(expected));
    }
}

pub async fn cleaning_up_events_leaves_them(store: &Arc<dyn Store>) {
    let id = ask::create_one(&**store, "{}").await;
    let change = ask::at(5, ask::under("r", ask::update(&id, &ask::one("a", 1))));
    ask::made(&**store, change.clone()).await;
    ask::made(&**store, ask::at(6, ask::update(&id, &ask::one("a", 2)))).await;
    store.clean(Expired::Events(Timestamp::from_millis(100)), 100).await.expect("the store answers");
    assert_eq!(answer(&ask::made(&**store, change).await).1, 2);
}

pub async fn what_is_only_validated_is_not_remembered(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    let id = subject.id().clone();
    let validated = ask::only_validated(ask::under("r", ask::update(&id, &ask::one("a", 1))));
    assert!(ask::made(&**store, validated).await.changed);
    ask::made(&**store, ask::only_validated(ask::under("r", ask::update(&id, "[]")))).await;
    let change = ask::under("r", ask::update(&id, &ask::one("a", 2)));
    subject.takes(change, &ask::with_list(&ask::one("a", 2))).await;
}
