//! The domain's values from literals. Where a literal is wrong it panics, since that is the test's mistake.

use domain::{
    attribute::Attributes,
    caller::{Caller, Requester},
    command::{Command, Operation},
    request_id::RequestId,
    session::{Document, Id, TenantId},
    time::Timestamp,
    value_type::ValueRules,
};
use json::{Path, Value};

/// The value that a JSON text stands for.
///
/// # Panics
/// If it is not JSON that the service takes.
#[must_use]
pub fn value(text: &str) -> Value {
    let raw = json::syntax(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    json::parse(raw.get(), Document::MAX_DEPTH, &Path::root(""))
        .unwrap_or_else(|problems| panic!("{problems:?} in {text}"))
        .into_owned()
}

/// The document that a JSON text stands for.
///
/// # Panics
/// If it breaks a document's rules.
#[must_use]
pub fn document(text: &str) -> Document {
    Document::parse(text).unwrap_or_else(|error| panic!("{error}: {:?}", error.violations()))
}

/// The attributes of a JSON list, whether or not the values fit their types: a store must not care.
///
/// # Panics
/// If they break an attribute's rules.
#[must_use]
pub fn attributes(text: &str) -> Attributes {
    Attributes::parse(text, ValueRules::Lenient)
        .unwrap_or_else(|error| panic!("{error}: {:?} in {text}", error.violations()))
}

/// The id.
///
/// # Panics
/// If it breaks an id's rules.
#[must_use]
pub fn id(text: &str) -> Id {
    Id::parse(text).unwrap_or_else(|error| panic!("{error:?}"))
}

/// The request id.
///
/// # Panics
/// If it breaks a request id's rules.
#[must_use]
pub fn request_id(text: &str) -> RequestId {
    RequestId::parse(text).unwrap_or_else(|error| panic!("{error:?}"))
}

/// A command that somebody gives, at the beginning of time.
#[must_use]
pub fn command(id: Id, operation: Operation) -> Command {
    let caller = Caller::new(TenantId::only(), Requester::anonymous());
    caller.command(id, operation, Timestamp::default())
}
