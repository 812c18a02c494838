//! Storing a session where there is one already.

use std::sync::Arc;

use domain::{
    Error, Reason,
    command::Existing,
    event::{AttributeDiff, Entry, Name},
    store::Store,
};

use super::{
    reader::Reader,
    requests,
    subject::Subject,
    tasks::{TASKS, at_once},
};
use crate::{parsed, seed};

fn entry(value_type: &str, value: &str) -> Option<Entry> {
    Some(Entry { value_type: Some(parsed::value(value_type)), value: Some(parsed::value(value)) })
}

fn change(key: &str, index: usize, old: Option<Entry>, new: Option<Entry>) -> AttributeDiff {
    AttributeDiff { key: key.to_owned(), index, old, new }
}

pub async fn one_that_is_to_be_kept_stays(store: &Arc<dyn Store>) {
    let subject = Subject::stored(store, seed::CHANNEL_SESSION).await;
    let mut reader = Reader::of(store, subject.id()).await;
    for document in ["{}", seed::CHANNEL_SESSION] {
        subject.ignores(requests::creation_or(Existing::Keep, subject.id(), document)).await;
    }
    // Also one that has ended.
    let ended = requests::answered(&requests::made(&**store, requests::end(subject.id())).await);
    let kept = requests::made(&**store, requests::creation_or(Existing::Keep, subject.id(), "{}")).await;
    assert!(!kept.changed);
    assert_eq!(requests::answered(&kept), ended);
    assert_eq!(reader.event().await.name, Name::Ended);
}

pub async fn where_there_is_none_it_is_stored_in_every_way(store: &Arc<dyn Store>) {
    let ways = [Existing::Refuse, Existing::Keep, Existing::Replace];
    for (id, existing) in requests::ids(3).iter().zip(ways) {
        let created = requests::made(&**store, requests::creation_or(existing, id, r#"{"n":0.10}"#)).await;
        assert!(created.changed);
        assert_eq!(requests::answered(&created), (parsed::value(r#"{"n":0.10}"#), 1));
    }
}

pub async fn one_that_is_to_be_replaced_is_another_as_a_whole(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, seed::CHANNEL_SESSION).await;
    for document in [r#"{"n":0.10}"#, r#"{"n":0.1}"#, "{}", seed::CHANNEL_SESSION] {
        subject.applies(requests::creation_or(Existing::Replace, subject.id(), document), document).await;
    }
}

pub async fn the_same_document_is_no_change(store: &Arc<dyn Store>) {
    let subject = Subject::stored(store, r#"{"a":[1,{"x":1e1,"yy":null}],"b":"é"}"#).await;
    let mut reader = Reader::of(store, subject.id()).await;
    for document in
        [r#"{"a":[1,{"x":1e1,"yy":null}],"b":"é"}"#, r#"{ "b":"\u00e9", "a":[1,{"yy":null,"x":10}] }"#]
    {
        subject.ignores(requests::creation_or(Existing::Replace, subject.id(), document)).await;
    }
    assert_eq!(reader.events().await, []);
}

pub async fn the_revision_can_be_required(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, "{}").await;
    let replacement = requests::creation_or(Existing::Replace, subject.id(), r#"{"n":1}"#);
    for existing in [Existing::Keep, Existing::Replace] {
        // Also where the document is the one that is there.
        for document in ["{}", r#"{"n":1}"#] {
            let command = requests::creation_or(existing, subject.id(), document);
            let error = subject.rejects(requests::if_revision(&[2], command)).await;
            assert_eq!(error.reason(), Reason::RevisionMismatch);
        }
    }
    subject.applies(requests::if_revision(&[1], replacement), r#"{"n":1}"#).await;
}

pub async fn a_refusal_does_not_ask_for_the_revision(store: &Arc<dyn Store>) {
    let subject = Subject::stored(store, "{}").await;
    for revision in [1, 2] {
        let error =
            subject.rejects(requests::if_revision(&[revision], requests::creation(subject.id(), "{}"))).await;
        assert!(matches!(error, Error::Exists(_)), "{error:?}");
    }
}

pub async fn its_event_says_whether_it_begins_ends_or_goes_on(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, r#"{"n":1}"#).await;
    let mut reader = Reader::of(store, &id).await;
    for (document, name) in [
        (r#"{"n":2}"#, Name::DataUpdated),
        (r#"{"n":3,"isActive":false}"#, Name::Ended),
        (r#"{"n":4,"isActive":false}"#, Name::DataUpdated),
        (r#"{"n":4,"active":false}"#, Name::DataUpdated),
        (r#"{"n":4,"active":true}"#, Name::Started),
        (r#"{"n":4}"#, Name::DataUpdated),
        (r#"{"n":4,"isActive":null,"active":false}"#, Name::DataUpdated),
    ] {
        let replaced =
            requests::made(&**store, requests::creation_or(Existing::Replace, &id, document)).await;
        let event = reader.event().await;
        assert_eq!((event.name, event.revision), (name, replaced.revision), "{document}");
        let answered = event.document.expect("the event has the document");
        assert_eq!(parsed::value(&answered), parsed::value(document));
    }
}

pub async fn its_event_tells_each_entry_that_changed(store: &Arc<dyn Store>) {
    let id = requests::create_one(
        &**store,
        r#"{"channelData":{"additionalAttributes":[{"key":"a","type":"Number","value":1},
            {"key":"b","type":"Number","value":2},{"key":"c","type":"Number","value":0.1},5,
            {"key":"d","type":"Number","value":4}]}}"#,
    )
    .await;
    let mut reader = Reader::of(store, &id).await;
    let document = r#"{"channelData":{"additionalAttributes":[{"key":"a","type":"Number","value":1,"x":1},
        {"key":"B","type":"Number","value":2},{"key":"c","type":"Number","value":0.10},
        {"key":"e","type":"String50","value":""}]}}"#;
    requests::made(&**store, requests::creation_or(Existing::Replace, &id, document)).await;
    let number = r#""Number""#;
    assert_eq!(
        reader.event().await.changes,
        [
            change("b", 1, entry(number, "2"), None),
            change("d", 4, entry(number, "4"), None),
            change("B", 1, None, entry(number, "2")),
            change("c", 2, entry(number, "0.1"), entry(number, "0.10")),
            change("e", 3, None, entry(r#""String50""#, r#""""#)),
        ]
    );
    // Without a list, all that was in it is gone.
    requests::made(&**store, requests::creation_or(Existing::Replace, &id, r#"{"channelData":5}"#)).await;
    let keys: Vec<_> =
        reader.event().await.changes.into_iter().map(|change| (change.key, change.new)).collect();
    assert_eq!(keys, ["a", "B", "c", "e"].map(|key| (key.to_owned(), None)));
}

pub async fn entries_that_moved_have_not_changed(store: &Arc<dyn Store>) {
    let number = r#""Number""#;
    let list = |entries: &[(&str, u8)]| {
        let entries: Vec<_> = entries
            .iter()
            .map(|(key, value)| format!(r#"{{"key":"{key}","type":{number},"value":{value}}}"#))
            .collect();
        requests::with_list(&format!("[{}]", entries.join(",")))
    };
    let id = requests::create_one(&**store, &list(&[("a", 1), ("b", 2), ("a", 3), ("c", 4)])).await;
    let mut reader = Reader::of(store, &id).await;
    let mut replaced = async |entries: &[(&str, u8)]| {
        requests::made(&**store, requests::creation_or(Existing::Replace, &id, &list(entries))).await;
        reader.event().await.changes
    };
    assert_eq!(replaced(&[("c", 4), ("a", 1), ("a", 3), ("b", 2)]).await, []);
    // The first of a key belongs to the first.
    assert_eq!(
        replaced(&[("a", 3), ("c", 4), ("b", 2)]).await,
        [change("a", 2, entry(number, "3"), None), change("a", 0, entry(number, "1"), entry(number, "3"))]
    );
    assert_eq!(
        replaced(&[("a", 3), ("c", 4), ("b", 2), ("a", 3)]).await,
        [change("a", 3, None, entry(number, "3"))]
    );
}

pub async fn in_one_call_each_finds_what_the_one_before_it_stored(store: &Arc<dyn Store>) {
    let id = parsed::id("new");
    let commands = vec![
        requests::creation_or(Existing::Keep, &id, r#"{"n":1}"#),
        requests::creation_or(Existing::Keep, &id, r#"{"n":2}"#),
        requests::creation_or(Existing::Replace, &id, r#"{"n":3}"#),
        requests::creation(&id, r#"{"n":4}"#),
        requests::creation_or(Existing::Replace, &id, r#"{"n":3}"#),
    ];
    let results = store.execute(commands).await;
    let answered: Vec<_> =
        results.iter().map(|result| result.as_ref().map(requests::answered).map_err(Error::reason)).collect();
    let with = |n: u8, revision| Ok((parsed::value(&format!(r#"{{"n":{n}}}"#)), revision));
    assert_eq!(answered, [with(1, 1), with(1, 1), with(3, 2), Err(Reason::ChannelSessionExists), with(3, 2)]);
}

pub async fn of_many_who_keep_what_is_there_one_stores(store: &Arc<dyn Store>) {
    let id = parsed::id("contended");
    let commands =
        (0..TASKS).map(|task| requests::creation_or(Existing::Keep, &id, &format!(r#"{{"task":{task}}}"#)));
    let results = at_once(store, commands).await;
    let stored = requests::stored(&**store, &id).await;
    let mut made = 0;
    for result in results {
        let answered = result.expect("each is fine");
        made += usize::from(answered.changed);
        assert_eq!(requests::answered(&answered), stored);
    }
    assert_eq!((made, stored.1), (1, 1));
}
