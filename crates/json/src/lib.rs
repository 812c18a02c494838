//! JSON that stays exact: a value keeps every number as the text that it was written with.
//!
//! `serde_json::Value` is not used for documents: without `arbitrary_precision` it rounds numbers, and with it an
//! object that has a certain private member name turns into a number. The README says more.

mod compact;
mod items;
mod members;
mod number;
mod parse;
mod path;
mod problem;
mod raw;
#[cfg(any(test, feature = "strategy"))]
pub mod strategy;
mod value;
mod write;

pub use compact::compact;
pub use items::{NoItems, items};
pub use members::{Members, Object};
pub use number::Number;
pub use parse::{Refused, parse, parse_within};
pub use path::{Path, Step};
pub use problem::Problem;
pub use raw::{Member, members, pick, syntax};
pub use value::{Tree, Value};
pub use write::write_array;

#[cfg(test)]
mod tests;
