//! What requests for changes have in common: when they may be made, and under which name.

use std::time::SystemTime;

use domain::{
    Error,
    attempt::Attempt,
    change::{Change, Operation},
    precondition::RevisionMatch,
    request_id::RequestId,
    session::Id,
};

/// The parts of a request that say so. What is empty was not given.
pub(crate) struct Terms<'a> {
    pub(crate) etag: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) validate_only: bool,
}

impl Terms<'_> {
    /// The change, as asked for now by a caller that has not said who it is.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`].
    pub(crate) fn change(self, id: Id, operation: Operation, attempt: Attempt) -> Result<Change, Error> {
        let revision = if self.etag.is_empty() { None } else { Some(RevisionMatch::parse(self.etag)?) };
        let request_id =
            if self.request_id.is_empty() { None } else { Some(RequestId::parse(self.request_id)?) };
        Ok(Change {
            revision,
            request_id,
            validate_only: self.validate_only,
            at: SystemTime::now().into(),
            attempt,
            ..Change::new(id, operation)
        })
    }
}
