//! The cases of the suite, by what they are about: what a store decides and what it does not side by side. Each is handed an
//! empty store of its own.

pub mod abandoned;
pub mod active;
pub mod batch;
pub mod cancel_handle;
pub mod channel_data;
pub mod concurrency;
pub mod create;
pub mod delete;
pub mod end;
pub mod ended;
pub mod entries;
pub mod etag;
pub mod event;
pub mod event_json;
pub mod exactness;
pub mod existing;
pub mod get;
pub mod history;
pub mod id;
pub mod lifecycle;
pub mod limit;
pub mod list;
pub mod model;
pub mod page;
pub mod password;
pub mod position;
pub mod precondition;
pub mod property;
pub mod reading;
pub mod removal;
pub mod repeat;
pub mod request_id;
pub mod retention;
pub mod scope;
pub mod size;
pub mod update_data;
pub mod validate_only;

mod reader;
mod requests;
mod subject;
mod tasks;
