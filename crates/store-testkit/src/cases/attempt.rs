//! Writes whose caller no longer waits.

use std::sync::Arc;

use domain::{Error, Outcome, store::Store};

use super::{ask, subject::Subject};
use crate::parsed;

const ATTRIBUTE: &str = r#"[{"key":"a","type":"Number","value":1}]"#;

fn is_not_applied<T: std::fmt::Debug>(result: &Result<T, Error>) {
    assert!(matches!(result, Err(Error::DeadlineExceeded(Outcome::NotApplied))), "{result:?}");
}

pub async fn an_update_that_was_given_up_is_not_made(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, "[]").await;
    let item = ask::update(subject.id(), ATTRIBUTE);
    assert_eq!(item.attempt.give_up(), Outcome::NotApplied);
    is_not_applied(&ask::change(&**store, item).await);
    subject.stays("[]").await;
}

pub async fn a_creation_that_was_given_up_is_not_made(store: &Arc<dyn Store>) {
    let id = parsed::id("given up");
    let item = ask::creation(&id, "{}");
    assert_eq!(item.attempt.give_up(), Outcome::NotApplied);
    is_not_applied(&ask::change(&**store, item).await);
    let missing = ask::get_one(&**store, &id).await;
    assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
    ask::create_all(&**store, &[id], "{}").await;
}

pub async fn neighbours_of_an_update_that_was_given_up_are_made(store: &Arc<dyn Store>) {
    let ids = ask::ids(5);
    ask::create_all(&**store, &ids, "{}").await;
    let given_up = [0, 2, 3];
    let items: Vec<_> = ids.iter().map(|id| ask::update(id, ATTRIBUTE)).collect();
    for at in given_up {
        assert_eq!(items[at].attempt.give_up(), Outcome::NotApplied);
    }
    for (at, result) in store.change(items).await.iter().enumerate() {
        if given_up.contains(&at) {
            is_not_applied(result);
            assert_eq!(ask::stored(&**store, &ids[at]).await, (parsed::value("{}"), 1));
        } else {
            let updated = result.as_ref().expect("the neighbour is made");
            assert_eq!(ask::told(updated), (parsed::value(&ask::with_list(ATTRIBUTE)), 2));
        }
    }
}

pub async fn an_update_that_was_given_up_does_not_count_among_those_of_its_session(store: &Arc<dyn Store>) {
    let [id]: [_; 1] = ask::ids(1).try_into().expect("one");
    ask::create_all(&**store, std::slice::from_ref(&id), "{}").await;
    let entry = |value: u8| format!(r#"[{{"key":"a","type":"Number","value":{value}}}]"#);
    let items: Vec<_> = (1..=4).map(|value| ask::update(&id, &entry(value))).collect();
    for at in [0, 2] {
        assert_eq!(items[at].attempt.give_up(), Outcome::NotApplied);
    }
    let results = store.change(items).await;
    is_not_applied(&results[0]);
    is_not_applied(&results[2]);
    for (at, revision) in [(1, 2), (3, 3)] {
        let updated = results[at].as_ref().expect("the neighbour is made");
        let expected = parsed::value(&ask::with_list(&entry(at as u8 + 1)));
        assert_eq!(ask::told(updated), (expected, revision));
    }
    assert_eq!(ask::stored(&**store, &id).await, (parsed::value(&ask::with_list(&entry(4))), 3));
}

pub async fn neighbours_of_a_creation_that_was_given_up_are_made(store: &Arc<dyn Store>) {
    let ids = ask::ids(3);
    let items: Vec<_> = ids.iter().map(|id| ask::creation(id, "{}")).collect();
    assert_eq!(items[1].attempt.give_up(), Outcome::NotApplied);
    let results = store.change(items).await;
    is_not_applied(&results[1]);
    for at in [0, 2] {
        assert!(results[at].as_ref().expect("the neighbour is made").changed);
        assert_eq!(ask::stored(&**store, &ids[at]).await, (parsed::value("{}"), 1));
    }
    let missing = ask::get_one(&**store, &ids[1]).await;
    assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
}

pub async fn a_creation_that_was_given_up_leaves_the_id_to_the_next(store: &Arc<dyn Store>) {
    let id = parsed::id("contended");
    let items =
        vec![ask::creation(&id, r#"{"which":"given up"}"#), ask::creation(&id, r#"{"which":"next"}"#)];
    assert_eq!(items[0].attempt.give_up(), Outcome::NotApplied);
    let results = store.change(items).await;
    is_not_applied(&results[0]);
    assert_eq!(
        ask::told(results[1].as_ref().expect("the next is stored")),
        (parsed::value(r#"{"which":"next"}"#), 1)
    );
}

pub async fn a_batch_of_nothing_but_given_up_items_changes_nothing(store: &Arc<dyn Store>) {
    let ids = ask::ids(3);
    ask::create_all(&**store, &ids, "{}").await;
    let updates: Vec<_> = ids.iter().map(|id| ask::update(id, ATTRIBUTE)).collect();
    for item in &updates {
        assert_eq!(item.attempt.give_up(), Outcome::NotApplied);
    }
    let results = store.change(updates).await;
    assert_eq!(results.len(), ids.len());
    results.iter().for_each(is_not_applied);
    for id in &ids {
        assert_eq!(ask::stored(&**store, id).await, (parsed::value("{}"), 1));
    }
}

pub async fn a_write_that_was_made_can_no_longer_be_given_up(store: &Arc<dyn Store>) {
    let id = parsed::id("made");
    let creation = ask::creation(&id, "{}");
    let attempt = creation.attempt.clone();
    ask::change(&**store, creation).await.expect("it is stored");
    assert_eq!(attempt.give_up(), Outcome::Unknown);

    let update = ask::update(&id, ATTRIBUTE);
    let attempt = update.attempt.clone();
    ask::change(&**store, update).await.expect("it is made");
    assert_eq!(attempt.give_up(), Outcome::Unknown);
}
