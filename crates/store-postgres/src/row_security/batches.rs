//! Batches of one tenant, which is all that the database shows a statement.

use batcher::{Item, Verdict};
use domain::session::TenantId;

use super::Rows;

/// Whose a batch is.
#[derive(Debug, Clone)]
pub(crate) enum Owner {
    /// Several tenants' where there is no row-level security.
    Any,
    /// One tenant's.
    Tenant(TenantId),
}

impl Owner {
    /// Whose rows its statements are about.
    pub(crate) fn rows(&self) -> Rows<'_> {
        match self {
            Self::Any => Rows::OfAll,
            Self::Tenant(tenant) => Rows::Of(tenant),
        }
    }
}

/// Works on a batch: as it is where there is no row-level security, otherwise on what each tenant has in it, one after the
/// other. The batcher makes batches of one tenant then; this does not rely on it. Gives a verdict on each item, in order.
pub(crate) async fn by_owner<I: Item, F>(
    is_guarded: bool,
    items: Vec<I>,
    work: impl Fn(Owner, Vec<I>) -> F,
) -> Vec<Verdict<I>>
where
    F: Future<Output = Vec<Verdict<I>>>,
{
    let Some(tenant) = items.first().map(|item| item.tenant().clone()).filter(|_| is_guarded) else {
        return work(Owner::Any, items).await;
    };
    if items.iter().all(|item| *item.tenant() == tenant) {
        return work(Owner::Tenant(tenant), items).await;
    }
    let mut parts: Vec<(TenantId, Vec<usize>, Vec<I>)> = Vec::new();
    for (at, item) in items.into_iter().enumerate() {
        match parts.iter_mut().find(|(tenant, ..)| tenant == item.tenant()) {
            Some((_, places, part)) => {
                places.push(at);
                part.push(item);
            }
            None => parts.push((item.tenant().clone(), vec![at], vec![item])),
        }
    }
    let mut verdicts = Vec::new();
    for (tenant, places, part) in parts {
        verdicts.extend(places.into_iter().zip(work(Owner::Tenant(tenant), part).await));
    }
    verdicts.sort_by_key(|(at, _)| *at);
    verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}
