//! Finding sessions by what is in their documents.

use std::sync::Arc;

use domain::{
    command::Existing,
    list::Filter,
    session::{Id, IndexedFields},
    store::Store,
};
use tokio::task::JoinSet;

use super::{requests, tasks::all_end};
use crate::{parsed, seed};

fn conversation(id: &str) -> Filter {
    Filter { conversation_id: Some(id.to_owned()), ..Filter::default() }
}

fn customer(id: &str) -> Filter {
    Filter { customer_id: Some(id.to_owned()), ..Filter::default() }
}

fn channel_type(name: &str) -> Filter {
    Filter { channel_type: Some(name.to_owned()), ..Filter::default() }
}

fn active(active: bool) -> Filter {
    Filter { active: Some(active), ..Filter::default() }
}

/// The ids of the sessions that meet a filter; the same in pages of every size.
async fn found(store: &Arc<dyn Store>, filter: &Filter) -> Vec<String> {
    let mut found = Vec::new();
    for limit in [1, 2, 5, 1000] {
        let sessions = requests::list(&**store, filter, None, limit).await;
        let ids: Vec<_> = sessions.into_iter().map(|session| session.id.as_str().to_owned()).collect();
        if limit > 1 {
            assert_eq!(ids, found, "in pages of {limit}");
        }
        found = ids;
    }
    found
}

async fn create(store: &Arc<dyn Store>, id: &str, document: &str) -> Id {
    let id = parsed::id(id);
    requests::create_all(&**store, std::slice::from_ref(&id), document).await;
    id
}

/// A document that can be found by everything.
fn document(conversation: &str, customer: &str, channel_type: &str, active: bool) -> String {
    format!(
        r#"{{"conversationId":"{conversation}","customer":{{"_id":"{customer}"}},
            "channel":{{"channelType":{{"name":"{channel_type}"}}}},"isActive":{active}}}"#
    )
}

pub async fn the_documented_session_is_found_by_everything(store: &Arc<dyn Store>) {
    create(store, "it", seed::CHANNEL_SESSION).await;
    create(store, "another", "{}").await;
    let all = Filter {
        conversation_id: Some("64e2f08fa75bb24a09444834".to_owned()),
        customer_id: Some("64df47adc20d6dc56f2f0ac7".to_owned()),
        channel_type: Some("WEB".to_owned()),
        active: Some(true),
    };
    for filter in [
        Filter { active: None, ..all.clone() },
        Filter { conversation_id: all.conversation_id.clone(), ..Filter::default() },
        Filter { customer_id: all.customer_id.clone(), ..Filter::default() },
        Filter { channel_type: all.channel_type.clone(), ..Filter::default() },
        all,
    ] {
        assert_eq!(found(store, &filter).await, ["it"], "{filter:?}");
    }
}

pub async fn every_combination_finds_what_meets_all_of_it(store: &Arc<dyn Store>) {
    let mut sessions = Vec::new();
    for conversation in ["c1", "c2"] {
        for customer in ["u1", "u2"] {
            for channel_type in ["WEB", "VOICE"] {
                for active in [true, false] {
                    let id = format!("{channel_type} {active} {conversation} {customer}");
                    create(store, &id, &document(conversation, customer, channel_type, active)).await;
                    sessions.push((id, [conversation, customer, channel_type], active));
                }
            }
        }
    }
    sessions.sort();
    let texts = |values: [&'static str; 2]| [None, Some(values[0]), Some(values[1]), Some("x")];
    for conversation in texts(["c1", "c2"]) {
        for customer in texts(["u1", "u2"]) {
            for channel_type in texts(["WEB", "VOICE"]) {
                for active in [None, Some(true), Some(false)] {
                    let wanted = [conversation, customer, channel_type];
                    let meets = |has: &[&str; 3], is_active: bool| {
                        wanted.iter().zip(has).all(|(wanted, has)| wanted.is_none_or(|wanted| wanted == *has))
                            && active.is_none_or(|active| active == is_active)
                    };
                    let expected: Vec<_> = sessions
                        .iter()
                        .filter(|(_, has, is_active)| meets(has, *is_active))
                        .map(|(id, ..)| id.clone())
                        .collect();
                    let [conversation_id, customer_id, channel_type] =
                        wanted.map(|text| text.map(str::to_owned));
                    let filter = Filter { conversation_id, customer_id, channel_type, active };
                    let sessions = requests::list(&**store, &filter, None, 3).await;
                    let ids: Vec<_> =
                        sessions.into_iter().map(|session| session.id.as_str().to_owned()).collect();
                    assert_eq!(ids, expected, "{filter:?}");
                }
            }
        }
    }
}

pub async fn a_page_starts_behind_an_id_that_does_not_meet_the_filter(store: &Arc<dyn Store>) {
    for (id, conversation) in [("a", "x"), ("b", "y"), ("c", "x"), ("d", "y"), ("e", "x")] {
        create(store, id, &document(conversation, "u", "WEB", true)).await;
    }
    for (after, expected) in
        [("a", &["c", "e"][..]), ("b", &["c", "e"]), ("c", &["e"]), ("cc", &["e"]), ("e", &[])]
    {
        let sessions = requests::list(&**store, &conversation("x"), Some(parsed::id(after)), 1).await;
        let ids: Vec<_> = sessions.iter().map(|session| session.id.as_str()).collect();
        assert_eq!(ids, expected, "behind {after}");
    }
}

pub async fn a_conversation_is_the_topic_where_it_has_no_id_of_its_own(store: &Arc<dyn Store>) {
    create(store, "1 conversation", r#"{"conversationId":"c"}"#).await;
    create(store, "2 topic", r#"{"topicId":"c"}"#).await;
    create(store, "3 null", r#"{"conversationId":null,"topicId":"c"}"#).await;
    create(store, "4 both", r#"{"conversationId":"d","topicId":"c"}"#).await;
    create(store, "5 no text", r#"{"conversationId":5,"topicId":"c"}"#).await;
    create(store, "6 elsewhere", r#"{"x":{"conversationId":"c","topicId":"c"},"conversationID":"c"}"#).await;
    assert_eq!(found(store, &conversation("c")).await, ["1 conversation", "2 topic", "3 null"]);
    assert_eq!(found(store, &conversation("d")).await, ["4 both"]);
    assert_eq!(found(store, &conversation("5")).await, [""; 0]);
}

pub async fn what_is_no_text_is_found_by_nothing(store: &Arc<dyn Store>) {
    let values = ["null", "5", "true", "[]", "{}", r#"["c"]"#, r#"{"_id":"c","name":"c"}"#];
    for value in values {
        create(store, &format!("conversation {value}"), &format!(r#"{{"conversationId":{value}}}"#)).await;
        create(store, &format!("topic {value}"), &format!(r#"{{"topicId":{value}}}"#)).await;
        create(store, &format!("customer {value}"), &format!(r#"{{"customer":{value}}}"#)).await;
        create(store, &format!("_id {value}"), &format!(r#"{{"customer":{{"_id":{value}}}}}"#)).await;
        create(store, &format!("channel {value}"), &format!(r#"{{"channel":{value}}}"#)).await;
        let channel_type = format!(r#"{{"channel":{{"channelType":{value}}}}}"#);
        create(store, &format!("type {value}"), &channel_type).await;
        let name = format!(r#"{{"channel":{{"channelType":{{"name":{value}}}}}}}"#);
        create(store, &format!("name {value}"), &name).await;
    }
    for value in ["5", "true", "null", "", "[]", "{}", r#"["c"]"#] {
        for filter in [conversation(value), customer(value), channel_type(value)] {
            assert_eq!(found(store, &filter).await, [""; 0], "{filter:?}");
        }
    }
    // A customer and a channel type that are objects with just the right members are the exceptions.
    assert_eq!(found(store, &customer("c")).await, [format!("customer {}", values[6])]);
    assert_eq!(found(store, &channel_type("c")).await, [format!("type {}", values[6])]);
    assert_eq!(found(store, &conversation("c")).await, [""; 0]);
}

pub async fn what_is_too_long_is_found_by_nothing_and_harms_nothing(store: &Arc<dyn Store>) {
    let fits = "💬".repeat(IndexedFields::MAX_CHARS);
    for (id, text) in [("1", &fits), ("2", &format!("{fits}x")), ("3", &"x".repeat(100_000))] {
        create(store, id, &document(text, text, text, true)).await;
        for filter in [conversation(text), customer(text), channel_type(text)] {
            assert_eq!(found(store, &filter).await, ["1"][usize::from(id != "1")..]);
        }
    }
    assert_eq!(found(store, &active(true)).await, ["1", "2", "3"]);
}

pub async fn a_text_that_no_document_can_hold_finds_nothing(store: &Arc<dyn Store>) {
    create(store, "it", &document("a", "a", "a", true)).await;
    for text in ["\0", "a\0", "a\0b"] {
        for filter in [conversation(text), customer(text), channel_type(text)] {
            assert_eq!(found(store, &filter).await, [""; 0], "{filter:?}");
        }
    }
}

pub async fn texts_are_compared_exactly(store: &Arc<dyn Store>) {
    let texts =
        ["c", "C", "c ", " c", "\u{e9}", "e\u{301}", "", " ", "%", "_", "'", "\\\\", "\\\"", "💬", "null"];
    for (at, text) in texts.iter().enumerate() {
        create(store, &format!("{at:02}"), &document(text, text, text, true)).await;
    }
    for (at, text) in texts.iter().enumerate() {
        let text = text.replace(r"\\", r"\").replace("\\\"", "\"");
        for filter in [conversation(&text), customer(&text), channel_type(&text)] {
            assert_eq!(found(store, &filter).await, [format!("{at:02}")], "{filter:?}");
        }
    }
}

pub async fn active_is_what_updates_mean_by_it(store: &Arc<dyn Store>) {
    for (id, members) in [
        ("1 active", "{}"),
        ("2 active", r#"{"isActive":true,"active":false}"#),
        ("3 active", r#"{"isActive":null,"active":false}"#),
        ("4 active", r#"{"isActive":"false"}"#),
        ("5 ended", r#"{"isActive":false,"active":true}"#),
        ("6 ended", r#"{"active":false}"#),
        ("7 active", r#"{"active":null}"#),
    ] {
        create(store, id, members).await;
    }
    assert_eq!(
        found(store, &active(true)).await,
        ["1 active", "2 active", "3 active", "4 active", "7 active"]
    );
    assert_eq!(found(store, &active(false)).await, ["5 ended", "6 ended"]);
}

pub async fn a_replaced_session_is_found_by_what_is_new(store: &Arc<dyn Store>) {
    let id = create(store, "it", &document("c1", "u1", "WEB", true)).await;
    let replacement = document("c2", "u2", "VOICE", false);
    requests::made(&**store, requests::creation_or(Existing::Replace, &id, &replacement)).await;
    for old in [conversation("c1"), customer("u1"), channel_type("WEB"), active(true)] {
        assert_eq!(found(store, &old).await, [""; 0], "{old:?}");
    }
    for new in [conversation("c2"), customer("u2"), channel_type("VOICE"), active(false)] {
        assert_eq!(found(store, &new).await, ["it"], "{new:?}");
    }
    requests::made(&**store, requests::creation_or(Existing::Replace, &id, "{}")).await;
    for old in [conversation("c2"), customer("u2"), channel_type("VOICE"), active(false)] {
        assert_eq!(found(store, &old).await, [""; 0], "{old:?}");
    }
    assert_eq!(found(store, &active(true)).await, ["it"]);
}

pub async fn an_ended_session_is_found_as_such(store: &Arc<dyn Store>) {
    let id = create(store, "it", &document("c", "u", "WEB", true)).await;
    create(store, "other", &document("c", "u", "WEB", true)).await;
    requests::made(&**store, requests::end(&id)).await;
    assert_eq!(found(store, &active(true)).await, ["other"]);
    assert_eq!(found(store, &active(false)).await, ["it"]);
    assert_eq!(found(store, &conversation("c")).await, ["it", "other"]);
}

pub async fn an_updated_session_is_found_by_what_it_was(store: &Arc<dyn Store>) {
    let id = create(store, "it", &document("c", "u", "WEB", true)).await;
    requests::made(&**store, requests::update(&id, &requests::one("conversationId", r#""d""#))).await;
    for filter in [conversation("c"), customer("u"), channel_type("WEB"), active(true)] {
        let sessions = requests::list(&**store, &filter, None, 10).await;
        assert_eq!(sessions.len(), 1, "{filter:?}");
        assert_eq!(requests::read(&sessions[0]), requests::stored(&**store, &id).await);
    }
}

pub async fn a_session_that_is_stored_again_is_found_by_what_is_new(store: &Arc<dyn Store>) {
    let id = create(store, "it", &document("c1", "u", "WEB", true)).await;
    requests::made(&**store, requests::deletion(&id)).await;
    requests::made(&**store, requests::creation(&id, &document("c2", "u", "WEB", true))).await;
    assert_eq!(found(store, &conversation("c1")).await, [""; 0]);
    assert_eq!(found(store, &conversation("c2")).await, ["it"]);
}

pub async fn sessions_that_stay_are_found_once_while_others_come_go_and_change(store: &Arc<dyn Store>) {
    let ids = requests::ids(30);
    requests::create_all(&**store, &ids, &document("c", "u", "WEB", true)).await;
    let mut writing = JoinSet::new();
    for task in 0..2 {
        let (store, ids) = (store.clone(), ids.clone());
        writing.spawn(async move {
            for (round, id) in ids.iter().enumerate() {
                let guests =
                    ["a", "session-0017 guest", "z"].map(|id| parsed::id(&format!("{id} {task} {round}")));
                requests::create_all(&*store, &guests, &document("c", "u", "WEB", true)).await;
                requests::made(&*store, requests::end(&guests[0])).await;
                let other =
                    requests::creation_or(Existing::Replace, &guests[1], &document("d", "u", "WEB", true));
                requests::made(&*store, other).await;
                requests::made(&*store, requests::deletion(&guests[2])).await;
                requests::made(&*store, requests::update(id, &requests::one("round", round))).await;
            }
        });
    }
    let wanted = Filter { active: Some(true), ..conversation("c") };
    for _ in 0..10 {
        for limit in [2, 7, 100] {
            let sessions = requests::list(&**store, &wanted, None, limit).await;
            let stayed: Vec<_> =
                sessions.into_iter().map(|session| session.id).filter(|id| ids.contains(id)).collect();
            assert_eq!(stayed, ids, "in pages of {limit}");
        }
    }
    all_end(writing).await;
    // Each was made before, and meets the filter no more.
    let sessions = requests::list(&**store, &wanted, None, 10).await;
    assert_eq!(sessions.into_iter().map(|session| session.id).collect::<Vec<_>>(), ids);
}
