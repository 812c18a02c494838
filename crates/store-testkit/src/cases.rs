//! The cases of the suite, by what they are about. Each is handed an empty store of its own.

pub mod active;
pub mod attempt;
pub mod batch;
pub mod channel_data;
pub mod concurrency;
pub mod create;
pub mod entries;
pub mod exactness;
pub mod get;
pub mod id;
pub mod lifecycle;
pub mod limit;
pub mod page;
pub mod property;
pub mod size;
pub mod update_data;

mod ask;
mod subject;
