//! Reading the events of some sessions: the same as of all, but for those of others.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    command::{Command, Delete, Existing, Operation},
    event::{Event, Position, Scope},
    session::Id,
    store::{MAX_EVENTS_BYTES, Store},
};
use proptest::{sample::select, strategy::Strategy};

use super::{
    reader::{Reader, behind, change_each, in_order, summary},
    requests,
};
use crate::{generate, parsed};

pub async fn a_conversations_reader_hears_of_its_sessions_alone(store: &Arc<dyn Store>) {
    let sessions = [
        ("1", r#"{"conversationId":"c"}"#),
        ("2", r#"{"conversationId":"C"}"#),
        ("3", r#"{"topicId":"c"}"#),
        ("4", "{}"),
        ("5", r#"{"conversationId":null,"topicId":"c"}"#),
        ("6", r#"{"conversationId":5,"topicId":"c"}"#),
    ];
    let mut reader = Reader::from_now(store, Scope::Conversation("c".to_owned())).await.limited(2);
    for (id, document) in sessions {
        requests::create_all(&**store, &[parsed::id(id)], document).await;
    }
    let ids = sessions.map(|(id, _)| parsed::id(id));
    change_each(store, &ids, 0..2).await;
    let received: BTreeSet<_> = summary(&reader.events().await).into_iter().collect();
    let expected: BTreeSet<_> =
        ["1", "3", "5"].iter().flat_map(|id| (1..=3).map(|revision| ((*id).to_owned(), revision))).collect();
    assert_eq!(received, expected);

    // A session that moves is received where it is.
    let moved = requests::creation_or(Existing::Replace, &parsed::id("1"), r#"{"conversationId":"d"}"#);
    requests::made(&**store, moved).await;
    let moved = requests::creation_or(Existing::Replace, &parsed::id("2"), r#"{"conversationId":"c"}"#);
    requests::made(&**store, moved).await;
    change_each(store, &ids[..2], 2..3).await;
    let received: BTreeSet<_> = summary(&reader.events().await).into_iter().collect();
    assert_eq!(received, BTreeSet::from([("2".to_owned(), 4), ("2".to_owned(), 5)]));
}

pub async fn several_scopes_at_once_give_each_event_once(store: &Arc<dyn Store>) {
    let documents = [("1", "c"), ("2", "c"), ("3", "d"), ("4", "e"), ("5", "f")];
    let start = store.position().await.expect("the store answers");
    for (id, conversation) in documents {
        let document = format!(r#"{{"conversationId":"{conversation}"}}"#);
        requests::create_all(&**store, &[parsed::id(id)], &document).await;
    }
    change_each(store, &documents.map(|(id, _)| parsed::id(id)), 0..2).await;
    let session = |id: &str| Scope::Session(parsed::id(id));
    let conversation = |id: &str| Scope::Conversation(id.to_owned());
    for (scopes, expected) in [
        (vec![], &[][..]),
        (vec![session("4")], &["4"]),
        (vec![session("missing"), conversation("missing")], &[]),
        (vec![conversation("c"), conversation("d")], &["1", "2", "3"]),
        // What is in two of them comes once all the same.
        (
            vec![session("1"), conversation("c"), session("4"), session("1"), conversation("c")],
            &["1", "2", "4"],
        ),
        (vec![Scope::Any(vec![session("5")]), conversation("e")], &["4", "5"]),
        (vec![session("2"), Scope::All], &["1", "2", "3", "4", "5"]),
    ] {
        for limit in [1, 2, 100] {
            let scope = Scope::Any(scopes.clone());
            let events = Reader::from(store, scope.clone(), start.clone()).limited(limit).events().await;
            let mut received = summary(&events);
            received.sort();
            let expected: Vec<_> =
                expected.iter().flat_map(|id| (1..=3).map(|revision| ((*id).to_owned(), revision))).collect();
            assert_eq!(received, expected, "{scope:?} by {limit}");
        }
    }
}

pub async fn a_scope_of_nothing_is_read_to_the_end(store: &Arc<dyn Store>) {
    let scopes =
        ["missing", "c\0", "\0", &"x".repeat(100_000)].map(|text| Scope::Conversation(text.to_owned()));
    let start = store.position().await.expect("the store answers");
    let id = requests::create_one(&**store, r#"{"conversationId":"c"}"#).await;
    change_each(store, std::slice::from_ref(&id), 0..30).await;
    for scope in scopes.into_iter().chain([Scope::Session(parsed::id("missing"))]) {
        let mut reader = Reader::from(store, scope, start.clone()).limited(3);
        assert_eq!(reader.events().await, []);
        // What comes then is none of its own either, and its position is as good as any.
        requests::made(
            &**store,
            requests::update(&id, &requests::one("a", format!("{:?}", reader.at.as_str()))),
        )
        .await;
        assert_eq!(behind(store, Scope::All, &reader.at).await.len(), 1);
    }
}

/// Moves, deletions and new beginnings included: whoever was in a conversation, and whoever is.
pub async fn a_scope_is_read_as_all_events_are(store: &Arc<dyn Store>) {
    let mut runner = generate::runner(1, 0);
    let mut positions = vec![store.position().await.expect("the store answers")];
    for _ in 0..generate::cases().div_ceil(8) {
        let mut commands = Vec::new();
        for _ in 0..generate::next(&(1..8), &mut runner) {
            let id = parsed::id(&format!("s{}", generate::next(&(0..6), &mut runner)));
            let changes = generate::next(&select(vec![1, 1, 1, 5, 40]), &mut runner);
            commands.push(generate::next(&any_move(&id), &mut runner));
            commands.extend((0..changes).map(|number| requests::update(&id, &requests::one("a", number))));
        }
        for result in store.execute(commands).await {
            // A session that is not there cannot be changed.
            drop(result);
        }
        positions.push(store.position().await.expect("the store answers"));
    }
    let all = Reader::from(store, Scope::All, positions[0].clone()).limited(7).positions().await;
    // Within transactions too.
    positions.extend(all.into_iter().map(|(_, position)| position));
    for _ in 0..generate::cases().div_ceil(10) {
        let [after, until] = [(); 2].map(|()| generate::next(&select(positions.clone()), &mut runner));
        let limit = generate::next(&select(vec![1, 3, 16, 1000]), &mut runner);
        let scopes = (0..6).map(|number| Scope::Session(parsed::id(&format!("s{number}"))));
        let scopes: Vec<_> =
            scopes.chain(CONVERSATIONS.map(|id| Scope::Conversation(id.to_owned()))).collect();
        for until in [Some(&until), None] {
            read_as_all_are(store, &scopes, &after, until, limit).await;
        }
    }
}

const CONVERSATIONS: [&str; 3] = ["c", "d", "e"];

/// Puts a session into another conversation, or out of any, or erases it.
fn any_move(id: &Id) -> impl Strategy<Value = Command> {
    let replace = |document: &str| requests::creation_or(Existing::Replace, id, document);
    let mut moves: Vec<_> =
        CONVERSATIONS.map(|id| replace(&format!(r#"{{"conversationId":"{id}"}}"#))).into();
    moves.push(replace("{}"));
    moves.push(parsed::command(id.clone(), Operation::Delete(Delete { allow_missing: true })));
    select(moves)
}

async fn read_as_all_are(
    store: &Arc<dyn Store>,
    scopes: &[Scope],
    after: &Position,
    until: Option<&Position>,
    limit: usize,
) {
    let all = read(store, &Scope::All, after, until, 1000).await;
    for scope in scopes {
        let expected: Vec<_> = all.iter().filter(|event| scope.holds(event)).collect();
        let events = read(store, scope, after, until, limit).await;
        assert_eq!(
            summary(&events),
            summary(expected),
            "{scope:?} behind {after:?} until {until:?} by {limit}"
        );
    }
}

async fn read(
    store: &Arc<dyn Store>,
    scope: &Scope,
    after: &Position,
    until: Option<&Position>,
    limit: usize,
) -> Vec<Event> {
    let mut reader = Reader::from(store, scope.clone(), after.clone()).limited(limit);
    let mut events = Vec::new();
    while !reader.page(until, &mut events).await {}
    let events: Vec<Event> = events.into_iter().map(|(event, _)| event).collect();
    in_order(events.iter());
    events
}

/// More than a store looks at in one step.
pub async fn sessions_of_one_conversation_that_change_much_are_read_to_the_end(store: &Arc<dyn Store>) {
    let start = store.position().await.expect("the store answers");
    let ids = ["much", "more", "little"].map(parsed::id);
    requests::create_all(&**store, &ids, r#"{"conversationId":"c"}"#).await;
    let mut middle = start.clone();
    for (round, (much, more)) in [(200, 50), (300, 200), (50, 300)].into_iter().enumerate() {
        for (id, count) in ids.iter().zip([much, more, 1]) {
            let change = |number| requests::update(id, &requests::one("a", round * 1000 + number));
            for result in store.execute((0..count).map(change).collect()).await {
                assert!(result.expect("each is made").changed);
            }
        }
        if round == 0 {
            middle = store.position().await.expect("the store answers");
        }
    }
    for after in [&start, &middle] {
        for limit in [16, 5000] {
            let scopes = [Scope::Conversation("c".to_owned()), Scope::Session(ids[0].clone())];
            read_as_all_are(store, &scopes, after, None, limit).await;
        }
    }
}

/// More than a store looks at one by one, be they there or have they left.
pub async fn a_conversation_of_very_many_sessions_is_read_to_the_end(store: &Arc<dyn Store>) {
    let start = store.position().await.expect("the store answers");
    let ids = requests::ids(300);
    requests::create_all(&**store, &ids, r#"{"conversationId":"c"}"#).await;
    let conversation = [Scope::Conversation("c".to_owned())];
    read_as_all_are(store, &conversation, &start, None, 16).await;
    let here = store.position().await.expect("the store answers");
    change_each(store, &ids[290..], 0..1).await;
    let leave = |id| requests::creation_or(Existing::Replace, id, r#"{"conversationId":"d"}"#);
    for result in store.execute(ids[..290].iter().map(leave).collect()).await {
        assert!(result.expect("each is made").changed);
    }
    for after in [&start, &here] {
        read_as_all_are(store, &conversation, after, None, 16).await;
    }
}

/// However many events a reader asks for, and whatever documents their sessions had: one that others are in the place of since,
/// one of which little changes, and one of which much does.
pub async fn events_of_large_sessions_are_read_in_small_pages(store: &Arc<dyn Store>) {
    let start = store.position().await.expect("the store answers");
    let text = "x".repeat(1024 * 1024);
    let replaced = parsed::id("replaced");
    for number in 0..12 {
        let document = format!(r#"{{"number":{number},"text":"{text}"}}"#);
        requests::made(&**store, requests::creation_or(Existing::Replace, &replaced, &document)).await;
    }
    for (id, value) in [("little", r#""x""#.to_owned()), ("much", format!(r#""{}""#, &text[..60_000]))] {
        let id = parsed::id(id);
        let document = format!(r#"{{"text":"{text}"}}"#);
        requests::made(&**store, requests::creation(&id, &document)).await;
        for number in 0..12 {
            let value = format!(r#"["{number}",{value}]"#);
            let attributes = format!(r#"[{{"key":"k","type":"StringList","value":{value}}}]"#);
            requests::made(&**store, requests::update(&id, &attributes)).await;
        }
    }
    for scope in [Scope::All, Scope::Session(replaced)] {
        let mut reader = Reader::from(store, scope.clone(), start.clone()).limited(1000);
        let mut revisions = BTreeSet::new();
        loop {
            let mut page = Vec::new();
            let complete = reader.page(None, &mut page).await;
            let bytes = |(event, _): &(Event, Position)| event.document.as_ref().map_or(0, String::len);
            let sizes: Vec<_> = page.iter().map(bytes).collect();
            let but_the_last = sizes.iter().rev().skip(1).sum::<usize>();
            assert!(but_the_last < MAX_EVENTS_BYTES, "{scope:?}: {sizes:?}");
            revisions.extend(summary(page.iter().map(|(event, _)| event)));
            if complete {
                break;
            }
        }
        assert_eq!(revisions.len(), if scope == Scope::All { 38 } else { 12 });
    }
}
