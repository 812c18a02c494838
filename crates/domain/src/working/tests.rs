//! A session's life in memory: what each operation makes of it, and what is then to be written.

mod batches;
mod life;
mod refusals;
mod requests;
mod told;

use super::*;
use crate::{
    attribute::Attributes,
    change::{Create, Delete, End, Existing, Operation, Requester},
    precondition::RevisionMatch,
    request_id::RequestId,
    time::Timestamp,
    update::Update,
    value_type::ValueRules,
};
use json::Value;

use crate::literal;

const LIMIT: usize = 10;
const ACTIVE: &str = r#"{"conversationId":"c"}"#;
const ENDED: &str = r#"{"isActive":false}"#;

fn id() -> Id {
    Id::parse("x").expect("an id")
}

/// A session of which nothing was ever stored.
fn missing() -> Working {
    Working::missing(TenantId::default(), id())
}

/// A session that is stored with revision 5.
fn stored(document: &str) -> Working {
    let document = Some(document.to_owned());
    Working::stored(TenantId::default(), id(), Revision::new(5), document).expect("a document")
}

/// A session that was deleted, with revision 5.
fn deleted() -> Working {
    Working::stored(TenantId::default(), id(), Revision::new(5), None).expect("no document")
}

fn attach(attributes: &str) -> Update {
    Update::attach(Attributes::parse(attributes, ValueRules::Strict).expect("valid attributes"), LIMIT)
}

fn update(attributes: &str) -> Change {
    Change::new(id(), Operation::Update(attach(attributes)))
}

/// An update that makes a key a number.
fn number(key: &str, value: u8) -> Change {
    update(&format!(r#"[{{"key":"{key}","type":"Number","value":{value}}}]"#))
}

fn create(document: &str, existing: Existing) -> Change {
    let document = Document::parse(document).expect("a document");
    Change::new(id(), Operation::Create(Create { document, existing }))
}

fn end() -> Change {
    Change::new(id(), Operation::End(End::parse("", "AGENT").expect("valid")))
}

fn delete(allow_missing: bool) -> Change {
    Change::new(id(), Operation::Delete(Delete { allow_missing }))
}

fn requiring(etag: &str, change: Change) -> Change {
    Change { revision: Some(RevisionMatch::parse(etag).expect("valid")), ..change }
}

fn named(request_id: &str, change: Change) -> Change {
    Change { request_id: Some(RequestId::parse(request_id).expect("valid")), ..change }
}

fn at(millis: i64, change: Change) -> Change {
    Change { at: Timestamp::from_millis(millis), ..change }
}

fn to_validate(change: Change) -> Change {
    Change { validate_only: true, ..change }
}

/// The documents of a list of attributes of one number.
fn with(key: &str, value: u8) -> String {
    format!(
        r#"{{"channelData":{{"additionalAttributes":[{{"key":"{key}","type":"Number","value":{value}}}]}},"conversationId":"c"}}"#
    )
}

/// Whether it changed, the revision and the document of an answer.
fn told(answer: Result<Changed, Error>) -> (bool, i64, Option<Value>) {
    let Changed { revision, document, changed } = answer.expect("the change is allowed");
    (changed, revision.get(), document.as_deref().map(literal))
}

fn names(write: &Write) -> Vec<(i64, Name)> {
    write.events.iter().map(|event| (event.revision.get(), event.name)).collect()
}
