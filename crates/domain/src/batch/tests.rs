//! A session's life in memory: what each operation makes of it, and what is then to be written.

mod assumed;
mod batches;
mod event;
mod life;
mod refusals;
mod requests;
mod rounds;

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use super::*;
use crate::{
    attribute::Attributes,
    caller::Requester,
    command::{Create, Delete, End, Existing, Operation},
    event::{AttributeDiff, Event, EventWrite, Name},
    precondition::RevisionMatch,
    request_id::RequestId,
    session::{Document, Revision},
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
fn missing() -> SessionState {
    SessionState::missing(TenantId::only(), id())
}

/// A session that is stored with revision 5.
fn stored(document: &str) -> SessionState {
    let document = Some(document.to_owned());
    SessionState::stored(TenantId::only(), id(), Revision::new(5), document).expect("a document")
}

/// A session that was deleted, with revision 5.
fn deleted() -> SessionState {
    SessionState::stored(TenantId::only(), id(), Revision::new(5), None).expect("no document")
}

fn attach(attributes: &str) -> Update {
    Update::attach(Attributes::parse(attributes, ValueRules::Strict).expect("valid attributes"), LIMIT)
}

fn update(attributes: &str) -> Command {
    crate::command(id(), Operation::Update(attach(attributes)))
}

/// An update that makes a key a number.
fn number(key: &str, value: u8) -> Command {
    update(&format!(r#"[{{"key":"{key}","type":"Number","value":{value}}}]"#))
}

fn create(document: &str, existing: Existing) -> Command {
    let document = Document::parse(document).expect("a document");
    crate::command(id(), Operation::Create(Create { document, existing }))
}

fn end() -> Command {
    crate::command(id(), Operation::End(End::parse("", "AGENT").expect("valid")))
}

fn delete(allow_missing: bool) -> Command {
    crate::command(id(), Operation::Delete(Delete { allow_missing }))
}

fn requiring(etag: &str, command: Command) -> Command {
    Command { revision: Some(RevisionMatch::parse(etag).expect("valid")), ..command }
}

fn named(request_id: &str, command: Command) -> Command {
    Command { request_id: Some(RequestId::parse(request_id).expect("valid")), ..command }
}

fn at(millis: i64, command: Command) -> Command {
    Command { at: Timestamp::from_millis(millis), ..command }
}

fn to_validate(command: Command) -> Command {
    Command { validate_only: true, ..command }
}

/// The documents of a list of attributes of one number.
fn with(key: &str, value: u8) -> String {
    format!(
        r#"{{"channelData":{{"additionalAttributes":[{{"key":"{key}","type":"Number","value":{value}}}]}},"conversationId":"c"}}"#
    )
}

/// Whether it changed, the revision and the document of an answer.
fn answered(answer: Result<CommandResult, Error>) -> (bool, i64, Option<Value>) {
    let CommandResult { revision, document, changed, .. } = answer.expect("the command is allowed");
    (changed, revision.get(), document.as_deref().map(literal))
}

/// Runs what never waits.
fn run<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn names(write: &SessionWrite) -> Vec<(i64, Name)> {
    write.events.iter().map(|write| (write.event.revision.get(), write.event.name)).collect()
}
