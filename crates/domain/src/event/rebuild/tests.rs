//! Every revision's document is rebuilt exactly, whatever happened to the session.

use proptest::prelude::*;

use super::*;
use crate::{
    attribute::Attributes,
    batch::SessionState,
    command::{Command, Create, End, Existing, Operation},
    event::{Event, EventWrite},
    session::{Id, TenantId},
    update::Update,
    value_type::ValueRules,
};

fn id() -> Id {
    Id::parse("x").expect("an id")
}

/// A value for a key, now and then one of those that are masked.
fn attribute() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec!["a", "b", "c", "d"]);
    let rest = prop::sample::select(vec![
        r#""type":"Password","value":"Secret12""#,
        r#""type":"Password","value":"Secret34""#,
        r#""type":"String50","value":"plain""#,
        r#""type":"String50","value":null"#,
        r#""type":"Number","value":0.10"#,
        r#""type":"Alphanum100","value":{"deep":["x",10]}"#,
    ]);
    (key, rest).prop_map(|(key, rest)| format!(r#"{{"key":"{key}",{rest}}}"#))
}

fn list(attributes: &[String]) -> String {
    format!("[{}]", attributes.join(","))
}

fn update() -> impl Strategy<Value = Operation> {
    let removed = prop::sample::subsequence(vec!["a", "b", "c", "d"], 0..=2);
    (prop::collection::vec(attribute(), 0..4), removed).prop_map(|(attributes, removed)| {
        let is_kept =
            |attribute: &&String| !removed.iter().any(|key| attribute.contains(&format!(r#""key":"{key}""#)));
        let kept: Vec<String> = attributes.iter().filter(is_kept).cloned().collect();
        let attributes = Attributes::parse(&list(&kept), ValueRules::Strict).expect("valid attributes");
        let remove_keys = removed.into_iter().map(str::to_owned).collect();
        Operation::Update(Update { remove_keys, ..Update::attach(attributes, 100) })
    })
}

/// A document as other systems leave them: keys twice, members that the service does not know, entries that are no objects,
/// no list at all.
fn create() -> impl Strategy<Value = Operation> {
    let entries = prop::sample::select(vec![
        r#""channelData":{"additionalAttributes":null}"#,
        r#""channelData":null"#,
        r#""other":1.50"#,
        r#""channelData":{"additionalAttributes":[]}"#,
        r#""channelData":{"additionalAttributes":[{"key":"a","type":"Password","value":"Secret56","more":1},
            7,{"key":"b","value":"untyped"},{"key":"a","type":"String50","value":"twice"},{"key":"c","extra":[0.10]}]}"#,
        r#""channelData":{"additionalAttributes":[{"key":"d","type":["Password"],"value":1},{"key":"d"}]},"isActive":true"#,
    ]);
    entries.prop_map(|members| {
        let document = Document::parse(&format!("{{{members}}}")).expect("a document");
        Operation::Create(Create { document, existing: Existing::Replace })
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    let end = Just(()).prop_map(|()| Operation::End(End::parse("", "AGENT").expect("valid")));
    prop_oneof![12 => update(), 1 => create(), 1 => end]
}

proptest! {
    #[test]
    fn a_documents_every_revision_is_rebuilt_exactly(
        first in create(),
        rest in prop::collection::vec(operation(), 0..100),
    ) {
        let mut state = SessionState::missing(TenantId::only(), id());
        let mut answers = Vec::new();
        for operation in std::iter::once(first).chain(rest) {
            // What is refused, such as an update of a session that has ended, changes nothing.
            let Ok(answer) = state.apply(&Command { ..crate::command(id(), operation) }) else { continue };
            if answer.changed {
                answers.push((answer.revision, answer.document.expect("it is not deleted")));
            }
        }
        let (last, current) = answers.last().cloned().expect("it was created");
        let events = state.into_write().expect("it was created").events;
        prop_assert_eq!(events.len(), answers.len());
        for (at, (revision, document)) in answers.iter().enumerate() {
            let later = events[at + 1..].iter().take_while(|it| it.event.revision <= last_needed(*revision));
            let later = later.map(|EventWrite { event, before, .. }| {
                let (revision, changes) = (event.revision, event.changes.clone());
                Later { revision, changes, before: before.clone() }
            });
            let session = (last, (last < last_needed(*revision)).then(|| current.clone()));
            let rebuilt = rebuild(*revision, session, later).expect("what was stored").expect("all is there");
            let document_of = |document: Document| Event::with_document(events[at].event.clone(), document).document;
            let exact = Document::stored(document.clone()).expect("a document");
            prop_assert_eq!(document_of(rebuilt), document_of(exact));
        }
    }
}

const LIST: &str = r#"{"channelData":{"additionalAttributes":[]}}"#;

fn later(revision: i64, before: Option<&str>) -> Later {
    let revision = Revision::new(revision);
    Later { revision, changes: Vec::new(), before: before.map(str::to_owned) }
}

#[test]
fn where_an_event_on_the_way_is_gone_nothing_is_made_up() {
    let current = || (Revision::new(5), Some(LIST.to_owned()));
    let rebuilt = |session, later: Vec<Later>| rebuild(Revision::new(2), session, later).expect("no defect");
    assert!(rebuilt(current(), vec![later(3, None), later(4, None), later(5, None)]).is_some());
    assert!(rebuilt(current(), vec![later(3, None), later(5, None)]).is_none());
    assert!(rebuilt(current(), vec![later(4, None), later(5, None)]).is_none());
    assert!(rebuilt(current(), vec![later(3, None), later(4, None)]).is_none());
    assert!(rebuilt(current(), vec![]).is_none());
    assert!(rebuilt(current(), vec![later(3, None), later(4, Some(LIST))]).is_some());
    assert!(rebuilt((Revision::new(99), None), vec![later(3, Some(LIST))]).is_some());
}

#[test]
fn the_way_to_a_document_is_never_long() {
    for revision in 1..200 {
        let last = last_needed(Revision::new(revision)).get();
        assert!(
            last > revision && last - revision <= MAX_LATER && last % MAX_LATER == 0,
            "{revision}: {last}"
        );
    }
}
