//! What requests for changes have in common: when they may be made, and under which name.

use std::time::SystemTime;

use domain::{
    Error,
    caller::Caller,
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
    /// The change, as the caller asks for it now.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`].
    pub(crate) fn change(self, id: Id, operation: Operation, caller: &Caller) -> Result<Change, Error> {
        let revision = if self.etag.is_empty() { None } else { Some(RevisionMatch::parse(self.etag)?) };
        let request_id =
            if self.request_id.is_empty() { None } else { Some(RequestId::parse(self.request_id)?) };
        Ok(Change {
            revision,
            request_id,
            validate_only: self.validate_only,
            ..caller.change(id, operation, SystemTime::now().into())
        })
    }
}
