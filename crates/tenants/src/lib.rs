//! What each tenant may: the rules that its updates are held to, and how many calls it makes. All of it is looked up here, by
//! the tenant of whoever calls: what holds for all tenants, and what a file says of single ones.
//!
//! Knows neither transports nor where the file is.

mod file;
mod limits;
mod rate;

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use domain::session::TenantId;

pub use file::Invalid;
pub use limits::Limits;
use rate::Rates;

/// What each tenant may. Clones are the same, also when the file is read again.
#[derive(Debug, Clone, Default)]
pub struct Tenants(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Of every tenant that the file says nothing of.
    of_all: Limits,
    of_single: RwLock<HashMap<TenantId, Limits>>,
    rates: Rates,
}

impl Tenants {
    /// The same for all.
    #[must_use]
    pub fn all(limits: Limits) -> Self {
        Self(Arc::new(Shared { of_all: limits, ..Shared::default() }))
    }

    /// Takes what a file's text says of single tenants in the place of what there was. Returns how many it names. Where the
    /// text is wrong, all stays as it was.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn replace(&self, text: &str) -> Result<usize, Invalid> {
        let single = file::parse(text, self.0.of_all)?;
        let count = single.len();
        let before = {
            let mut of_single = self.0.of_single.write().unwrap_or_else(PoisonError::into_inner);
            mem::replace(&mut *of_single, single)
        };
        self.0.rates.forget(|tenant| {
            let before = before.get(tenant).copied().unwrap_or(self.0.of_all);
            before.calls_per_second != self.limits(tenant).calls_per_second
        });
        Ok(count)
    }

    /// What a tenant may.
    #[must_use]
    pub fn limits(&self, tenant: &TenantId) -> Limits {
        let single = self.0.of_single.read().unwrap_or_else(PoisonError::into_inner);
        single.get(tenant).copied().unwrap_or(self.0.of_all)
    }

    /// Counts a call of a tenant's, if it may make one now.
    ///
    /// # Errors
    /// After how long it may.
    pub fn begin_call(&self, tenant: &TenantId) -> Result<(), Duration> {
        match self.limits(tenant).calls_per_second {
            Some(rate) => self.0.rates.take(tenant, rate),
            None => Ok(()),
        }
    }

    /// Counts so many more calls that are made with one which was let in. What they are too many, the tenant waits for longer.
    ///
    /// # Errors
    /// After how long they may be made, where it still waits for those of another one.
    pub fn count_more(&self, tenant: &TenantId, calls: usize) -> Result<(), Duration> {
        match self.limits(tenant).calls_per_second {
            Some(rate) if calls > 0 => self.0.rates.charge(tenant, rate, calls),
            Some(_) | None => Ok(()),
        }
    }

    /// Counts so many calls as soon as that can be.
    pub async fn count_later(&self, tenant: &TenantId, calls: usize) {
        while let Err(wait) = self.count_more(tenant, calls) {
            tokio::time::sleep(wait).await;
        }
    }

    /// Waits until a tenant may make a call, which is not counted yet.
    pub async fn may_call(&self, tenant: &TenantId) {
        while let Some(rate) = self.limits(tenant).calls_per_second
            && let Some(wait) = self.0.rates.wait(tenant, rate)
        {
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests;
