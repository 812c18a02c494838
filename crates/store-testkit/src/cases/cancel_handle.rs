//! Commands that their callers have cancelled.

use std::sync::Arc;

use domain::{Error, Outcome, store::Store};

use super::{requests, subject::Subject};
use crate::parsed;

const ATTRIBUTE: &str = r#"[{"key":"a","type":"Number","value":1}]"#;

fn is_not_applied<T: std::fmt::Debug>(result: &Result<T, Error>) {
    assert!(matches!(result, Err(Error::DeadlineExceeded(Outcome::NotApplied))), "{result:?}");
}

pub async fn an_update_that_was_cancelled_is_not_made(store: &Arc<dyn Store>) {
    let subject = Subject::with_list(store, "[]").await;
    let item = requests::update(subject.id(), ATTRIBUTE);
    assert_eq!(item.cancel_handle.cancel(), Outcome::NotApplied);
    is_not_applied(&requests::execute(&**store, item).await);
    subject.stays("[]").await;
}

pub async fn a_creation_that_was_cancelled_is_not_made(store: &Arc<dyn Store>) {
    let id = parsed::id("cancelled");
    let item = requests::creation(&id, "{}");
    assert_eq!(item.cancel_handle.cancel(), Outcome::NotApplied);
    is_not_applied(&requests::execute(&**store, item).await);
    let missing = requests::get_one(&**store, &id).await;
    assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
    requests::create_all(&**store, &[id], "{}").await;
}

pub async fn neighbours_of_an_update_that_was_cancelled_are_made(store: &Arc<dyn Store>) {
    let ids = requests::ids(5);
    requests::create_all(&**store, &ids, "{}").await;
    let cancelled = [0, 2, 3];
    let items: Vec<_> = ids.iter().map(|id| requests::update(id, ATTRIBUTE)).collect();
    for at in cancelled {
        assert_eq!(items[at].cancel_handle.cancel(), Outcome::NotApplied);
    }
    for (at, result) in store.execute(items).await.iter().enumerate() {
        if cancelled.contains(&at) {
            is_not_applied(result);
            assert_eq!(requests::stored(&**store, &ids[at]).await, (parsed::value("{}"), 1));
        } else {
            let updated = result.as_ref().expect("the neighbour is made");
            assert_eq!(requests::answered(updated), (parsed::value(&requests::with_list(ATTRIBUTE)), 2));
        }
    }
}

pub async fn an_update_that_was_cancelled_does_not_count_among_those_of_its_session(store: &Arc<dyn Store>) {
    let [id]: [_; 1] = requests::ids(1).try_into().expect("one");
    requests::create_all(&**store, std::slice::from_ref(&id), "{}").await;
    let entry = |value: u8| format!(r#"[{{"key":"a","type":"Number","value":{value}}}]"#);
    let items: Vec<_> = (1..=4).map(|value| requests::update(&id, &entry(value))).collect();
    for at in [0, 2] {
        assert_eq!(items[at].cancel_handle.cancel(), Outcome::NotApplied);
    }
    let results = store.execute(items).await;
    is_not_applied(&results[0]);
    is_not_applied(&results[2]);
    for (at, revision) in [(1, 2), (3, 3)] {
        let updated = results[at].as_ref().expect("the neighbour is made");
        let expected = parsed::value(&requests::with_list(&entry(at as u8 + 1)));
        assert_eq!(requests::answered(updated), (expected, revision));
    }
    assert_eq!(requests::stored(&**store, &id).await, (parsed::value(&requests::with_list(&entry(4))), 3));
}

pub async fn neighbours_of_a_creation_that_was_cancelled_are_made(store: &Arc<dyn Store>) {
    let ids = requests::ids(3);
    let items: Vec<_> = ids.iter().map(|id| requests::creation(id, "{}")).collect();
    assert_eq!(items[1].cancel_handle.cancel(), Outcome::NotApplied);
    let results = store.execute(items).await;
    is_not_applied(&results[1]);
    for at in [0, 2] {
        assert!(results[at].as_ref().expect("the neighbour is made").changed);
        assert_eq!(requests::stored(&**store, &ids[at]).await, (parsed::value("{}"), 1));
    }
    let missing = requests::get_one(&**store, &ids[1]).await;
    assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
}

pub async fn a_creation_that_was_cancelled_leaves_the_id_to_the_next(store: &Arc<dyn Store>) {
    let id = parsed::id("contended");
    let items = vec![
        requests::creation(&id, r#"{"which":"cancelled"}"#),
        requests::creation(&id, r#"{"which":"next"}"#),
    ];
    assert_eq!(items[0].cancel_handle.cancel(), Outcome::NotApplied);
    let results = store.execute(items).await;
    is_not_applied(&results[0]);
    assert_eq!(
        requests::answered(results[1].as_ref().expect("the next is stored")),
        (parsed::value(r#"{"which":"next"}"#), 1)
    );
}

pub async fn a_batch_of_nothing_but_cancelled_items_changes_nothing(store: &Arc<dyn Store>) {
    let ids = requests::ids(3);
    requests::create_all(&**store, &ids, "{}").await;
    let updates: Vec<_> = ids.iter().map(|id| requests::update(id, ATTRIBUTE)).collect();
    for item in &updates {
        assert_eq!(item.cancel_handle.cancel(), Outcome::NotApplied);
    }
    let results = store.execute(updates).await;
    assert_eq!(results.len(), ids.len());
    results.iter().for_each(is_not_applied);
    for id in &ids {
        assert_eq!(requests::stored(&**store, id).await, (parsed::value("{}"), 1));
    }
}

pub async fn a_write_that_was_made_can_no_longer_be_cancelled(store: &Arc<dyn Store>) {
    let id = parsed::id("made");
    let creation = requests::creation(&id, "{}");
    let cancel_handle = creation.cancel_handle.clone();
    requests::execute(&**store, creation).await.expect("it is stored");
    assert_eq!(cancel_handle.cancel(), Outcome::Unknown);

    let update = requests::update(&id, ATTRIBUTE);
    let cancel_handle = update.cancel_handle.clone();
    requests::execute(&**store, update).await.expect("it is made");
    assert_eq!(cancel_handle.cancel(), Outcome::Unknown);
}
