//! The documented session, for a first try.

use domain::{
    Error,
    attempt::Attempt,
    session::{Document, Id, TenantId},
    store::{Create, Store},
};

const DOCUMENT: &str = include_str!("../sample/channel_session.json");

/// Stores the documented session if it is not there, and returns its id.
pub(crate) async fn store(store: &dyn Store) -> Result<Id, Error> {
    let document = Document::parse(DOCUMENT)?;
    let id = document.id("")?;
    let create = Create { tenant: TenantId::default(), id: id.clone(), document, attempt: Attempt::new() };
    match store.create(vec![create]).await.into_iter().next() {
        Some(Err(Error::Exists(_)) | Ok(_)) => Ok(id),
        Some(Err(error)) => Err(error),
        None => Err(Error::Internal("the store returned no result".into())),
    }
}
