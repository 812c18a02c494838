//! What each tenant may.

use std::{num::NonZeroU32, path::PathBuf};

use clap::Args;

use super::number;

/// What each tenant may.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Tenants")]
pub struct Tenants {
    /// How many calls a tenant may make in a second, a batch counting as its updates; more are refused as OVERLOADED. Without
    /// it, any number
    #[arg(
        long,
        env = "TENANT_CALLS_PER_SECOND",
        value_name = "CALLS",
        value_parser = number::<1>,
        hide_env_values = true
    )]
    tenant_calls_per_second: Option<u32>,

    /// How many of a tenant's calls may be under way at once; more are refused as OVERLOADED. Without it, as many as its share
    /// of all
    #[arg(
        long,
        env = "TENANT_MAX_CALLS",
        value_name = "CALLS",
        value_parser = number::<1>,
        hide_env_values = true
    )]
    tenant_max_calls: Option<u32>,

    /// The file that says what single tenants may: attributes, value rules and calls. It is read again when it changes
    #[arg(long, env = "TENANTS_FILE", value_name = "FILE", hide_env_values = true)]
    pub(crate) tenants_file: Option<PathBuf>,
}

impl Tenants {
    /// How many calls a tenant may make in a second.
    #[must_use]
    pub fn calls_per_second(&self) -> Option<NonZeroU32> {
        self.tenant_calls_per_second.and_then(NonZeroU32::new)
    }

    /// How many calls of a tenant may be under way at once.
    #[must_use]
    pub fn max_calls(&self) -> Option<NonZeroU32> {
        self.tenant_max_calls.and_then(NonZeroU32::new)
    }
}
