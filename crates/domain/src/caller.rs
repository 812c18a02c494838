//! Who calls: one value, made once at the edge, that every use case is given. Nothing below makes one up.

use std::time::Instant;

use crate::{
    cancel_handle::CancelHandle,
    command::{Command, Operation, Requester},
    session::{Id, TenantId},
    time::Timestamp,
    trace::TraceId,
};

/// Who calls, and until when.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Whose sessions it sees.
    pub tenant: TenantId,
    /// Who asks for what it changes.
    pub requester: Requester,
    /// The trace that its call is part of.
    pub trace_id: Option<TraceId>,
    /// When it stops waiting, where it has said so.
    pub deadline: Option<Instant>,
    /// Calls off what it has asked for and is not sent yet.
    pub cancel_handle: CancelHandle,
}

impl Caller {
    /// A caller who waits for as long as it takes, and is part of no trace.
    #[must_use]
    pub fn new(tenant: TenantId, requester: Requester) -> Self {
        Self { tenant, requester, trace_id: None, deadline: None, cancel_handle: CancelHandle::new() }
    }

    /// A command that it gives now, without any condition.
    #[must_use]
    pub fn command(&self, id: Id, operation: Operation, now: Timestamp) -> Command {
        Command {
            tenant: self.tenant.clone(),
            id,
            operation,
            revision: None,
            request_id: None,
            validate_only: false,
            requester: self.requester.clone(),
            trace_id: self.trace_id,
            at: now,
            cancel_handle: self.cancel_handle.clone(),
        }
    }
}
