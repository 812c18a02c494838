//! The documented session, for a first try.

use std::time::SystemTime;

use domain::{
    Error,
    caller::{Caller, Requester},
    command::{Create, Existing, Operation},
    session::{Document, Id, TenantId},
    store::Store,
};

const DOCUMENT: &str = include_str!("../sample/channel_session.json");

/// Its id.
pub(crate) const ID: &str = "64e2f08a6155b317cd3f88fd";

/// Stores the documented session if it is not there, and returns its id.
pub(crate) async fn store(store: &dyn Store) -> Result<Id, Error> {
    let document = Document::parse(DOCUMENT)?;
    let id = document.id("")?;
    let caller = Caller::new(TenantId::only(), Requester::anonymous());
    let create = Create { document, existing: Existing::Keep };
    let command = caller.command(id.clone(), Operation::Create(create), SystemTime::now().into());
    match store.execute(vec![command]).await.into_iter().next() {
        Some(Ok(_)) => Ok(id),
        Some(Err(error)) => Err(error),
        None => Err(Error::Internal("the store returned no result".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_id_is_the_one_that_is_shown() {
        let document = Document::parse(DOCUMENT).expect("a document");
        assert_eq!(document.id("").expect("an id").as_str(), ID);
    }
}
