//! Passwords are shown to those who ask for the session, and to nobody else.

use std::sync::Arc;

use domain::{
    command::Existing,
    event::{Event, Scope},
    session::Id,
    store::Store,
};

use super::{reader::Reader, requests};
use crate::parsed;

const SECRET: &str = "Secret-5e1f";

fn password(key: &str, value: &str) -> String {
    format!(r#"{{"key":"{key}","type":"Password","value":{value}}}"#)
}

/// Neither the events that a reader gets nor the history show the secret; everything else they do.
async fn is_never_shown(store: &Arc<dyn Store>, reader: &mut Reader<'_>, id: &Id) -> Vec<Event> {
    let events = reader.events().await;
    let history = requests::history(&**store, id).await;
    for event in events.iter().chain(&history) {
        let answered = format!("{event:?} {}", event.to_json());
        assert!(!answered.contains(SECRET), "{answered}");
    }
    let mut answered: Vec<_> = events.iter().map(|event| Event { document: None, ..event.clone() }).collect();
    answered.reverse();
    assert_eq!(answered, history[..answered.len()]);
    events
}

#[track_caller]
fn changes(event: &Event, expected: &str) {
    assert_eq!(parsed::value(&domain::event::changes_to_text(&event.changes)), parsed::value(expected));
}

#[track_caller]
fn document(event: &Event, expected: &str) {
    assert_eq!(
        parsed::value(event.document.as_deref().expect("it has the document")),
        parsed::value(expected)
    );
}

pub async fn an_attached_one_is_masked(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, "{}").await;
    let mut reader = Reader::of(store, &id).await;
    let attributes = format!("[{}]", password("p", &format!(r#""{SECRET}""#)));
    let changed = requests::made(&**store, requests::update(&id, &attributes)).await;
    let events = is_never_shown(store, &mut reader, &id).await;
    changes(&events[0], r#"[{"key":"p","index":0,"newType":"Password","newValue":"********"}]"#);
    document(&events[0], &requests::with_list(&format!("[{}]", password("p", r#""********""#))));
    // Whoever asks for the session gets it.
    let whole = (parsed::value(&requests::with_list(&attributes)), 2);
    assert_eq!(requests::answered(&changed), whole);
    assert_eq!(requests::stored(&**store, &id).await, whole);
}

pub async fn one_that_changes_is_masked_before_and_after(store: &Arc<dyn Store>) {
    let list = format!("[{}]", password("p", &format!(r#""{SECRET} old""#)));
    let id = requests::create_one(&**store, &requests::with_list(&list)).await;
    let mut reader = Reader::of(store, &id).await;
    let attributes = format!("[{}]", password("p", &format!(r#"{{"deep":["{SECRET}"]}}"#)));
    requests::made(&**store, requests::update(&id, &attributes)).await;
    let events = is_never_shown(store, &mut reader, &id).await;
    changes(
        &events[0],
        r#"[{"key":"p","index":0,"oldType":"Password","oldValue":"********","newType":"Password",
             "newValue":"********"}]"#,
    );
}

pub async fn one_that_becomes_something_else_is_masked_where_it_changes(store: &Arc<dyn Store>) {
    let list = format!("[{}]", password("p", &format!(r#""{SECRET}""#)));
    let id = requests::create_one(&**store, &requests::with_list(&list)).await;
    let mut reader = Reader::of(store, &id).await;
    // The value stays, so that the event would show what was a password until now.
    let attributes = format!(r#"[{{"key":"p","type":"String50","value":"{SECRET}"}}]"#);
    requests::made(&**store, requests::update(&id, &attributes)).await;
    let events = is_never_shown(store, &mut reader, &id).await;
    changes(
        &events[0],
        r#"[{"key":"p","index":0,"oldType":"Password","oldValue":"********","newType":"String50",
             "newValue":"********"}]"#,
    );
    document(&events[0], &requests::with_list(r#"[{"key":"p","type":"String50","value":"********"}]"#));
}

pub async fn what_becomes_one_is_masked_where_it_changes(store: &Arc<dyn Store>) {
    let list = format!(r#"[{{"key":"p","type":"String50","value":"{SECRET}"}}]"#);
    let id = requests::create_one(&**store, &requests::with_list(&list)).await;
    let mut reader = Reader::of(store, &id).await;
    requests::made(
        &**store,
        requests::update(&id, &format!("[{}]", password("p", &format!(r#""{SECRET}""#)))),
    )
    .await;
    let events = reader.events().await;
    let answered = format!("{events:?}");
    assert!(!answered.contains(SECRET), "{answered}");
    changes(
        &events[0],
        r#"[{"key":"p","index":0,"oldType":"String50","oldValue":"********","newType":"Password",
             "newValue":"********"}]"#,
    );
}

pub async fn a_removed_one_is_masked(store: &Arc<dyn Store>) {
    let list = format!(
        "[{},{}]",
        password("p", &format!(r#""{SECRET}""#)),
        password("q", &format!(r#""{SECRET}""#))
    );
    let id = requests::create_one(&**store, &requests::with_list(&list)).await;
    let mut reader = Reader::of(store, &id).await;
    requests::made(&**store, requests::exchange(&id, &["p"], &requests::one("a", 1))).await;
    let events = is_never_shown(store, &mut reader, &id).await;
    changes(
        &events[0],
        r#"[{"key":"p","index":0,"oldType":"Password","oldValue":"********"},
            {"key":"a","index":1,"newType":"Number","newValue":1}]"#,
    );
}

pub async fn those_that_stay_are_masked_in_the_events_of_other_changes(store: &Arc<dyn Store>) {
    let list = |secret: &str, last: &str| {
        requests::with_list(&format!(
            r#"[{},"x",{},{{"key":"r","type":"Password"}},{last}]"#,
            password("p", &format!(r#""{secret}""#)),
            password("q", &format!(r#""{secret}""#))
        ))
    };
    let last = |value: u8| format!(r#"{{"key":"a","type":"Number","value":{value}}}"#);
    let id = parsed::id("it");
    let mut reader = Reader::of(store, &id).await;
    requests::create_all(&**store, std::slice::from_ref(&id), &list(SECRET, &last(1))).await;
    requests::made(&**store, requests::update(&id, &requests::one("a", 2))).await;
    requests::made(&**store, requests::end(&id)).await;
    let replacement = list(&format!("{SECRET} new"), &last(2));
    requests::made(&**store, requests::creation_or(Existing::Replace, &id, &replacement)).await;
    let events = is_never_shown(store, &mut reader, &id).await;
    assert_eq!(events.len(), 4);
    document(&events[0], &list("********", &last(1)));
    document(&events[1], &list("********", &last(2)));
    document(&events[3], &list("********", &last(2)));
    changes(
        &events[1],
        r#"[{"key":"a","index":4,"oldType":"Number","oldValue":1,"newType":"Number","newValue":2}]"#,
    );
    assert_eq!(requests::stored(&**store, &id).await.0, parsed::value(&replacement));
}

pub async fn a_replacement_tells_neither_the_old_nor_the_new_one(store: &Arc<dyn Store>) {
    let of = |value_type: &str, value: &str| {
        requests::with_list(&format!(r#"[{{"key":"p","type":"{value_type}","value":"{value}"}}]"#))
    };
    let id = parsed::id("it");
    let mut reader = Reader::of(store, &id).await;
    requests::create_all(&**store, std::slice::from_ref(&id), &of("Password", SECRET)).await;
    let documents = [
        of("String50", &format!("{SECRET} once")),
        of("Password", &format!("{SECRET} again")),
        "{}".to_owned(),
    ];
    for document in documents {
        requests::made(&**store, requests::creation_or(Existing::Replace, &id, &document)).await;
    }
    assert_eq!(is_never_shown(store, &mut reader, &id).await.len(), 4);
}

pub async fn a_key_that_is_stored_twice_is_masked_twice_where_one_of_them_is_one(store: &Arc<dyn Store>) {
    let list =
        format!(r#"[{{"key":"p","type":"Number","value":1}},{}]"#, password("p", &format!(r#""{SECRET}""#)));
    let id = requests::create_one(&**store, &requests::with_list(&list)).await;
    let mut reader = Reader::of(store, &id).await;
    requests::made(&**store, requests::update(&id, &requests::one("p", 2))).await;
    let events = is_never_shown(store, &mut reader, &id).await;
    changes(
        &events[0],
        // Both have the same value now, so that one of them would show the other's.
        r#"[{"key":"p","index":0,"oldType":"Number","oldValue":"********","newType":"Number",
             "newValue":"********"},
            {"key":"p","index":1,"oldType":"Password","oldValue":"********","newType":"Number",
             "newValue":"********"}]"#,
    );
    document(
        &events[0],
        &requests::with_list(
            r#"[{"key":"p","type":"Number","value":"********"},{"key":"p","type":"Number","value":"********"}]"#,
        ),
    );
}

pub async fn the_log_keeps_none_for_any_reader(store: &Arc<dyn Store>) {
    let start = store.position().await.expect("the store answers");
    let id = parsed::id("it");
    let list = format!("[{}]", password("p", &format!(r#""{SECRET}""#)));
    requests::create_all(
        &**store,
        std::slice::from_ref(&id),
        &format!(r#"{{"conversationId":"c",{}"#, &requests::with_list(&list)[1..]),
    )
    .await;
    for scope in [Scope::All, Scope::Session(id), Scope::Conversation("c".to_owned())] {
        let events = Reader::from(store, scope, start.clone()).events().await;
        assert_eq!(events.len(), 1);
        assert!(!format!("{events:?}").contains(SECRET), "{events:?}");
    }
}
