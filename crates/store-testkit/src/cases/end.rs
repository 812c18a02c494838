//! Ending a session, in whatever shape its document says that it is active.

use std::sync::Arc;

use domain::{
    Error,
    command::{CommandResult, End, Operation},
    event::Name,
    store::Store,
};

use super::{reader::Reader, requests, subject::Subject};
use crate::{parsed, seed};

/// Ends a session that has these members, and compares what has become of them.
async fn becomes(store: &Arc<dyn Store>, members: &str, ended: &str) {
    let (document, ended) = (format!("{{{members}}}"), format!("{{{ended}}}"));
    let id = parsed::id(&document);
    requests::create_all(&**store, std::slice::from_ref(&id), &document).await;
    let changed = requests::made(&**store, requests::end(&id)).await;
    assert!(changed.changed);
    assert_eq!(requests::answered(&changed), (parsed::value(&ended), 2), "of {document}");
    assert_eq!(requests::stored(&**store, &id).await, (parsed::value(&ended), 2));
}

pub async fn a_state_that_is_an_object_gets_its_name_and_reason(store: &Arc<dyn Store>) {
    let ended = r#""isActive":false,"state":{"name":"ENDED","reasonCode":"CUSTOMER"}"#;
    becomes(store, r#""isActive":true,"state":{"name":"STARTED","reasonCode":null}"#, ended).await;
    becomes(store, r#""isActive":true,"state":{}"#, ended).await;
    let ended = r#""isActive":false,"state":{"name":"ENDED","reasonCode":"CUSTOMER","since":0.10,"x":[]}"#;
    becomes(store, r#""isActive":true,"state":{"name":5,"since":0.10,"x":[]}"#, ended).await;
}

pub async fn a_state_that_is_text_gets_the_name(store: &Arc<dyn Store>) {
    becomes(store, r#""isActive":true,"state":"STARTED""#, r#""isActive":false,"state":"ENDED""#).await;
    becomes(store, r#""isActive":true,"state":"""#, r#""isActive":false,"state":"ENDED""#).await;
}

pub async fn a_state_that_is_absent_or_null_becomes_an_object(store: &Arc<dyn Store>) {
    let ended = r#""isActive":false,"state":{"name":"ENDED","reasonCode":"CUSTOMER"}"#;
    becomes(store, r#""isActive":true"#, ended).await;
    becomes(store, r#""isActive":true,"state":null"#, ended).await;
}

pub async fn each_member_that_says_whether_it_is_active_says_that_it_is_not(store: &Arc<dyn Store>) {
    let state = r#""state":"ENDED""#;
    for (members, ended) in [
        (r#""isActive":true"#, r#""isActive":false"#),
        (r#""active":true"#, r#""active":false"#),
        (r#""isActive":true,"active":true"#, r#""isActive":false,"active":false"#),
        (r#""isActive":true,"active":false"#, r#""isActive":false,"active":false"#),
        (r#""isActive":null,"active":null"#, r#""isActive":false,"active":false"#),
        (r#""isActive":"false","active":0"#, r#""isActive":false,"active":false"#),
        (r#""active":null"#, r#""active":false"#),
    ] {
        becomes(store, &format!(r#"{members},"state":"STARTED""#), &format!("{ended},{state}")).await;
    }
}

pub async fn where_nothing_says_that_it_is_active_is_active_is_added(store: &Arc<dyn Store>) {
    becomes(store, r#""state":"x""#, r#""state":"ENDED","isActive":false"#).await;
    let elsewhere = r#""IsActive":true,"x":{"isActive":true,"active":true}"#;
    becomes(
        store,
        &format!(r#"{elsewhere},"state":"x""#),
        &format!(r#"{elsewhere},"state":"ENDED","isActive":false"#),
    )
    .await;
}

pub async fn the_documented_session_keeps_all_else(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, seed::CHANNEL_SESSION).await;
    let ended = seed::CHANNEL_SESSION
        .replace(r#""isActive": true"#, r#""isActive": false"#)
        .replace(r#""active": true"#, r#""active": false"#)
        .replace(r#""name": "STARTED""#, r#""name": "ENDED""#);
    subject.applies(requests::end(subject.id()), &ended).await;
}

pub async fn numbers_and_nulls_elsewhere_stay_exact(store: &Arc<dyn Store>) {
    let kept = r#""n":12345678901234567890,"m":0.10,"o":{"null":null,"e":[[],{}]},"channelData":5"#;
    becomes(
        store,
        &format!(r#"{kept},"active":true,"state":"x""#),
        &format!(r#"{kept},"active":false,"state":"ENDED""#),
    )
    .await;
}

pub async fn state_and_reason_are_as_asked_for(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, r#"{"state":{"name":"STARTED"}}"#).await;
    let end = End { state: "CL\"OSED\\".to_owned(), reason_code: "\u{1f4ac}".to_owned() };
    let command = parsed::command(subject.id().clone(), Operation::End(end));
    subject.applies(command, r#"{"isActive":false,"state":{"name":"CL\"OSED\\","reasonCode":"💬"}}"#).await;
}

pub async fn one_event_tells_of_it(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, &requests::with_list(&requests::one("a", 1))).await;
    let mut reader = Reader::of(store, &id).await;
    let ended = requests::made(&**store, requests::end(&id)).await;
    let event = reader.event().await;
    assert_eq!((event.name, event.revision.get(), &*event.changes), (Name::Ended, 2, &[][..]));
    let document = event.document.expect("the event has the document");
    assert_eq!(parsed::value(&document), requests::answered(&ended).0);
}

pub async fn a_session_that_has_ended_is_not_ended_again(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, r#"{"state":"STARTED"}"#).await;
    subject.applies(requests::end(subject.id()), r#"{"state":"ENDED","isActive":false}"#).await;
    let mut reader = Reader::of(store, subject.id()).await;
    let error = subject.rejects(requests::end(subject.id())).await;
    assert!(matches!(&error, Error::NotActive(id) if id == subject.id()), "{error:?}");
    assert_eq!(reader.events().await, []);
}

pub async fn a_missing_session_is_not_found(store: &Arc<dyn Store>) {
    let id = parsed::id("missing");
    let result = requests::execute(&**store, requests::end(&id)).await;
    assert!(matches!(&result, Err(Error::NotFound(answered)) if *answered == id), "{result:?}");
}

pub async fn data_is_attached_to_it_no_more(store: &Arc<dyn Store>) {
    let mut subject = Subject::stored(store, r#"{"active":true,"state":"STARTED"}"#).await;
    subject.applies(requests::end(subject.id()), r#"{"active":false,"state":"ENDED"}"#).await;
    for attributes in ["[]", &requests::one("a", 1)] {
        let error = subject.refuses(attributes).await;
        assert!(matches!(error, Error::NotActive(_)), "{error:?}");
    }
}

pub async fn in_one_call_updates_before_it_are_made_and_those_behind_it_refused(store: &Arc<dyn Store>) {
    let id = requests::create_one(&**store, r#"{"state":"x"}"#).await;
    let commands = vec![
        requests::update(&id, &requests::one("a", 1)),
        requests::end(&id),
        requests::update(&id, &requests::one("a", 2)),
        requests::end(&id),
    ];
    let results = store.execute(commands).await;
    let answered: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map(|done: &CommandResult| done.revision.get()).map_err(Error::reason))
        .collect();
    let not_active = Err(domain::Reason::ChannelSessionNotActive);
    assert_eq!(answered, [Ok(2), Ok(3), not_active, not_active]);
}
