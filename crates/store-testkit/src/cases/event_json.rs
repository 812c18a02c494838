//! Events as their consumers know them: JSON as the contract shapes it, exact.

use std::sync::Arc;

use domain::{command::Existing, store::Store};

use super::{reader::Reader, requests};
use crate::{parsed, seed};

/// The JSON that an event of the session must be, id aside; a revision's event has the same id for ever.
fn expected(name: &str, timestamp: i64, outer: [&str; 3], change: &str) -> String {
    let [conversation, document, room] = outer;
    format!(
        r#"{{"name":"{name}","type":"NOTIFICATION","timestamp":{timestamp},"conversationId":{conversation},
            "eventEmitter":{{"id":"channel-sessions","type":"SYSTEM","senderName":"channel-sessions",
                             "additionalDetail":null}},
            "channelSession":{document},"data":{document},"roomInfo":{room},"change":{change}}}"#
    )
}

/// An event's JSON, with its id taken out and looked at.
async fn json(reader: &mut Reader<'_>) -> json::Value {
    let event = reader.event().await;
    let text = event.to_json();
    let id = format!(r#""id":"{}","#, event.id());
    assert_eq!(text.matches(&id).count(), 1, "{text}");
    parsed::value(&text.replacen(&id, "", 1))
}

pub async fn the_documented_session_makes_the_documented_event(store: &Arc<dyn Store>) {
    let id = parsed::id("64e2f08a6155b317cd3f88fd");
    requests::create_all(&**store, std::slice::from_ref(&id), seed::CHANNEL_SESSION).await;
    let mut reader = Reader::of(store, &id).await;
    let attributes =
        r#"[{"key":"name","type":"String2000","value":"Jane Doe"},{"key":"n","type":"Number","value":0.10}]"#;
    let update = requests::under("r-1", requests::update(&id, attributes));
    let document =
        requests::made(&**store, requests::at(1_700_000_000_123, update)).await.document.expect("it has one");
    let change = r#"{"channelSessionId":"64e2f08a6155b317cd3f88fd","revision":2,"requester":"anonymous","requestId":"r-1",
        "traceId":null,"attributes":[
            {"key":"name","index":0,"oldType":"String2000","oldValue":"Haroon Ahmed1","newType":"String2000",
             "newValue":"Jane Doe"},
            {"key":"name","index":2,"oldType":"String2000","oldValue":"Haroon Ahmed1","newType":"String2000",
             "newValue":"Jane Doe"},
            {"key":"n","index":3,"newType":"Number","newValue":0.10}]}"#;
    let outer = [r#""64e2f08fa75bb24a09444834""#, &document, "null"];
    assert_eq!(
        json(&mut reader).await,
        parsed::value(&expected("CHANNEL_SESSION_DATA_UPDATED", 1_700_000_000_123, outer, change))
    );
}

pub async fn numbers_and_nulls_are_exact(store: &Arc<dyn Store>) {
    let id = parsed::id("it");
    let mut reader = Reader::of(store, &id).await;
    let document = r#"{"conversationId":"c","n":12345678901234567890,"m":[0.10,1e3,-0,null],
        "roomInfo":{"mode":0.10,"big":12345678901234567890,"none":null},
        "channelData":{"additionalAttributes":[{"key":"a","type":5.0,"value":{"x":0.10,"y":null}},
            {"key":"b","value":null},{"key":"c","type":"Number"}]}}"#;
    requests::create_all(&**store, std::slice::from_ref(&id), document).await;
    let change = r#"{"channelSessionId":"it","revision":1,"requester":"anonymous","requestId":null,"traceId":null,"attributes":[
        {"key":"a","index":0,"newType":5.0,"newValue":{"x":0.10,"y":null}},
        {"key":"b","index":1,"newType":null,"newValue":null},{"key":"c","index":2,"newType":"Number"}]}"#;
    let room = r#"{"mode":0.10,"big":12345678901234567890,"none":null}"#;
    let expected = expected("CHANNEL_SESSION_STARTED", 0, [r#""c""#, document, room], change);
    assert_eq!(json(&mut reader).await, parsed::value(&expected));
}

pub async fn ids_and_requesters_are_escaped(store: &Arc<dyn Store>) {
    let id = parsed::id("say \"it\" \\ 💬");
    let mut reader = Reader::of(store, &id).await;
    let requester = domain::caller::Requester::from_stored("\"\\\n\u{1}💬");
    let creation = requests::under(r#""\{}"#, requests::creation(&id, "{}"));
    requests::made(&**store, domain::command::Command { requester, ..creation }).await;
    let change = r#"{"channelSessionId":"say \"it\" \\ 💬","revision":1,"requester":"\"\\\n\u0001💬","requestId":"\"\\{}",
        "traceId":null,"attributes":[]}"#;
    let expected = expected("CHANNEL_SESSION_STARTED", 0, ["null", "{}", "null"], change);
    assert_eq!(json(&mut reader).await, parsed::value(&expected));
}

pub async fn a_conversation_is_the_topic_where_it_has_no_id_of_its_own(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, r#"{"n":0}"#).await;
    let mut reader = Reader::of(store, &id).await;
    for (document, conversation) in [
        (r#"{"conversationId":"c","topicId":"t"}"#, r#""c""#),
        (r#"{"topicId":"t"}"#, r#""t""#),
        (r#"{"conversationId":null,"topicId":"t"}"#, r#""t""#),
        (r#"{"conversationId":5,"topicId":"t"}"#, "5"),
        ("{}", "null"),
    ] {
        let revision = requests::made(&**store, requests::creation_or(Existing::Replace, &id, document))
            .await
            .revision
            .get();
        let change = format!(
            r#"{{"channelSessionId":"{id}","revision":{revision},"requester":"anonymous","requestId":null,"traceId":null,"attributes":[]}}"#
        );
        let expected = expected("CHANNEL_SESSION_DATA_UPDATED", 0, [conversation, document, "null"], &change);
        assert_eq!(json(&mut reader).await, parsed::value(&expected));
    }
}

pub async fn an_end_and_a_deletion_have_the_same_shape(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, r#"{"state":"x","roomInfo":5}"#).await;
    let mut reader = Reader::of(store, &id).await;
    let change = |revision: u8| {
        format!(
            r#"{{"channelSessionId":"{id}","revision":{revision},"requester":"anonymous","requestId":null,"traceId":null,"attributes":[]}}"#
        )
    };
    requests::made(&**store, requests::at(7, requests::end(&id))).await;
    let document = r#"{"state":"ENDED","isActive":false,"roomInfo":5}"#;
    let ended = expected("CHANNEL_SESSION_ENDED", 7, ["null", document, "5"], &change(2));
    assert_eq!(json(&mut reader).await, parsed::value(&ended));
    requests::made(&**store, requests::at(9, requests::under("r", requests::deletion(&id)))).await;
    let deleted = expected("CHANNEL_SESSION_DELETED", 9, ["null", "null", "null"], &change(3));
    assert_eq!(json(&mut reader).await, parsed::value(&deleted));
}
