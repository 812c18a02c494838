//! Fetching sessions by their ids.

use std::sync::Arc;

use domain::{Error, session::TenantId, store::Store};

use super::{requests, subject::Subject};
use crate::{parsed, seed};

pub async fn a_missing_session_is_not_found(store: &Arc<dyn Store>) {
    let id = parsed::id("missing");
    let result = requests::get_one(&**store, &id).await;
    assert!(matches!(&result, Err(Error::NotFound(answered)) if *answered == id), "{result:?}");
}

pub async fn fetching_changes_nothing(store: &Arc<dyn Store>) {
    let subject = Subject::stored(store, seed::CHANNEL_SESSION).await;
    let first = requests::get_one(&**store, subject.id()).await.expect("it is there");
    let second = requests::get_one(&**store, subject.id()).await.expect("it is there");
    assert_eq!(first, second);
}

pub async fn sessions_come_in_the_order_of_the_ids(store: &Arc<dyn Store>) {
    let ids = requests::ids(4);
    for id in &ids[..3] {
        requests::create_all(&**store, std::slice::from_ref(id), &format!(r#"{{"which":"{id}"}}"#)).await;
    }
    // One is asked for twice, and one is missing.
    let asked = [2, 3, 0, 2, 1].map(|at: usize| ids[at].clone());
    let results = store.get(&TenantId::only(), asked.to_vec()).await;
    assert_eq!(results.len(), asked.len());
    for (id, result) in asked.iter().zip(results) {
        match result {
            Ok(session) => {
                assert_eq!(session.id, *id);
                assert_eq!(requests::read(&session), (parsed::value(&format!(r#"{{"which":"{id}"}}"#)), 1));
            }
            Err(error) => {
                assert!(
                    matches!(&error, Error::NotFound(answered) if *answered == ids[3] && answered == id),
                    "{error:?}"
                );
            }
        }
    }
}

pub async fn three_hundred_sessions_are_fetched_in_one_call(store: &Arc<dyn Store>) {
    let ids = requests::ids(300);
    requests::create_all(&**store, &ids, "{}").await;
    let backwards: Vec<_> = ids.into_iter().rev().collect();
    let results = store.get(&TenantId::only(), backwards.clone()).await;
    let answered: Vec<_> = results.into_iter().map(|result| result.expect("it is there").id).collect();
    assert_eq!(answered, backwards);
}

pub async fn a_call_without_ids_gives_no_results(store: &Arc<dyn Store>) {
    assert!(store.get(&TenantId::only(), Vec::new()).await.is_empty());
}
