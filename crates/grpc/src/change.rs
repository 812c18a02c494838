//! What requests for changes have in common: when they may be made, and under which name.

use std::time::SystemTime;

use domain::{
    Error,
    cancel_handle::CancelHandle,
    command::{Command, Operation},
    precondition::RevisionMatch,
    request_id::RequestId,
    session::Id,
    trace::TraceId,
};
use tonic::Request;

use crate::layer::log;

/// What a change has of the call that asks for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    /// What the deadline layer gives up when time is over or the caller is gone.
    pub(crate) attempt: CancelHandle,
    /// The trace that the call is part of.
    pub(crate) trace_id: Option<TraceId>,
}

impl Origin {
    pub(crate) fn of<T>(request: &Request<T>) -> Self {
        Self {
            attempt: request.extensions().get::<CancelHandle>().cloned().unwrap_or_default(),
            trace_id: log::trace_id(request.metadata().as_ref()),
        }
    }
}

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
    pub(crate) fn change(self, id: Id, operation: Operation, origin: Origin) -> Result<Command, Error> {
        let revision = if self.etag.is_empty() { None } else { Some(RevisionMatch::parse(self.etag)?) };
        let request_id =
            if self.request_id.is_empty() { None } else { Some(RequestId::parse(self.request_id)?) };
        Ok(Command {
            revision,
            request_id,
            validate_only: self.validate_only,
            at: SystemTime::now().into(),
            trace_id: origin.trace_id,
            cancel_handle: origin.attempt,
            ..Command::new(id, operation)
        })
    }
}
