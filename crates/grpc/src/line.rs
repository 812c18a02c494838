//! A line before what only a few may do at once.

use budget::{LongWork, Permit, Permits, Turns};
use domain::{Error, session::TenantId, store::MAX_LISTS};
use tokio::sync::OwnedSemaphorePermit;

/// Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Who is in it, those whose turn it is included.
    permits: Permits,
    turns: Turns,
}

/// A turn, which ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: Permit,
    _turn: Option<OwnedSemaphorePermit>,
}

/// How many lists are read at once on this machine: each also takes a processor of the database's, which may be on the same machine.
fn turns() -> usize {
    (LongWork::turns() + 1).min(MAX_LISTS)
}

/// How many may wait beside them. More would wait for longer than they care to, and are refused at once.
const MAX_WAITING: usize = 64;

impl Line {
    /// Whether there are several tenants, which share it.
    pub(crate) fn new(tenants_share: bool) -> Self {
        Self { permits: Permits::new(turns() + MAX_WAITING, tenants_share), turns: Turns::new(turns()) }
    }

    /// Waits for a turn. Whoever stops waiting leaves the line.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if the line is too long, or the tenant's part of it.
    pub(crate) async fn turn(&self, tenant: &TenantId) -> Result<Turn, Error> {
        let permit = self.permits.try_acquire(tenant.as_str(), None).map_err(|_| Error::Overloaded)?;
        Ok(Turn { _permit: permit, _turn: self.turns.take(tenant.as_str()).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_few_have_a_turn_some_wait_and_more_are_refused() {
        let (line, tenant) = (Line::new(false), TenantId::only());
        let mut begun = Vec::new();
        for _ in 0..turns() {
            begun.push(line.turn(&tenant).await.expect("a turn"));
        }
        let mut waiting: Vec<_> = (0..MAX_WAITING).map(|_| Box::pin(line.turn(&tenant))).collect();
        for waiting in &mut waiting {
            assert!(futures_util::poll!(waiting).is_pending());
        }
        assert!(matches!(line.turn(&tenant).await, Err(Error::Overloaded)));
        // Who leaves makes room, and so does who is done.
        waiting.pop();
        begun.pop();
        assert!(waiting.remove(0).await.is_ok());
        assert!(futures_util::poll!(Box::pin(line.turn(&tenant))).is_pending());
    }
}
