//! Pages of a session's past, over a store in memory.

use channel_session_api::v1::{
    ChannelSessionEvent, DeleteChannelSessionRequest, channel_session_service_server::ChannelSessionService,
};
use tonic::{Code, Status};

use super::*;
use crate::over_memory::{call, create, service, update};

async fn session_with_past() -> Service {
    let service = service();
    create(&service, ["a".to_owned()], "").await;
    for number in 0..40 {
        let key = if number % 4 == 0 { "rare" } else { "often" };
        let request = update("a", key, &format!("\"{number}\""));
        service.update_data(call(request)).await.expect("an update");
    }
    service
}

async fn page(
    service: &Service,
    request: &ListChannelSessionHistoryRequest,
) -> Result<ListChannelSessionHistoryResponse, Status> {
    let response = service.list_channel_session_history(call(request.clone())).await;
    response.map(tonic::Response::into_inner)
}

/// All events, and how many pages they took.
async fn all(service: &Service, key: &str, page_size: i32) -> (Vec<ChannelSessionEvent>, usize) {
    let mut request = ListChannelSessionHistoryRequest {
        channel_session_id: "a".to_owned(),
        key: key.to_owned(),
        page_size,
        page_token: String::new(),
    };
    let (mut events, mut pages) = (Vec::new(), 0);
    loop {
        let page = page(service, &request).await.expect("a page");
        events.extend(page.events);
        pages += 1;
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return (events, pages);
        }
    }
}

#[tokio::test]
async fn every_revision_comes_once_newest_first_whatever_the_size_of_the_page() {
    let service = session_with_past().await;
    for (page_size, expected) in [(0, 1), (1, 41), (7, 6), (20, 3), (41, 1), (1000, 1)] {
        let (events, pages) = all(&service, "", page_size).await;
        let revisions: Vec<_> = events.iter().map(|event| event.revision).collect();
        assert_eq!((pages, revisions), (expected, (1..=41).rev().collect()), "{page_size}");
    }
}

#[tokio::test]
async fn of_a_key_only_its_own_changes_come() {
    let (events, pages) = all(&session_with_past().await, "rare", 4).await;
    assert_eq!((events.len(), pages), (10, 3));
    assert!(events.iter().all(|event| event.changes.len() == 1 && event.changes[0].key == "rare"));
    assert!(all(&session_with_past().await, "never", 4).await.0.is_empty());
}

#[tokio::test]
async fn a_session_that_is_not_there_has_no_past() {
    let service = session_with_past().await;
    let of = |id: &str, key: &str, page_token: &str| ListChannelSessionHistoryRequest {
        channel_session_id: id.to_owned(),
        key: key.to_owned(),
        page_size: 3,
        page_token: page_token.to_owned(),
    };
    let first = page(&service, &of("a", "", "")).await.expect("a page");
    for (request, code) in [
        (of("nobody", "", ""), Code::NotFound),
        (of("", "", ""), Code::InvalidArgument),
        (of("a", "\u{7}", ""), Code::InvalidArgument),
        (of("a", "often", &first.next_page_token), Code::InvalidArgument),
        (of("b", "", &first.next_page_token), Code::InvalidArgument),
    ] {
        assert_eq!(page(&service, &request).await.expect_err("refused").code(), code, "{request:?}");
    }
    let delete = DeleteChannelSessionRequest {
        channel_session_id: "a".to_owned(),
        ..DeleteChannelSessionRequest::default()
    };
    let deleted = service.delete_channel_session(call(delete)).await.expect("it is there").into_inner();
    assert_eq!((deleted.revision, deleted.changed), (42, true));
    for token in ["", &first.next_page_token] {
        assert_eq!(page(&service, &of("a", "", token)).await.expect_err("it is gone").code(), Code::NotFound);
    }
}
