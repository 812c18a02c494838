//! The store's calls in the sizes that cases want: mostly one item.

use domain::{
    Error,
    attempt::Attempt,
    json::Value,
    session::{Id, Session, TenantId},
    store::{Create, Store, UpdateData, Updated},
};

use crate::parsed;

/// The limit on attributes where a case is not about it: the service's default.
pub(super) const MAX_ATTRIBUTES: usize = 10;

/// The item that attaches the attributes of a JSON list.
pub(super) fn update(id: &Id, attributes: &str) -> UpdateData {
    UpdateData {
        tenant: TenantId::default(),
        id: id.clone(),
        attributes: parsed::attributes(attributes),
        max_attributes: MAX_ATTRIBUTES,
        attempt: Attempt::new(),
    }
}

/// The item that stores a document.
pub(super) fn creation(id: &Id, document: &str) -> Create {
    Create {
        tenant: TenantId::default(),
        id: id.clone(),
        document: parsed::document(document),
        attempt: Attempt::new(),
    }
}

/// Sends one update.
pub(super) async fn update_one(store: &dyn Store, item: UpdateData) -> Result<Updated, Error> {
    only(store.update_data(vec![item]).await)
}

/// Stores one session.
pub(super) async fn create_one(store: &dyn Store, item: Create) -> Result<Session, Error> {
    only(store.create(vec![item]).await)
}

/// Stores sessions that have all the same document, and fails where one is refused.
pub(super) async fn create_all(store: &dyn Store, ids: &[Id], document: &str) {
    for result in store.create(ids.iter().map(|id| creation(id, document)).collect()).await {
        result.expect("a new session is stored");
    }
}

/// Fetches one session.
pub(super) async fn get_one(store: &dyn Store, id: &Id) -> Result<Session, Error> {
    only(store.get(&TenantId::default(), vec![id.clone()]).await)
}

/// What is stored under an id that is known to be there.
pub(super) async fn stored(store: &dyn Store, id: &Id) -> (Value, i64) {
    read(&get_one(store, id).await.expect("the session is there"))
}

/// A session's document and revision, to be compared.
pub(super) fn read(session: &Session) -> (Value, i64) {
    (parsed::value(&session.document), session.revision.get())
}

/// A document whose `channelData.additionalAttributes` is this JSON text.
pub(super) fn with_list(list: &str) -> String {
    format!(r#"{{"channelData":{{"additionalAttributes":{list}}}}}"#)
}

/// Ids that differ in their number.
pub(super) fn ids(count: usize) -> Vec<Id> {
    (0..count).map(|number| parsed::id(&format!("session-{number:04}"))).collect()
}

fn only<T>(results: Vec<T>) -> T {
    let [result] = <[T; 1]>::try_from(results)
        .unwrap_or_else(|results| panic!("{} results for one item", results.len()));
    result
}
