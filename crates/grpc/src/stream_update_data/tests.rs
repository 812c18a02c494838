//! What a stream of updates answers, what it reads, and how it ends.

mod gated;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use channel_session_api::v1::{Failure, Reason, UpdateDataRequest, update_data_result::Result as Outcome};
use domain::session::Id;
use gated::Gated;
use tonic::{Code, Extensions};

use super::*;
use crate::{
    Options,
    over_memory::{caller, create, next, over, service, update},
};

type Responses = BoxStream<StreamUpdateDataResponse>;

fn start(
    service: &Service,
    requests: impl Stream<Item = Result<StreamUpdateDataRequest, Status>> + Send + Unpin + 'static,
) -> Responses {
    let end = StreamEnd::new(service, &caller(), &Extensions::new()).expect("a service that goes on");
    run(service.clone(), requests, caller(), end, None)
}

fn one(request: UpdateDataRequest) -> Result<StreamUpdateDataRequest, Status> {
    Ok(StreamUpdateDataRequest { request: Some(request) })
}

/// The revision that an update came to.
fn revision(response: Option<Result<StreamUpdateDataResponse, Status>>) -> i64 {
    match response.expect("a response").expect("a result").result.expect("a result").result {
        Some(Outcome::Response(response)) => response.channel_session.expect("the session").revision,
        other => panic!("{other:?}"),
    }
}

fn failure(response: Option<Result<StreamUpdateDataResponse, Status>>) -> Failure {
    match response.expect("a response").expect("a result").result.expect("a result").result {
        Some(Outcome::Failure(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn results_come_in_the_order_of_the_requests_and_the_stream_ends_with_them() {
    let service = service();
    create(&service, ["a".to_owned()], "").await;
    let requests = [
        one(update("a", "k", "\"1\"")),
        Ok(StreamUpdateDataRequest { request: None }),
        one(update("nobody", "k", "\"1\"")),
        one(update("a", "k", "\"2\"")),
    ];
    let mut responses = start(&service, stream::iter(requests));
    assert_eq!(revision(next(&mut responses).await), 2);
    assert_eq!(failure(next(&mut responses).await).reason(), Reason::MalformedBody);
    assert_eq!(failure(next(&mut responses).await).reason(), Reason::ChannelSessionNotFound);
    assert_eq!(revision(next(&mut responses).await), 3);
    assert!(next(&mut responses).await.is_none());
}

#[tokio::test]
async fn no_more_is_read_than_is_worked_on_until_its_results_are_taken() {
    let service = service();
    create(&service, ["a".to_owned()], "").await;
    let read = Arc::new(AtomicUsize::new(0));
    let requests = stream::iter(0..).map({
        let read = read.clone();
        move |number| {
            read.fetch_add(1, Ordering::Relaxed);
            one(update("a", "k", &format!("\"{number}\"")))
        }
    });
    let mut responses = start(&service, requests);
    assert_eq!(read.load(Ordering::Relaxed), 0);
    for taken in 1..=3 * 64 {
        assert_eq!(revision(next(&mut responses).await), taken + 1);
        let chunks = usize::try_from(taken).expect("few").div_ceil(MAX_UPDATES);
        assert_eq!(read.load(Ordering::Relaxed), chunks * MAX_UPDATES, "{taken}");
    }
}

#[tokio::test]
async fn little_is_read_of_what_is_large() {
    let service = service();
    let read = Arc::new(AtomicUsize::new(0));
    let large = format!("\"{}\"", "x".repeat(MAX_BYTES / 2));
    let requests = stream::iter(0..).map({
        let read = read.clone();
        move |_| {
            read.fetch_add(1, Ordering::Relaxed);
            one(update("a", "k", &large))
        }
    });
    let mut responses = start(&service, requests);
    assert_eq!(failure(next(&mut responses).await).reason(), Reason::InvalidAttributes);
    assert_eq!(read.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_message_that_cannot_be_read_ends_the_stream_behind_the_results_of_those_before_it() {
    let service = service();
    create(&service, ["a".to_owned()], "").await;
    let requests = [one(update("a", "k", "\"1\"")), Err(Status::internal("not a message"))];
    let mut responses = start(&service, stream::iter(requests));
    assert_eq!(revision(next(&mut responses).await), 2);
    let status = next(&mut responses).await.expect("a response").expect_err("the end");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(String::from_utf8_lossy(status.details()).contains("MALFORMED_BODY"));
    assert!(next(&mut responses).await.is_none());
}

#[tokio::test]
async fn a_service_that_stops_ends_the_stream_behind_what_was_read() {
    let service = service();
    create(&service, ["a".to_owned()], "").await;
    let mut responses =
        start(&service, stream::iter([one(update("a", "k", "\"1\""))]).chain(stream::pending()));
    assert_eq!(revision(next(&mut responses).await), 2);
    service.stop();
    let status = next(&mut responses).await.expect("a response").expect_err("the end");
    assert_eq!(status.code(), Code::Unavailable);
    assert!(next(&mut responses).await.is_none());

    // Another one does not begin.
    let status =
        StreamEnd::new(&service, &caller(), &Extensions::new()).expect_err("the service has stopped");
    assert_eq!(status.code(), Code::Unavailable);
}

async fn stored_revision(service: &Service, id: &str) -> i64 {
    service.get(&caller().tenant, Id::parse(id).expect("an id")).await.expect("the session").revision.get()
}

#[tokio::test]
async fn what_takes_too_long_fails_by_itself_and_is_not_made_later() {
    let (store, gate) = Gated::new();
    let options = Options { max_deadline: Duration::from_millis(20), ..Options::default() };
    let service = over(store, options);
    gate.open(1);
    create(&service, ["a".to_owned()], "").await;
    let requests = [one(update("a", "k", "\"1\"")), one(update("", "k", "\"1\""))];
    let mut responses = start(&service, stream::iter(requests).chain(stream::pending()));
    let late = failure(next(&mut responses).await);
    assert_eq!((late.reason(), late.outcome_unknown), (Reason::DeadlineExceeded, false));
    assert_eq!(failure(next(&mut responses).await).reason(), Reason::ChannelSessionIdRequired);
    gate.open(1);
    drop(responses);
    gate.passed(2).await;
    assert_eq!(stored_revision(&service, "a").await, 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_calls_off_what_was_not_sent() {
    let (store, gate) = Gated::new();
    let service = over(store, Options::default());
    gate.open(1);
    create(&service, ["a".to_owned()], "").await;
    let mut responses = start(&service, stream::iter([one(update("a", "k", "\"1\""))]));
    tokio::select! {
        biased;
        response = next(&mut responses) => panic!("{response:?}"),
        () = gate.reached() => {}
    }
    drop(responses);
    gate.open(1);
    gate.passed(2).await;
    assert_eq!(stored_revision(&service, "a").await, 1);
}

/// A thousand streams that send nothing keep nobody out.
#[tokio::test]
async fn a_stream_takes_a_place_while_it_has_something_to_do() {
    let (store, gate) = Gated::new();
    let service = over(store, Options { max_concurrent_calls: 1, ..Options::default() });
    let mut idle = start(&service, stream::pending());
    assert!(futures_util::poll!(idle.next()).is_pending());
    assert_eq!(service.streams.free(), 1);
    gate.open(1);
    create(&service, ["a".to_owned()], "").await;
    let mut busy = start(&service, stream::iter([one(update("a", "k", "\"1\""))]));
    assert!(futures_util::poll!(busy.next()).is_pending());
    gate.reached().await;
    assert_eq!(service.streams.free(), 0);
    gate.open(1);
    assert_eq!(revision(next(&mut busy).await), 2);
    assert_eq!(service.streams.free(), 1);
}

/// Otherwise callers that ask and leave again and again would have any number of updates under way.
#[tokio::test]
async fn updates_that_their_caller_has_left_count_until_they_are_done() {
    let (store, gate) = Gated::new();
    let service = over(store, Options { max_concurrent_calls: 1, ..Options::default() });
    let mut left = start(&service, stream::iter([one(update("a", "k", "\"1\""))]));
    assert!(futures_util::poll!(left.next()).is_pending());
    gate.reached().await;
    drop(left);
    comes(|| gate.is_cancelled()).await;
    assert_eq!(service.streams.free(), 0);
    gate.open(1);
    gate.passed(1).await;
    assert_eq!(service.streams.free(), 1);
}

#[tokio::test]
async fn a_stream_that_has_nothing_to_do_for_too_long_ends() {
    let stream_idle_timeout = Duration::from_millis(20);
    let service =
        over(store_testkit::memory::Memory::default(), Options { stream_idle_timeout, ..Options::default() });
    let mut responses = start(&service, stream::pending());
    let status = next(&mut responses).await.expect("an end").expect_err("a status");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().contains("no request for too long"), "{status:?}");
    assert!(next(&mut responses).await.is_none());
}

/// Waits for it, within a limit.
async fn comes(mut condition: impl FnMut() -> bool) {
    let came = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), came).await.expect("it comes");
}

/// The connection gives no room: the stream is not polled any more.
#[tokio::test]
async fn results_that_nobody_takes_are_counted_and_let_go_of() {
    let options = Options { answer_timeout: Duration::from_millis(50), ..Options::default() };
    let service = over(store_testkit::memory::Memory::default(), options);
    create(&service, ["a".to_owned()], &"x".repeat(100_000)).await;
    let answers = service.options.budget.answers.clone();
    let all = answers.available();
    let updates = (0..4).map(|value| one(update("a", "k", &format!("\"{value}\""))));
    let connection = budget::Connection::default();
    let end = StreamEnd::new(&service, &caller(), &Extensions::new()).expect("a service that goes on");
    let requests = stream::iter(updates).chain(stream::pending());
    let mut responses = run(service.clone(), requests, caller(), end, connection.long_stream());
    assert!(futures_util::poll!(responses.next()).is_pending());
    comes(|| answers.available() < all - 400_000).await;
    comes(|| answers.available() == all).await;
    let permits: Vec<_> = std::iter::from_fn(|| connection.long_stream()).collect();
    assert_eq!(permits.len(), budget::Connection::MAX_LONG_STREAMS);
    assert_eq!(service.streams.free(), service.options.max_concurrent_calls);
    let status = next(&mut responses).await.expect("an end").expect_err("a status");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().contains("not taken"), "{status:?}");
    assert!(next(&mut responses).await.is_none());
}

#[tokio::test]
async fn a_stream_that_nobody_polls_ends_in_time_as_well() {
    let (store, gate) = Gated::new();
    let max_deadline = Duration::from_millis(20);
    let service = over(store, Options { max_deadline, ..Options::default() });
    gate.open(1);
    create(&service, ["a".to_owned()], "").await;
    let mut responses = start(&service, stream::iter([one(update("a", "k", "\"1\""))]));
    assert!(futures_util::poll!(responses.next()).is_pending());
    gate.reached().await;
    // The work itself holds its permit until it ends; the command is cancelled.
    comes(|| gate.is_cancelled()).await;
    gate.open(1);
    comes(|| service.streams.free() == service.options.max_concurrent_calls).await;
    assert_eq!(failure(next(&mut responses).await).reason(), Reason::DeadlineExceeded);
    assert_eq!(stored_revision(&service, "a").await, 1);
}

#[tokio::test]
async fn requests_that_have_no_room_are_refused_one_by_one() {
    let service = service();
    create(&service, ["a".to_owned()], "").await;
    let _all = service.options.budget.requests.wait(usize::MAX).await;
    let large = one(update("a", "k", &format!("\"{}\"", "x".repeat(100_000))));
    let mut responses = start(&service, stream::iter([one(update("a", "k", "\"1\"")), large]));
    assert_eq!(revision(next(&mut responses).await), 2);
    assert_eq!(failure(next(&mut responses).await).reason(), Reason::Overloaded);
    assert!(next(&mut responses).await.is_none());
}
