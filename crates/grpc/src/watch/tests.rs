//! What a watch asks for, and what it delivers.

use channel_session_api::v1::{EventName, channel_session_service_server::ChannelSessionService};
use domain::Reason;
use tonic::Code;

use super::*;
use crate::over_memory::{call, create, next, service, update};

fn refused(request: WatchChannelSessionsRequest) -> Error {
    subscription(request, TenantId::only()).expect_err("it breaks a rule")
}

#[test]
fn a_watch_is_of_one_session_of_one_conversation_or_of_all() {
    let of = |id: &str, conversation: &str| WatchChannelSessionsRequest {
        channel_session_id: id.to_owned(),
        conversation_id: conversation.to_owned(),
        ..WatchChannelSessionsRequest::default()
    };
    let scope =
        |id, conversation| subscription(of(id, conversation), TenantId::only()).expect("a watch").scope;
    assert_eq!(scope("", ""), Scope::All);
    assert_eq!(scope("a", ""), Scope::Session(Id::parse("a").expect("an id")));
    assert_eq!(scope("", "c"), Scope::Conversation("c".to_owned()));
    assert_eq!(refused(of("a", "c")).reason(), Reason::InvalidParameter);
    assert_eq!(refused(of("..", "")).reason(), Reason::InvalidChannelSessionId);
    assert_eq!(refused(of("", "a\0")).reason(), Reason::InvalidParameter);
}

#[test]
fn keys_have_a_number_and_a_rule() {
    let of = |keys| WatchChannelSessionsRequest { keys, ..WatchChannelSessionsRequest::default() };
    assert_eq!(
        subscription(of(vec!["k".to_owned(); 100]), TenantId::only()).expect("a watch").keys.len(),
        100
    );
    assert_eq!(refused(of(vec!["k".to_owned(); 101])).reason(), Reason::RequestTooLarge);
    let Error::InvalidParameter(it) = refused(of(vec!["k".to_owned(), " ".to_owned()])) else {
        panic!("a blank key is no key");
    };
    assert_eq!((&*it.field, it.key.as_deref(), it.rule), ("keys[1]", Some(" "), "not_blank"));
}

#[test]
fn a_position_is_visible_ascii() {
    let of =
        |position: String| WatchChannelSessionsRequest { position, ..WatchChannelSessionsRequest::default() };
    assert_eq!(subscription(of(String::new()), TenantId::only()).expect("from now on").after, None);
    let longest = "x".repeat(Position::MAX_CHARS);
    assert_eq!(
        subscription(of(longest.clone()), TenantId::only()).expect("a watch").after,
        Some(Position::new(longest.clone()))
    );
    for text in [longest + "x", "a b".to_owned(), "ä".to_owned(), "\n".to_owned()] {
        assert_eq!(refused(of(text)).reason(), Reason::InvalidParameter);
    }
}

#[tokio::test]
async fn a_watch_begins_with_a_checkpoint_tells_changes_and_ends_with_the_service() {
    let service = service();
    create(&service, ["a".to_owned()], "").await;
    let watch = |position| {
        let request = WatchChannelSessionsRequest { position, ..WatchChannelSessionsRequest::default() };
        service.watch_channel_sessions(call(request))
    };
    let mut stream = watch(String::new()).await.expect("a watch").into_inner();
    let first = next(&mut stream).await.expect("a response").expect("a checkpoint");
    assert_eq!(first.event, None);

    service.update_data(call(update("a", "k", "\"v\""))).await.expect("an update");
    let received = next(&mut stream).await.expect("a response").expect("a change");
    let event = received.event.as_ref().expect("the change");
    assert_eq!((event.name(), event.revision), (EventName::DataUpdated, 2));
    assert!(event.json.contains("\"additionalAttributes\""), "{}", event.json);

    // From where the first one began, it comes again.
    let mut again = watch(first.position).await.expect("a watch").into_inner();
    let same = loop {
        let response = next(&mut again).await.expect("a response").expect("a change");
        if response.event.is_some() {
            break response;
        }
    };
    assert_eq!(same, received);

    service.stop();
    for mut stream in [stream, again] {
        let status = next(&mut stream).await.expect("a response").expect_err("the end");
        assert_eq!(status.code(), Code::Unavailable);
        assert!(next(&mut stream).await.is_none());
    }
}

/// Others have all the room, and perhaps do not read.
#[tokio::test(start_paused = true)]
async fn a_watch_that_waits_for_room_has_heartbeats_and_then_the_event() {
    let service = service();
    create(&service, ["a".to_owned()], &"x".repeat(100_000)).await;
    let watch = async |position| {
        let request = WatchChannelSessionsRequest { position, ..WatchChannelSessionsRequest::default() };
        let mut stream = service.watch_channel_sessions(call(request)).await.expect("a watch").into_inner();
        let first = next(&mut stream).await.expect("a response").expect("a checkpoint");
        (stream, first.position)
    };
    let (mut stream, begun) = watch(String::new()).await;
    let all = service.options.budget.events.wait(usize::MAX).await;
    service.update_data(call(update("a", "k", "\"v\""))).await.expect("an update");
    let mut position = String::new();
    for _ in 0..3 {
        let life = next(&mut stream).await.expect("a response").expect("a heartbeat");
        assert_eq!(life.event, None);
        position = life.position;
    }
    assert_eq!(position, begun);
    drop(all);
    // So does one that goes on from there.
    for mut stream in [stream, watch(position).await.0] {
        let received = next(&mut stream).await.expect("a response").expect("a change");
        assert_eq!(received.event.expect("the change").revision, 2);
    }
}
