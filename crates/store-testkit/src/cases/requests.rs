//! The store's calls in the sizes that cases want: mostly one item.

use domain::{
    Error,
    command::{Command, CommandResult, Create, Delete, End, Existing, Operation},
    event::Event,
    list::Filter,
    precondition::{Precondition, RevisionMatch},
    session::{Id, Revision, Session, TenantId},
    store::Store,
    time::Timestamp,
    update::Update,
};
use json::Value;

use crate::parsed;

/// The limit on attributes where a case is not about it: the service's default.
pub(super) const MAX_ATTRIBUTES: usize = 10;

/// Attaches the attributes of a JSON list.
pub(super) fn update(id: &Id, attributes: &str) -> Command {
    update_within(MAX_ATTRIBUTES, id, attributes)
}

/// Attaches the attributes of a JSON list, to as many entries as that.
pub(super) fn update_within(max_attributes: usize, id: &Id, attributes: &str) -> Command {
    updating(id, Update::attach(parsed::attributes(attributes), max_attributes))
}

/// Removes keys.
pub(super) fn removal(id: &Id, keys: &[&str]) -> Command {
    exchange(id, keys, "[]")
}

/// Removes keys, and attaches the attributes of a JSON list.
pub(super) fn exchange(id: &Id, keys: &[&str], attributes: &str) -> Command {
    let remove_keys = keys.iter().map(|key| (*key).to_owned()).collect();
    updating(id, Update { remove_keys, ..Update::attach(parsed::attributes(attributes), MAX_ATTRIBUTES) })
}

/// Attaches the attributes of a JSON list if all that is required is so.
pub(super) fn update_if(id: &Id, preconditions: Vec<Precondition>, attributes: &str) -> Command {
    updating(id, Update { preconditions, ..Update::attach(parsed::attributes(attributes), MAX_ATTRIBUTES) })
}

pub(super) fn updating(id: &Id, update: Update) -> Command {
    parsed::command(id.clone(), Operation::Update(update))
}

/// Stores a document where there is none.
pub(super) fn creation(id: &Id, document: &str) -> Command {
    creation_or(Existing::Refuse, id, document)
}

/// Stores a document, or does that with the one that is there.
pub(super) fn creation_or(existing: Existing, id: &Id, document: &str) -> Command {
    parsed::command(id.clone(), Operation::Create(Create { document: parsed::document(document), existing }))
}

/// Ends a session as `ENDED` by its `CUSTOMER`.
pub(super) fn end(id: &Id) -> Command {
    parsed::command(
        id.clone(),
        Operation::End(End { state: "ENDED".to_owned(), reason_code: "CUSTOMER".to_owned() }),
    )
}

/// Erases a session that has to be there.
pub(super) fn deletion(id: &Id) -> Command {
    parsed::command(id.clone(), Operation::Delete(Delete { allow_missing: false }))
}

/// The command under a request id.
pub(super) fn under(request_id: &str, command: Command) -> Command {
    Command { request_id: Some(parsed::request_id(request_id)), ..command }
}

/// The command as if asked for at a moment, in milliseconds.
pub(super) fn at(millis: i64, command: Command) -> Command {
    Command { at: Timestamp::from_millis(millis), ..command }
}

/// The command if the session has one of these revisions.
pub(super) fn if_revision(revisions: &[i64], command: Command) -> Command {
    let revisions = revisions.iter().map(|revision| Revision::new(*revision)).collect();
    Command { revision: Some(RevisionMatch::OneOf(revisions)), ..command }
}

/// The command's checks alone.
pub(super) fn only_validated(command: Command) -> Command {
    Command { validate_only: true, ..command }
}

/// Sends one command.
pub(super) async fn execute(store: &dyn Store, command: Command) -> Result<CommandResult, Error> {
    only(store.execute(vec![command]).await)
}

/// Sends one command that has to be taken.
pub(super) async fn made(store: &dyn Store, item: Command) -> CommandResult {
    let asked = format!("{item:?}");
    execute(store, item).await.unwrap_or_else(|error| panic!("{error:?} for {asked}"))
}

/// Stores sessions that have all the same document, and fails where one is refused.
pub(super) async fn create_all(store: &dyn Store, ids: &[Id], document: &str) {
    for result in store.execute(ids.iter().map(|id| creation(id, document)).collect()).await {
        result.expect("a new session is stored");
    }
}

/// Stores one session, under the same id in every case, since every case has a store of its own.
pub(super) async fn create_one(store: &dyn Store, document: &str) -> Id {
    let [id]: [_; 1] = ids(1).try_into().expect("one");
    create_all(store, std::slice::from_ref(&id), document).await;
    id
}

/// Fetches one session.
pub(super) async fn get_one(store: &dyn Store, id: &Id) -> Result<Session, Error> {
    only(store.get(&TenantId::only(), vec![id.clone()]).await)
}

/// What is stored under an id that is known to be there.
pub(super) async fn stored(store: &dyn Store, id: &Id) -> (Value, i64) {
    read(&get_one(store, id).await.expect("the session is there"))
}

/// All sessions that meet a filter, read in pages of a size, each of which keeps its promises.
pub(super) async fn list(
    store: &dyn Store,
    filter: &Filter,
    mut after: Option<Id>,
    limit: usize,
) -> Vec<Session> {
    let mut sessions: Vec<Session> = Vec::new();
    loop {
        let page =
            store.list(&TenantId::only(), filter, after.as_ref(), limit).await.expect("the store answers");
        assert!(page.sessions.len() <= limit, "{} sessions in a page of {limit}", page.sessions.len());
        for session in page.sessions {
            let last = sessions.last().map(|session| &session.id).max(after.as_ref());
            assert!(last < Some(&session.id), "{:?} comes behind {last:?}", session.id);
            sessions.push(session);
        }
        let Some(next) = page.next else { return sessions };
        assert!(after.as_ref() < Some(&next), "{next:?} is no way on from {after:?}");
        assert!(sessions.last().is_none_or(|last| last.id <= next), "{next:?} would repeat a session");
        after = Some(next);
    }
}

/// All that is kept of a session's past, newest first, of all or of one key; before a revision, where one is given.
pub(super) async fn history_of(
    store: &dyn Store,
    id: &Id,
    key: Option<&str>,
    mut before: Option<Revision>,
    limit: usize,
) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    loop {
        let page = store.history(&TenantId::only(), id, key, before, limit).await.expect("the store answers");
        assert!(page.events.len() <= limit, "{} events in a page of {limit}", page.events.len());
        for event in page.events {
            let last = events.last().map(|event| event.revision).or(before);
            assert!(
                last.is_none_or(|last| event.revision < last),
                "{:?} comes after {last:?}",
                event.revision
            );
            events.push(event);
        }
        let Some(next) = page.next else { return events };
        assert!(before.is_none_or(|before| next < before), "{next:?} is no way on from {before:?}");
        assert!(events.last().is_none_or(|last| next <= last.revision), "{next:?} would repeat an event");
        before = Some(next);
    }
}

/// All that is kept of a session's past, newest first.
pub(super) async fn history(store: &dyn Store, id: &Id) -> Vec<Event> {
    history_of(store, id, None, None, 100).await
}

/// A session's document and revision, to be compared.
pub(super) fn read(session: &Session) -> (Value, i64) {
    (parsed::value(&session.document), session.revision.get())
}

/// The document and the revision in the answer to a command that did not delete the session, to be compared.
pub(super) fn answered(changed: &CommandResult) -> (Value, i64) {
    let document = changed.document.as_ref().expect("the answer has the document");
    (parsed::value(document), changed.revision.get())
}

/// The values in a document's list of attributes.
pub(super) fn values(document: &Value) -> Vec<Value> {
    let member = |value: &Value, name: &str| value.as_object().and_then(|object| object.get(name)).cloned();
    let list = member(document, "channelData").and_then(|data| member(&data, "additionalAttributes"));
    let Some(Value::Array(list)) = list else { panic!("{document} has no list") };
    list.iter().map(|entry| member(entry, "value").expect("an entry has a value")).collect()
}

/// A document whose `channelData.additionalAttributes` is this JSON text.
pub(super) fn with_list(list: &str) -> String {
    format!(r#"{{"channelData":{{"additionalAttributes":{list}}}}}"#)
}

/// The list of one attribute, of type `Number` whatever its value.
pub(super) fn one(key: &str, value: impl std::fmt::Display) -> String {
    format!(r#"[{{"key":"{key}","type":"Number","value":{value}}}]"#)
}

/// Ids that differ in their number.
pub(super) fn ids(count: usize) -> Vec<Id> {
    (0..count).map(|number| parsed::id(&format!("session-{number:04}"))).collect()
}

fn only<T>(results: Vec<T>) -> T {
    let [result] = <[T; 1]>::try_from(results)
        .unwrap_or_else(|results| panic!("{} results for one item", results.len()));
    result
}
