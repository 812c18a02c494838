//! Configuration: one struct for each concern, each setting with its flag, its environment variable, its default, and
//! what a value that is too high or too low does.

mod access;
mod browsers;
mod connection_age;
mod database;
mod duration;
pub(crate) mod environment;
mod limits;
mod listen;
mod log;
mod metrics;
mod reflection;
mod retention;
mod rules;
pub(crate) mod secret;
mod stop;
mod tenants;
mod tls;

pub use access::{Access, Authn};
pub use browsers::Browsers;
pub use connection_age::ConnectionAge;
pub use database::Database;
pub use limits::Limits;
pub use listen::{GrpcAddr, HttpAddr};
pub(crate) use log::LevelFile;
pub use log::{Log, LogFormat, Share};
pub use metrics::Metrics;
pub use reflection::Reflection;
pub use retention::Retention;
pub use rules::Rules;
pub use secret::Secret;
pub use stop::Stop;
pub use tenants::Tenants;
pub use tls::{Tls, UpstreamTls};

/// A whole number, no smaller than this. What the standard library says of one that is none does not say what would be.
fn number<const LEAST: u32>(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| *number >= LEAST);
    number.ok_or_else(|| format!("must be a whole number from {LEAST} to {}", u32::MAX))
}

/// A size of memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes(pub(crate) usize);

fn bytes(text: &str) -> Result<Bytes, String> {
    let (number, unit) = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)]
        .iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))
        .unwrap_or((text, 1));
    let bytes = number.trim().parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
    bytes.map(Bytes).ok_or_else(|| "write it as 128MiB, 1GiB, or in bytes".to_owned())
}

#[cfg(test)]
mod tests;
