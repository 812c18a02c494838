//! Who calls: one value, made once at the edge, that every use case is given. Nothing below makes one up.

use std::{any::Any, fmt, sync::Arc, time::Instant};

use crate::{cancel_handle::CancelHandle, session::TenantId, trace::TraceId};

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
    /// What its call was admitted by.
    pub admission: Admission,
}

/// Who gives a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requester(Arc<str>);

impl Requester {
    /// A caller that has not said who it is.
    #[must_use]
    pub fn anonymous() -> Self {
        Self("anonymous".into())
    }

    /// The service itself, when it deletes what has expired.
    #[must_use]
    pub fn service() -> Self {
        Self("channel-sessions".into())
    }

    /// Takes a name from a store.
    #[must_use]
    pub fn from_stored(name: &str) -> Self {
        Self(name.into())
    }

    /// The name as events have it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a call was admitted by, such as a permit and a share of the memory for requests. The call holds it, and so does each
/// of its commands until it is done: what a caller has left behind still counts. Clones are the same one.
#[derive(Clone, Default)]
pub struct Admission(Option<Arc<dyn Any + Send + Sync>>);

impl Admission {
    /// Holds this until the last clone is dropped.
    pub fn new(held: impl Any + Send + Sync) -> Self {
        Self(Some(Arc::new(held)))
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Admission").field(&self.0.is_some()).finish()
    }
}

impl Caller {
    /// A caller who waits for as long as it takes, and is part of no trace.
    #[must_use]
    pub fn new(tenant: TenantId, requester: Requester) -> Self {
        Self {
            tenant,
            requester,
            trace_id: None,
            deadline: None,
            cancel_handle: CancelHandle::new(),
            admission: Admission::default(),
        }
    }
}
