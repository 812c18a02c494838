//! Who calls.

use std::time::SystemTime;

use domain::{caller::Requester, session::TenantId};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::Scopes;

/// Who calls, and what it may do.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Whose sessions it sees.
    pub tenant: TenantId,
    /// Who it is, as events and the log name it.
    pub requester: Requester,
    /// What it may do with them.
    pub scopes: Scopes,
    /// For how long that holds.
    pub validity: Validity,
}

/// For how long a caller is who it has shown to be. What it has asked for and has no end, such as a watch, ends with it.
#[derive(Debug, Clone, Default)]
pub struct Validity {
    until: Option<Instant>,
    revoked: Option<CancellationToken>,
}

impl Identity {
    /// Everybody, where nobody has to say who they are.
    #[must_use]
    pub fn anybody() -> Self {
        let (tenant, requester) = (TenantId::only(), Requester::anonymous());
        Self { tenant, requester, scopes: Scopes::ALL, validity: Validity::default() }
    }
}

impl Validity {
    /// Until a time of the day, such as that at which a token expires.
    #[must_use]
    pub fn until(time: SystemTime) -> Self {
        Self::default().and_until(time)
    }

    /// No longer than until a time of the day.
    #[must_use]
    pub fn and_until(self, time: SystemTime) -> Self {
        let left = time.duration_since(SystemTime::now()).unwrap_or_default();
        Self { until: Instant::now().checked_add(left), ..self }
    }

    /// Until it is revoked.
    #[must_use]
    pub fn until_revoked(revoked: CancellationToken) -> Self {
        Self { until: None, revoked: Some(revoked) }
    }

    /// Waits for its end.
    pub async fn ended(&self) {
        let passed = async {
            match self.until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        let revoked = async {
            match &self.revoked {
                Some(revoked) => revoked.cancelled().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! { () = passed => {}, () = revoked => {} }
    }
}
