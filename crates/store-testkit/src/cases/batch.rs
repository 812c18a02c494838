//! Many updates in one call: each on its own, in order.

use std::sync::Arc;

use domain::{Error, Outcome, Reason, session::Document, store::Store};

use super::requests;
use crate::{generate, parsed, seed};

fn entry(value: usize) -> String {
    format!(r#"[{{"key":"a","type":"Number","value":{value}}}]"#)
}

pub async fn a_call_without_commands_gives_no_results(store: &Arc<dyn Store>) {
    assert!(store.execute(Vec::new()).await.is_empty());
}

pub async fn one_that_is_refused_harms_no_other(store: &Arc<dyn Store>) {
    let ids = requests::ids(10);
    let full = format!(r#"{{"pad":"{}"}}"#, "x".repeat(Document::MAX_BYTES - 10));
    let documents = [
        None,
        Some("{}"),
        Some(r#"{"isActive":false}"#),
        Some(r#"{"channelData":5}"#),
        Some("{}"),
        Some(r#"{"n":0.10}"#),
        Some(&full),
        Some("{}"),
        Some(&requests::with_list("5")),
        Some(seed::CHANNEL_SESSION),
    ];
    for (id, document) in ids.iter().zip(documents) {
        if let Some(document) = document {
            requests::create_all(&**store, std::slice::from_ref(id), document).await;
        }
    }
    let mut items: Vec<_> = ids.iter().map(|id| requests::update(id, &entry(1))).collect();
    items[4] = requests::update_within(0, &ids[4], &entry(1));
    assert_eq!(items[7].cancel_handle.cancel(), Outcome::NotApplied);
    items[9] = requests::update(&ids[9], seed::UPDATE_DATA_REQUEST);
    // The order in which they are sent is not the order of the ids.
    items.reverse();
    let mut results = store.execute(items).await;
    results.reverse();

    let answered: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map(|done| done.changed).map_err(Error::reason))
        .collect();
    assert_eq!(
        answered,
        [
            Err(Reason::ChannelSessionNotFound),
            Ok(true),
            Err(Reason::ChannelSessionNotActive),
            Err(Reason::ChannelDataMalformed),
            Err(Reason::TooManyAttributes),
            Ok(true),
            Err(Reason::DocumentTooLarge),
            Err(Reason::DeadlineExceeded),
            Err(Reason::ChannelDataMalformed),
            Ok(false),
        ]
    );
    for ((id, document), result) in ids.iter().zip(documents).zip(results) {
        let Some(document) = document else { continue };
        let expected = match result {
            Ok(updated) => requests::answered(&updated),
            Err(_) => (parsed::value(document), 1),
        };
        assert_eq!(requests::stored(&**store, id).await, expected);
    }
}

pub async fn updates_of_one_session_take_effect_in_order(store: &Arc<dyn Store>) {
    let id = &requests::ids(1)[0];
    requests::create_all(&**store, std::slice::from_ref(id), "{}").await;
    let results = store.execute((1..=5).map(|value| requests::update(id, &entry(value))).collect()).await;
    assert_eq!(results.len(), 5);
    for (value, result) in (1..).zip(results) {
        let updated = result.expect("each is made");
        assert!(updated.changed);
        let expected = parsed::value(&requests::with_list(&entry(value)));
        assert_eq!(requests::answered(&updated), (expected, value as i64 + 1));
    }
    assert_eq!(requests::stored(&**store, id).await, (parsed::value(&requests::with_list(&entry(5))), 6));
}

pub async fn an_update_sees_what_the_one_before_it_appended(store: &Arc<dyn Store>) {
    let id = &requests::ids(1)[0];
    requests::create_all(&**store, std::slice::from_ref(id), "{}").await;
    let one = |key: &str| format!(r#"{{"key":"{key}","type":"Number","value":1}}"#);
    let items = ["b", "a", "b", "c"].map(|key| requests::update_within(2, id, &format!("[{}]", one(key))));
    let results = store.execute(items.to_vec()).await;
    let answered: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map(|done| done.changed).map_err(Error::reason))
        .collect();
    assert_eq!(answered, [Ok(true), Ok(true), Ok(false), Err(Reason::TooManyAttributes)]);
    let expected = parsed::value(&requests::with_list(&format!("[{},{}]", one("b"), one("a"))));
    assert_eq!(requests::stored(&**store, id).await, (expected, 3));
}

pub async fn a_repeated_update_in_one_call_changes_once(store: &Arc<dyn Store>) {
    let id = &requests::ids(1)[0];
    requests::create_all(&**store, std::slice::from_ref(id), "{}").await;
    let results = store.execute((0..3).map(|_| requests::update(id, &entry(1))).collect()).await;
    let expected = (parsed::value(&requests::with_list(&entry(1))), 2);
    for (at, result) in results.into_iter().enumerate() {
        let updated = result.expect("each is made");
        assert_eq!((requests::answered(&updated), updated.changed), (expected.clone(), at == 0));
    }
}

pub async fn a_refused_update_between_two_of_its_session_harms_neither(store: &Arc<dyn Store>) {
    let [id, other]: [_; 2] = requests::ids(2).try_into().expect("two");
    requests::create_all(&**store, &[id.clone(), other.clone()], "{}").await;
    let many = r#"[{"key":"a","type":"Number","value":9},{"key":"b","type":"Number","value":9}]"#;
    let items = vec![
        requests::update_within(1, &id, &entry(1)),
        requests::update(&other, &entry(7)),
        requests::update_within(1, &id, many),
        requests::update_within(1, &id, &entry(2)),
        requests::update_within(2, &id, many),
    ];
    let results = store.execute(items).await;
    let answered: Vec<_> =
        results.iter().map(|result| result.as_ref().map(requests::answered).map_err(Error::reason)).collect();
    let with = |list: &str, revision: i64| Ok((parsed::value(&requests::with_list(list)), revision));
    assert_eq!(
        answered,
        [
            with(&entry(1), 2),
            with(&entry(7), 2),
            Err(Reason::TooManyAttributes),
            with(&entry(2), 3),
            with(many, 4),
        ]
    );
}

pub async fn three_hundred_sessions_are_updated_in_one_call(store: &Arc<dyn Store>) {
    let ids = requests::ids(300);
    requests::create_all(&**store, &ids, seed::CHANNEL_SESSION).await;
    let asked: Vec<_> = ids.iter().enumerate().rev().collect();
    let results =
        store.execute(asked.iter().map(|(at, id)| requests::update(id, &entry(*at))).collect()).await;
    assert_eq!(results.len(), asked.len());
    for ((at, id), result) in asked.into_iter().zip(results) {
        let updated = result.expect("each is made");
        let (document, revision) = requests::answered(&updated);
        assert!(document.to_text().contains(&format!(r#""value":{at}}}"#)), "{document}");
        assert_eq!((document, revision), requests::stored(&**store, id).await);
        assert_eq!(revision, 2);
    }
}

pub async fn three_hundred_updates_of_one_session_are_made_in_one_call(store: &Arc<dyn Store>) {
    let id = &requests::ids(1)[0];
    requests::create_all(&**store, std::slice::from_ref(id), "{}").await;
    let results = store.execute((1..=300).map(|value| requests::update(id, &entry(value))).collect()).await;
    let revisions: Vec<_> =
        results.into_iter().map(|result| result.expect("each is made").revision.get()).collect();
    assert_eq!(revisions, (2..=301).collect::<Vec<_>>());
    assert_eq!(requests::stored(&**store, id).await, (parsed::value(&requests::with_list(&entry(300))), 301));
}

pub async fn updates_of_a_few_sessions_may_alternate(store: &Arc<dyn Store>) {
    let ids = requests::ids(3);
    requests::create_all(&**store, &ids, "{}").await;
    let items: Vec<_> = (0..30).map(|value| requests::update(&ids[value % 3], &entry(value))).collect();
    for (at, result) in store.execute(items).await.into_iter().enumerate() {
        let updated = result.expect("each is made");
        let expected = parsed::value(&requests::with_list(&entry(at)));
        assert_eq!(requests::answered(&updated), (expected, at as i64 / 3 + 2));
    }
}

pub async fn attributes_of_one_update_do_not_reach_its_neighbours(store: &Arc<dyn Store>) {
    let ids = requests::ids(generate::KEYS.len());
    requests::create_all(&**store, &ids, "{}").await;
    let lists: Vec<_> = (0..ids.len())
        .map(|count| {
            let entries = generate::KEYS[..count].iter().enumerate().map(|(at, key)| {
                let key = json::Value::String((*key).into());
                format!(r#"{{"key":{key},"type":"Number","value":{}}}"#, at + count * 100)
            });
            format!("[{}]", entries.collect::<Vec<_>>().join(","))
        })
        .collect();
    let results =
        store.execute(ids.iter().zip(&lists).map(|(id, list)| requests::update(id, list)).collect()).await;
    for ((id, list), result) in ids.iter().zip(&lists).zip(results) {
        let updated = result.expect("each is made");
        let expected = if list == "[]" {
            (parsed::value("{}"), 1)
        } else {
            (parsed::value(&requests::with_list(list)), 2)
        };
        assert_eq!(requests::answered(&updated), expected);
        assert_eq!(requests::stored(&**store, id).await, expected);
    }
}
