//! Exactly one event for each change, recorded with it, that says what changed.

use std::sync::Arc;

use domain::{
    Outcome,
    caller::Requester,
    command::{Command, Existing},
    event::{AttributeDiff, Entry, Event, Name, Scope},
    session::{Id, Revision, TenantId},
    store::Store,
    time::Timestamp,
    trace::TraceId,
};

use super::{
    precondition::is,
    reader::Reader,
    requests,
    tasks::{TASKS, at_once},
};
use crate::{parsed, seed};

fn number(value: &str) -> Option<Entry> {
    Some(Entry { value_type: Some(parsed::value(r#""Number""#)), value: Some(parsed::value(value)) })
}

/// An event whose document, where it has one, has been compared and taken out.
fn without_document(event: Event, document: &str) -> Event {
    let recorded = event.document.as_deref().expect("the event has the document");
    assert_eq!(parsed::value(recorded), parsed::value(document));
    Event { document: None, ..event }
}

pub async fn it_tells_all_of_a_change(store: &Arc<dyn Store>) {
    let id = parsed::id("64e2f08a6155b317cd3f88fd");
    let mut reader = Reader::of(store, &id).await;
    let by = |name: &str, command: Command| Command { requester: Requester::from_stored(name), ..command };
    let document = format!(
        r#"{{"conversationId":"c","n":0.10,{}"#,
        &requests::with_list(&requests::one("a", "0.1"))[1..]
    );
    requests::made(&**store, by("ivr", requests::at(1_700_000_000_123, requests::creation(&id, &document))))
        .await;
    let expected = Event {
        tenant: TenantId::only(),
        session_id: id.clone(),
        revision: Revision::FIRST,
        name: Name::Started,
        at: Timestamp::from_millis(1_700_000_000_123),
        conversation_id: Some("c".to_owned()),
        requester: Requester::from_stored("ivr"),
        request_id: None,
        trace_id: None,
        changes: vec![AttributeDiff { key: "a".to_owned(), index: 0, old: None, new: number("0.1") }],
        document: None,
    };
    assert_eq!(without_document(reader.event().await, &document), expected);

    let update = requests::under("r-1", requests::update(&id, &requests::one("a", "0.10")));
    requests::made(&**store, by("Anné \"Agent\" 💬", requests::at(-1, update))).await;
    let document = document.replace("0.1}", "0.10}");
    let expected = Event {
        revision: Revision::new(2),
        name: Name::DataUpdated,
        at: Timestamp::from_millis(-1),
        requester: Requester::from_stored("Anné \"Agent\" 💬"),
        request_id: Some(parsed::request_id("r-1")),
        changes: vec![AttributeDiff {
            key: "a".to_owned(),
            index: 0,
            old: number("0.1"),
            new: number("0.10"),
        }],
        ..expected
    };
    assert_eq!(without_document(reader.event().await, &document), expected);
}

pub async fn it_tells_the_trace_of_the_call(store: &Arc<dyn Store>) {
    let trace = |digit: char| TraceId::parse(&digit.to_string().repeat(32));
    let [a, b] = ["a", "b"].map(parsed::id);
    let mut reader = Reader::from_now(store, Scope::All).await;
    let of = |digit, command: Command| Command { trace_id: trace(digit), ..command };
    // Stores write new sessions, one update, many updates and deletions in different ways.
    requests::made(&**store, of('1', requests::creation(&a, "{}"))).await;
    requests::made(&**store, of('2', requests::creation(&b, "{}"))).await;
    requests::made(&**store, of('3', requests::update(&a, &requests::one("k", 1)))).await;
    requests::made(&**store, requests::update(&a, &requests::one("k", 2))).await;
    let many = vec![
        of('4', requests::update(&a, &requests::one("k", 3))),
        requests::update(&b, &requests::one("k", 1)),
        of('5', requests::update(&b, &requests::one("k", 2))),
        of('6', requests::update(&a, &requests::one("k", 4))),
    ];
    for result in store.execute(many).await {
        result.expect("the update is made");
    }
    let recorded = |events: &[Event], id: &Id| -> Vec<_> {
        events.iter().filter(|event| event.session_id == *id).map(|event| event.trace_id).collect()
    };
    let events = reader.events().await;
    assert_eq!(
        recorded(&events, &a),
        ["1", "3", "", "4", "6"].map(|digit| digit.chars().next().and_then(trace))
    );
    assert_eq!(recorded(&events, &b), ["2", "", "5"].map(|digit| digit.chars().next().and_then(trace)));
    let history = requests::history(&**store, &b).await;
    assert_eq!(recorded(&history, &b), ["5", "", "2"].map(|digit| digit.chars().next().and_then(trace)));
    requests::made(&**store, of('7', requests::deletion(&a))).await;
    assert_eq!(reader.event().await.trace_id, trace('7'));
}

pub async fn nobody_in_particular_is_anonymous(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let mut reader = Reader::of(store, &id).await;
    requests::made(&**store, requests::update(&id, &requests::one("a", 1))).await;
    assert_eq!(reader.event().await.requester.as_str(), "anonymous");
}

pub async fn each_change_has_the_name_of_what_it_is(store: &Arc<dyn Store>) {
    let id = parsed::id("it");
    let mut reader = Reader::of(store, &id).await;
    for (command, name) in [
        (requests::creation(&id, "{}"), Name::Started),
        (requests::update(&id, &requests::one("a", 1)), Name::DataUpdated),
        (requests::removal(&id, &["a"]), Name::DataUpdated),
        (requests::creation_or(Existing::Replace, &id, r#"{"n":1}"#), Name::DataUpdated),
        (requests::end(&id), Name::Ended),
        (requests::creation_or(Existing::Replace, &id, "{}"), Name::Started),
        (requests::deletion(&id), Name::Deleted),
        (requests::creation_or(Existing::Keep, &id, r#"{"isActive":false}"#), Name::Started),
    ] {
        let recorded = format!("{command:?}");
        let revision = requests::made(&**store, command).await.revision;
        let event = reader.event().await;
        assert_eq!((event.name, event.revision), (name, revision), "{recorded}");
    }
}

pub async fn what_changes_nothing_has_none(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, &requests::with_list(&requests::one("a", 1))).await;
    let mut reader = Reader::from_now(store, Scope::All).await;
    for command in [
        requests::update(&id, "[]"),
        requests::update(&id, &requests::one("a", 1)),
        requests::under("r", requests::update(&id, &requests::one("a", 1))),
        requests::removal(&id, &["b"]),
        requests::update_if(&id, vec![is("a", "1")], "[]"),
        requests::creation_or(Existing::Keep, &id, "{}"),
        requests::creation_or(Existing::Replace, &id, &requests::with_list(&requests::one("a", 1))),
        requests::only_validated(requests::deletion(&id)),
    ] {
        requests::made(&**store, command).await;
    }
    assert_eq!(reader.events().await, []);
}

pub async fn what_is_refused_has_none(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, &requests::with_list(&requests::one("a", 1))).await;
    let mut reader = Reader::from_now(store, Scope::All).await;
    let cancelled = requests::update(&id, &requests::one("a", 2));
    assert_eq!(cancelled.cancel_handle.cancel(), Outcome::NotApplied);
    for command in [
        requests::update(&parsed::id("missing"), &requests::one("a", 1)),
        requests::deletion(&parsed::id("missing")),
        requests::creation(&id, "{}"),
        requests::update_within(1, &id, &requests::one("b", 1)),
        requests::update_if(&id, vec![is("a", "2")], &requests::one("a", 3)),
        requests::if_revision(&[2], requests::deletion(&id)),
        cancelled,
    ] {
        requests::execute(&**store, command).await.expect_err("it is refused");
    }
    assert_eq!(reader.events().await, []);
}

pub async fn its_document_is_the_session_as_that_change_left_it(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, seed::CHANNEL_SESSION).await;
    let mut reader = Reader::of(store, &id).await;
    let mut left = Vec::new();
    for command in [
        requests::update(&id, &requests::one("a", "12345678901234567890")),
        requests::exchange(
            &id,
            &["name"],
            r#"[{"key":"b","type":"String50","value":{"n":[0.10,null,"💬\\"]}}]"#,
        ),
        requests::end(&id),
        requests::creation_or(Existing::Replace, &id, r#"{"$.a":{"":[1e3,-0]},"\u0001":"\ud83d\udcac"}"#),
    ] {
        left.push(requests::answered(&requests::made(&**store, command).await));
    }
    let recorded: Vec<_> = reader
        .events()
        .await
        .into_iter()
        .map(|event| (parsed::value(&event.document.expect("it has the document")), event.revision.get()))
        .collect();
    assert_eq!(recorded, left);
}

pub async fn the_largest_documents_are_told_whole(store: &Arc<dyn Store>) {
    let padding = "x".repeat(domain::session::Document::MAX_BYTES - r#"{"pad":""}"#.len());
    let document = format!(r#"{{"pad":"{padding}"}}"#);
    let id = parsed::id("large");
    let mut reader = Reader::of(store, &id).await;
    requests::create_all(&**store, std::slice::from_ref(&id), &document).await;
    assert_eq!(
        reader.event().await.document.map(|recorded| parsed::value(&recorded)),
        Some(parsed::value(&document))
    );
}

pub async fn entries_of_any_kind_are_told_exactly(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let mut reader = Reader::of(store, &id).await;
    // As deep as a document allows, and keys that no request could attach.
    let deep = format!("{}0.10{}", "[".repeat(60), "]".repeat(60));
    let long = "k".repeat(100_000);
    let document = requests::with_list(&format!(
        r#"[{{"key":"deep","type":{deep},"value":1}},{{"key":"","value":12345678901234567890}},
            {{"key":"deep","value":{deep}}},{{"key":"{long}","type":null}},{{"key":"\u0001"}},{{"key":5}},"deep"]"#
    ));
    requests::made(&**store, requests::creation_or(Existing::Replace, &id, &document)).await;
    let entry = |value_type: Option<&str>, value: Option<&str>| {
        Some(Entry { value_type: value_type.map(parsed::value), value: value.map(parsed::value) })
    };
    let change = |key: &str, index, new| AttributeDiff { key: key.to_owned(), index, old: None, new };
    let event = reader.event().await;
    let changes = &event.changes;
    assert_eq!(changes.len(), 5);
    assert_eq!(changes[0], change("deep", 0, entry(Some(&deep), Some("1"))));
    assert_eq!(changes[1], change("", 1, entry(None, Some("12345678901234567890"))));
    assert_eq!(changes[2], change("deep", 2, entry(None, Some(&deep))));
    // A type that is null and one that is absent are recorded alike.
    assert_eq!((&*changes[3].key, changes[3].index), (&*long, 3));
    assert_eq!(changes[4], change("\u{1}", 4, entry(None, None)));
    assert_eq!(event.document.map(|recorded| parsed::value(&recorded)), Some(parsed::value(&document)));

    // And they do no harm to what comes after them.
    requests::made(&**store, requests::exchange(&id, &["deep"], &requests::one("a", 1))).await;
    assert_eq!(reader.event().await.changes.len(), 3);
}

pub async fn a_session_that_moves_to_another_conversation_says_so(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, r#"{"conversationId":"c"}"#).await;
    let mut reader = Reader::of(store, &id).await;
    let documents = [
        (r#"{"conversationId":"d"}"#, Some("d")),
        (r#"{"conversationId":null,"topicId":"t"}"#, Some("t")),
        (r#"{"conversationId":5}"#, None),
        ("{}", None),
    ];
    for (document, expected) in documents {
        requests::made(&**store, requests::creation_or(Existing::Replace, &id, document)).await;
        assert_eq!(reader.event().await.conversation_id.as_deref(), expected, "{document}");
    }
}

pub async fn a_call_with_many_changes_has_one_for_each(store: &Arc<dyn Store>) {
    let ids = requests::ids(3);
    let mut reader = Reader::from_now(store, Scope::All).await;
    let mut commands: Vec<_> = ids.iter().map(|id| requests::creation(id, "{}")).collect();
    commands.extend((0..30).map(|value| requests::update(&ids[value % 3], &requests::one("a", value / 6))));
    let results = store.execute(commands).await;
    let changed = results.iter().filter(|result| result.as_ref().is_ok_and(|done| done.changed)).count();
    let events = reader.events().await;
    assert_eq!((changed, events.len()), (18, 18));
    for id in &ids {
        let revisions: Vec<_> =
            events.iter().filter(|event| event.session_id == *id).map(|event| event.revision.get()).collect();
        assert_eq!(revisions, (1..=6).collect::<Vec<_>>());
    }
}

pub async fn many_changes_at_once_have_one_each_without_a_gap(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let mut reader = Reader::of(store, &id).await;
    let answers =
        at_once(store, (0..TASKS).map(|task| requests::update(&id, &requests::one("a", task)))).await;
    let mut recorded: Vec<_> =
        answers.iter().map(|recorded| requests::answered(recorded.as_ref().expect("each is made"))).collect();
    recorded.sort_by_key(|(_, revision)| *revision);
    let events: Vec<_> = reader
        .events()
        .await
        .into_iter()
        .map(|event| (parsed::value(&event.document.expect("it has the document")), event.revision.get()))
        .collect();
    assert_eq!(events, recorded);
    let revisions: Vec<_> = events.into_iter().map(|(_, revision)| revision).collect();
    assert_eq!(revisions, (2..=TASKS as i64 + 1).collect::<Vec<_>>());
}

pub async fn an_event_has_the_same_id_whenever_it_is_read(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let mut reader = Reader::of(store, &id).await;
    let start = reader.at.clone();
    for value in 0..3 {
        requests::made(&**store, requests::update(&id, &requests::one("a", value))).await;
    }
    let ids = |events: Vec<Event>| -> Vec<_> { events.iter().map(|event| event.id().to_string()).collect() };
    let first = ids(reader.events().await);
    assert_eq!(ids(Reader::from(store, Scope::All, start).events().await), first);
    let mut history = requests::history(&**store, &id).await;
    history.truncate(3);
    history.reverse();
    assert_eq!(ids(history), first);
    let distinct: std::collections::BTreeSet<_> = first.iter().collect();
    assert_eq!(distinct.len(), 3);
}
