//! Configuration: one struct for each concern, each setting with its flag, its environment variable, its default, and
//! what a value that is too high or too low does.

mod database;
mod limits;
mod listen;
mod log;
mod rules;
mod stop;

pub use database::Database;
pub use limits::Limits;
pub use listen::{GrpcAddr, HttpAddr};
pub use log::{Log, LogFormat};
pub use rules::Rules;
pub use stop::Stop;

#[cfg(test)]
mod tests;
