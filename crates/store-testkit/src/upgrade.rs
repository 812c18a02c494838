//! Sessions as the schema's first step kept them, and what has to be found of them after the others.

use std::collections::BTreeSet;

use domain::{
    list::{Filter, Keys},
    session::{Id, Revision, TenantId},
    store::Store,
    time::Timestamp,
};

use crate::{parsed, seed};

/// The sessions, by id.
#[must_use]
pub fn sessions() -> Vec<(&'static str, String)> {
    let long = "x".repeat(Keys::MAX_CHARS + 1);
    vec![
        ("documented", seed::CHANNEL_SESSION.to_owned()),
        (
            "ended",
            r#"{"isActive":false,"conversationId":null,"topicId":"t","customer":{"_id":"c"}}"#.to_owned(),
        ),
        ("by-topic", r#"{"topicId":"t","isActive":null,"active":false,"n":0.10}"#.to_owned()),
        (
            "odd",
            r#"{"conversationId":5,"topicId":"t","customer":[],"channel":{"channelType":"WEB"}}"#.to_owned(),
        ),
        ("long", format!(r#"{{"conversationId":"{long}","customer":{{"_id":"é \" \\ 💬"}}}}"#)),
        ("empty", "{}".to_owned()),
    ]
}

/// Holds an upgraded store to what these sessions are: as they were, and found by what is in them.
///
/// # Panics
/// If one of them is not.
pub async fn check(store: &dyn Store) {
    let tenant = TenantId::default();
    for (id, document) in sessions() {
        let [got] = <[_; 1]>::try_from(store.get(&tenant, vec![parsed::id(id)]).await).expect("one result");
        let got = got.unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(
            (got.revision, parsed::value(&got.document)),
            (Revision::new(7), parsed::value(&document)),
            "{id}"
        );
    }
    let text = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (Filter::default(), &["by-topic", "documented", "empty", "ended", "long", "odd"][..]),
        (Filter { conversation_id: text("64e2f08fa75bb24a09444834"), ..Filter::default() }, &["documented"]),
        (Filter { conversation_id: text("t"), ..Filter::default() }, &["by-topic", "ended"]),
        (Filter { customer_id: text("c"), ..Filter::default() }, &["ended"]),
        (Filter { customer_id: text("é \" \\ 💬"), ..Filter::default() }, &["long"]),
        (Filter { channel_type: text("WEB"), ..Filter::default() }, &["documented"]),
        (Filter { active: Some(false), ..Filter::default() }, &["ended"]),
        (
            Filter { active: Some(true), ..Filter::default() },
            &["by-topic", "documented", "empty", "long", "odd"],
        ),
    ] {
        let page = store.list(&tenant, &filter, None, 100).await.expect("the store answers");
        let found: Vec<_> = page.sessions.iter().map(|session| session.id.as_str()).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
    let ended = store.ended(Timestamp::from_millis(i64::MAX), 100).await.expect("the store answers");
    let ended: BTreeSet<Id> = ended.into_iter().map(|(_, id, _)| id).collect();
    assert_eq!(ended, BTreeSet::from([parsed::id("ended")]));
}
