//! Pages of sessions, over a store in memory.

use channel_session_api::v1::{ChannelSessionView, channel_session_service_server::ChannelSessionService};
use prost::Message;
use tonic::Code;

use super::*;
use crate::over_memory::{call, create, service};

async fn pages(service: &Service, request: &ListChannelSessionsRequest) -> Vec<ListChannelSessionsResponse> {
    let mut pages: Vec<ListChannelSessionsResponse> = Vec::new();
    loop {
        let page_token = pages.last().map(|page| page.next_page_token.clone()).unwrap_or_default();
        let request = ListChannelSessionsRequest { page_token, ..request.clone() };
        let page = service.list_channel_sessions(call(request)).await.expect("a page").into_inner();
        let is_last = page.next_page_token.is_empty();
        pages.push(page);
        if is_last {
            return pages;
        }
    }
}

fn ids(pages: &[ListChannelSessionsResponse]) -> Vec<&str> {
    pages
        .iter()
        .flat_map(|page| &page.channel_sessions)
        .map(|session| session.id.as_deref().expect("an id"))
        .collect()
}

fn basic(page_size: i32) -> ListChannelSessionsRequest {
    ListChannelSessionsRequest {
        page_size,
        view: ChannelSessionView::Basic.into(),
        ..ListChannelSessionsRequest::default()
    }
}

#[tokio::test]
async fn every_session_comes_once_in_order_whatever_the_size_of_the_page() {
    let service = service();
    let all: Vec<_> = (0..250).map(|number| format!("session-{number:03}")).collect();
    create(&service, all.iter().cloned(), "").await;
    for (page_size, expected) in [(0, 3), (1, 250), (7, 36), (100, 3), (249, 2), (250, 1), (1000, 1)] {
        let pages = pages(&service, &basic(page_size)).await;
        assert_eq!(
            (pages.len(), ids(&pages)),
            (expected, all.iter().map(String::as_str).collect()),
            "{page_size}"
        );
    }
}

#[tokio::test]
async fn a_page_ends_before_it_is_too_large_and_the_next_goes_on() {
    let service = service();
    let all: Vec<_> = (0..40).map(|number| format!("session-{number:02}")).collect();
    create(&service, all.iter().cloned(), &"x".repeat(300_000)).await;
    let request = ListChannelSessionsRequest { view: ChannelSessionView::Json.into(), ..basic(0) };
    let pages = pages(&service, &request).await;
    assert_eq!(ids(&pages), all.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(pages.iter().all(|page| page.encoded_len() < 4 * 1024 * 1024));
    assert_eq!(pages.len(), 4);
}

/// The store in memory looks at as many as it is asked for, whatever it finds among them.
#[tokio::test]
async fn what_is_rare_takes_pages_that_are_not_full_and_not_endless() {
    let service = service();
    create(&service, (0..400).map(|number| format!("session-{number:03}")), "").await;
    let request = ListChannelSessionsRequest { active: Some(false), ..basic(0) };
    let pages = pages(&service, &request).await;
    assert_eq!((pages.len(), ids(&pages).len()), (400_usize.div_ceil(16 * MAX_LOOKS), 0));
}

#[tokio::test]
async fn conditions_and_tokens_are_held_to_their_rules() {
    let service = service();
    create(&service, (0..3).map(|number| format!("session-{number}")), "").await;
    let of = |request| {
        let call = service.list_channel_sessions(call(request));
        async { call.await.map(tonic::Response::into_inner) }
    };
    let first = of(basic(2)).await.expect("a page");
    assert!(!first.next_page_token.is_empty());
    let next = |page_token: String| ListChannelSessionsRequest { page_token, ..basic(2) };
    assert!(of(next(first.next_page_token.clone())).await.is_ok());
    for refused in [
        ListChannelSessionsRequest { active: Some(true), ..next(first.next_page_token.clone()) },
        ListChannelSessionsRequest { customer_id: "c".to_owned(), ..next(first.next_page_token.clone()) },
        next(format!("{}x", first.next_page_token)),
        basic(-1),
        ListChannelSessionsRequest { channel_type: "a\0".to_owned(), ..basic(2) },
        ListChannelSessionsRequest { conversation_id: "x".repeat(256), ..basic(2) },
    ] {
        let status = of(refused.clone()).await.expect_err("it breaks a rule");
        assert_eq!(status.code(), Code::InvalidArgument, "{refused:?}");
    }
}
