//! The file that says what single tenants may.

use std::{collections::HashMap, num::NonZeroU32};

use domain::{session::TenantId, value_type::ValueRules};
use serde::Deserialize;

use crate::Limits;

/// What is wrong with a file of tenants.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It is not the JSON that it has to be.
    #[error("{0}")]
    Json(String),
    /// A tenant's name is not one.
    #[error("tenants[{0}]: name must not be empty")]
    Name(usize),
    /// A tenant is named twice.
    #[error("tenants[{at}]: {name:?} is named twice")]
    Twice {
        /// Which one, counted from 0.
        at: usize,
        /// What it is called.
        name: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tenants: Vec<Tenant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Tenant {
    name: String,
    max_attributes: Option<u32>,
    value_rules: Option<Rules>,
    calls_per_second: Option<NonZeroU32>,
    max_calls: Option<NonZeroU32>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Rules {
    Strict,
    Lenient,
}

/// What tenants may, by their names. What it does not say of one is as for all.
pub(crate) fn parse(text: &str, of_all: Limits) -> Result<HashMap<TenantId, Limits>, Invalid> {
    let File { tenants } = serde_json::from_str(text).map_err(|error| Invalid::Json(error.to_string()))?;
    let mut all = HashMap::new();
    for (at, tenant) in tenants.into_iter().enumerate() {
        let Tenant { name, max_attributes, value_rules, calls_per_second, max_calls } = tenant;
        if name.is_empty() {
            return Err(Invalid::Name(at));
        }
        let limits = Limits {
            max_attributes: max_attributes.map_or(of_all.max_attributes, |max| max as usize),
            value_rules: value_rules.map_or(of_all.value_rules, |rules| match rules {
                Rules::Strict => ValueRules::Strict,
                Rules::Lenient => ValueRules::Lenient,
            }),
            calls_per_second: calls_per_second.or(of_all.calls_per_second),
            max_calls: max_calls.or(of_all.max_calls),
        };
        if all.insert(TenantId::from_stored(&name), limits).is_some() {
            return Err(Invalid::Twice { at, name });
        }
    }
    Ok(all)
}
