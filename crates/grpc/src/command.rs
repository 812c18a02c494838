//! What commands have in common: under which condition, and under which name.

use std::time::SystemTime;

use domain::{
    Error,
    caller::Caller,
    command::{Command, Operation},
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
    /// The command, as the caller asks for it now.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`].
    pub(crate) fn command(self, id: Id, operation: Operation, caller: &Caller) -> Result<Command, Error> {
        let revision = if self.etag.is_empty() { None } else { Some(RevisionMatch::parse(self.etag)?) };
        let request_id = if self.request_id.is_empty() {
            None
        } else {
            Some(RequestId::parse(self.request_id).map_err(Error::InvalidParameter)?)
        };
        Ok(Command {
            revision,
            request_id,
            validate_only: self.validate_only,
            ..caller.command(id, operation, SystemTime::now().into())
        })
    }
}
