//! Calls at the same time behave as if made one after the other.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use domain::{Error, Reason, session::Id, store::Store};
use json::Value;
use tokio::{task::JoinSet, time::timeout};

use super::{
    requests::{self, values},
    tasks::{TASKS, all_end, at_once},
};
use crate::parsed;

async fn one_session(store: &Arc<dyn Store>) -> Id {
    let id = parsed::id("contended");
    requests::create_all(&**store, std::slice::from_ref(&id), &requests::with_list("[]")).await;
    id
}

pub async fn no_key_is_lost(store: &Arc<dyn Store>) {
    let id = one_session(store).await;
    let entry = |task: usize| format!(r#"[{{"key":"k{task}","type":"Number","value":{task}}}]"#);
    let items = (0..TASKS).map(|task| requests::update_within(TASKS, &id, &entry(task)));
    let mut revisions = BTreeSet::new();
    for result in at_once(store, items).await {
        let updated = result.expect("each is made");
        let (document, revision) = requests::answered(&updated);
        assert_eq!(
            values(&document).len() as i64,
            revision - 1,
            "each reply is the session as that update left it"
        );
        revisions.insert(revision);
    }
    assert_eq!(revisions, (2..=TASKS as i64 + 1).collect());

    let (document, revision) = requests::stored(&**store, &id).await;
    let mut found: Vec<_> = values(&document).iter().map(Value::to_text).collect();
    found.sort_by_key(|text| text.parse::<usize>().ok());
    assert_eq!(found, (0..TASKS).map(|task| task.to_string()).collect::<Vec<_>>());
    assert_eq!(revision, TASKS as i64 + 1);
}

pub async fn updates_of_the_same_keys_do_not_mix(store: &Arc<dyn Store>) {
    let id = one_session(store).await;
    let list = |task: usize| {
        let keys = if task.is_multiple_of(2) { ["a", "b", "c"] } else { ["c", "b", "a"] };
        format!(
            "[{}]",
            keys.map(|key| format!(r#"{{"key":"{key}","type":"Number","value":{task}}}"#)).join(",")
        )
    };
    let mut revisions = BTreeSet::new();
    for result in at_once(store, (0..TASKS).map(|task| requests::update(&id, &list(task)))).await {
        let updated = result.expect("each is made");
        assert!(updated.changed);
        let (document, revision) = requests::answered(&updated);
        assert_same_three(&values(&document));
        revisions.insert(revision);
    }
    assert_eq!(revisions, (2..=TASKS as i64 + 1).collect());
    let (document, revision) = requests::stored(&**store, &id).await;
    assert_same_three(&values(&document));
    assert_eq!(revision, TASKS as i64 + 1);
}

fn assert_same_three(values: &[Value]) {
    assert_eq!(values.len(), 3);
    assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
}

pub async fn the_same_update_changes_once(store: &Arc<dyn Store>) {
    let id = one_session(store).await;
    let entry = r#"[{"key":"a","type":"Number","value":1}]"#;
    let results = at_once(store, (0..TASKS).map(|_| requests::update(&id, entry))).await;
    let expected = (parsed::value(&requests::with_list(entry)), 2);
    let mut changes = 0;
    for result in results {
        let updated = result.expect("each is made");
        changes += usize::from(updated.changed);
        assert_eq!(requests::answered(&updated), expected);
    }
    assert_eq!(changes, 1);
    assert_eq!(requests::stored(&**store, &id).await, expected);
}

pub async fn a_list_does_not_outgrow_its_limit(store: &Arc<dyn Store>) {
    let id = one_session(store).await;
    let entry = |task: usize| format!(r#"[{{"key":"k{task}","type":"Number","value":{task}}}]"#);
    let results = at_once(store, (0..TASKS).map(|task| requests::update(&id, &entry(task)))).await;
    let mut made = 0;
    for result in results {
        match result {
            Ok(_) => made += 1,
            Err(error) => assert_eq!(error.reason(), Reason::TooManyAttributes),
        }
    }
    assert_eq!(made, requests::MAX_ATTRIBUTES);
    let (document, revision) = requests::stored(&**store, &id).await;
    assert_eq!(
        (values(&document).len(), revision),
        (requests::MAX_ATTRIBUTES, requests::MAX_ATTRIBUTES as i64 + 1)
    );
}

pub async fn batches_in_opposite_orders_do_not_block_each_other(store: &Arc<dyn Store>) {
    const ROUNDS: usize = 10;
    let ids = requests::ids(60);
    requests::create_all(&**store, &ids, &requests::with_list("[]")).await;
    let mut tasks = JoinSet::new();
    for task in 0..4 {
        let (store, mut ids) = (store.clone(), ids.clone());
        match task {
            0 => {}
            1 => ids.reverse(),
            2 => ids.rotate_left(30),
            _ => ids.sort_by_key(|id| id.as_str().bytes().rev().collect::<Vec<_>>()),
        }
        tasks.spawn(async move {
            for round in 0..ROUNDS {
                let entry = format!(r#"[{{"key":"task {task}","type":"Number","value":{round}}}]"#);
                for result in store.execute(ids.iter().map(|id| requests::update(id, &entry)).collect()).await
                {
                    assert!(result.expect("each is made").changed);
                }
            }
        });
    }
    all_end(tasks).await;
    for id in &ids {
        let (document, revision) = requests::stored(&**store, id).await;
        assert_eq!(values(&document), vec![parsed::value(&(ROUNDS - 1).to_string()); 4]);
        assert_eq!(revision, 4 * ROUNDS as i64 + 1);
    }
}

pub async fn of_creations_with_one_id_one_is_made(store: &Arc<dyn Store>) {
    let id = parsed::id("contended");
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (store, item) = (store.clone(), requests::creation(&id, &format!(r#"{{"task":{task}}}"#)));
        tasks.spawn(async move { requests::execute(&*store, item).await });
    }
    let mut made = Vec::new();
    for result in all_end(tasks).await {
        match result {
            Ok(created) => made.push(requests::answered(&created)),
            Err(error) => assert!(matches!(&error, Error::Exists(answered) if *answered == id), "{error:?}"),
        }
    }
    assert_eq!(made, [requests::stored(&**store, &id).await]);
}

pub async fn creations_of_the_same_ids_in_opposite_orders_do_not_block_each_other(store: &Arc<dyn Store>) {
    let ids = requests::ids(100);
    let mut tasks = JoinSet::new();
    for task in 0..4 {
        let (store, mut ids) = (store.clone(), ids.clone());
        if task % 2 == 1 {
            ids.reverse();
        }
        tasks.spawn(async move {
            let results = store.execute(ids.iter().map(|id| requests::creation(id, "{}")).collect()).await;
            ids.into_iter().zip(results).collect::<Vec<_>>()
        });
    }
    let mut made = Vec::new();
    for (id, result) in all_end(tasks).await.into_iter().flatten() {
        match result {
            Ok(_) => made.push(id),
            Err(error) => assert!(matches!(&error, Error::Exists(answered) if *answered == id), "{error:?}"),
        }
    }
    made.sort();
    assert_eq!(made, ids, "each is made once");
}

pub async fn a_reader_sees_no_half_of_an_update(store: &Arc<dyn Store>) {
    let id = one_session(store).await;
    let list = |value: usize| {
        format!(
            "[{}]",
            ["a", "b", "c"]
                .map(|key| format!(r#"{{"key":"{key}","type":"Number","value":{value}}}"#))
                .join(",")
        )
    };
    requests::execute(&**store, requests::update(&id, &list(0))).await.expect("it is made");
    let mut writing = JoinSet::new();
    writing.spawn({
        let (store, items) =
            (store.clone(), (1..=40).map(|value| requests::update(&id, &list(value))).collect::<Vec<_>>());
        async move {
            for item in items {
                requests::execute(&*store, item).await.expect("each is made");
                tokio::task::yield_now().await;
            }
        }
    });
    let mut last = 0;
    // The writer raises the revision to 42, the first two being the creation and the first list.
    while last < 42 {
        let read = timeout(Duration::from_secs(60), requests::stored(&**store, &id))
            .await
            .expect("the store answers");
        assert_same_three(&values(&read.0));
        assert_eq!(values(&read.0)[0].to_text(), (read.1 - 2).to_string());
        assert!(read.1 >= last, "a later reader sees no earlier session");
        last = read.1;
        // A store that never has to wait would never let the writer go on.
        tokio::task::yield_now().await;
    }
    all_end(writing).await;
}
