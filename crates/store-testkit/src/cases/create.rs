//! Storing new sessions.

use std::sync::Arc;

use domain::{Error, store::Store};

use super::{requests, subject::Subject};
use crate::{parsed, seed};

pub async fn a_new_session_has_the_first_revision(store: &Arc<dyn Store>) {
    Subject::stored(store, seed::CHANNEL_SESSION).await;
}

pub async fn an_empty_document_can_be_stored(store: &Arc<dyn Store>) {
    Subject::stored(store, "{}").await;
}

pub async fn the_id_is_the_requests_and_not_the_documents(store: &Arc<dyn Store>) {
    let subject = Subject::stored(store, r#"{"id":"another","_id":5}"#).await;
    subject.stays("[]").await;
    let missing = requests::get_one(&**store, &parsed::id("another")).await;
    assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
}

pub async fn a_session_that_is_there_is_not_stored_again(store: &Arc<dyn Store>) {
    let mut subject = Subject::with_list(store, "[]").await;
    subject
        .list_becomes(
            r#"[{"key":"a","type":"Number","value":1}]"#,
            r#"[{"key":"a","type":"Number","value":1}]"#,
        )
        .await;
    for document in ["{}", &requests::with_list("[]")] {
        let again = requests::execute(&**store, requests::creation(subject.id(), document)).await;
        assert!(matches!(&again, Err(Error::Exists(id)) if id == subject.id()), "{again:?}");
    }
    subject.stays("[]").await;
}

pub async fn of_two_sessions_with_one_id_in_a_call_the_first_is_stored(store: &Arc<dyn Store>) {
    let [id, other]: [_; 2] = requests::ids(2).try_into().expect("two");
    let items = vec![
        requests::creation(&id, r#"{"which":"first"}"#),
        requests::creation(&other, r#"{"which":"other"}"#),
        requests::creation(&id, r#"{"which":"second"}"#),
        requests::creation(&id, r#"{"which":"first"}"#),
    ];
    let results = store.execute(items).await;
    let answered: Vec<_> =
        results.iter().map(|result| result.as_ref().map(requests::answered).map_err(Error::reason)).collect();
    let exists = domain::Reason::ChannelSessionExists;
    assert_eq!(
        answered,
        [
            Ok((parsed::value(r#"{"which":"first"}"#), 1)),
            Ok((parsed::value(r#"{"which":"other"}"#), 1)),
            Err(exists),
            Err(exists),
        ]
    );
    assert_eq!(requests::stored(&**store, &id).await, (parsed::value(r#"{"which":"first"}"#), 1));
}

pub async fn results_come_in_order_for_new_sessions_and_those_that_are_there(store: &Arc<dyn Store>) {
    let ids = requests::ids(9);
    let there: Vec<_> = ids.iter().step_by(3).cloned().collect();
    requests::create_all(&**store, &there, r#"{"which":"old"}"#).await;

    // Backwards, so that a store that sorts items has to put the results back.
    let asked: Vec<_> = ids.iter().rev().collect();
    let items = asked.iter().map(|id| requests::creation(id, &format!(r#"{{"which":"{id}"}}"#))).collect();
    let results = store.execute(items).await;
    assert_eq!(results.len(), asked.len());
    for (id, result) in asked.into_iter().zip(results) {
        match result {
            Ok(created) => {
                assert_eq!(
                    requests::answered(&created),
                    (parsed::value(&format!(r#"{{"which":"{id}"}}"#)), 1)
                );
                assert!(!there.contains(id));
            }
            Err(Error::Exists(answered)) => {
                assert_eq!(answered, *id);
                assert!(there.contains(id));
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    for id in there {
        assert_eq!(requests::stored(&**store, &id).await, (parsed::value(r#"{"which":"old"}"#), 1));
    }
}

pub async fn three_hundred_sessions_are_stored_in_one_call(store: &Arc<dyn Store>) {
    let ids = requests::ids(300);
    requests::create_all(&**store, &ids, seed::CHANNEL_SESSION).await;
    for id in [&ids[0], &ids[299]] {
        assert_eq!(requests::stored(&**store, id).await, (parsed::value(seed::CHANNEL_SESSION), 1));
    }
}
