//! Event streams that cannot begin for now: a browser gives up for good on any status but 200, so that is what it gets.

use http::Method;

use crate::support::{
    Front, Rest, Service, Sse, Store, on_both_stores,
    timeout::{until, within},
};

on_both_stores!(a_browser_comes_back_where_there_is_no_room_now);

const BROWSER: [(&str, &str); 1] = [("accept", "text/event-stream")];

/// Whether a browser would come back by itself after this answer, and what the answer says.
async fn comes_back(rest: &Rest, query: &str) -> (bool, String) {
    let path = format!("/events{query}");
    let answer = within("an end", rest.send(Method::GET, &path, "", &BROWSER)).await;
    let is_stream = answer.headers["content-type"] == "text/event-stream";
    (answer.status == 200 && is_stream, answer.body)
}

async fn a_browser_comes_back_where_there_is_no_room_now(store: Store) {
    for front in [Front::Combined, Front::Alone] {
        let service = Service::with(store, front, &["--max-watches", "1"]).await;
        let rest = service.rest();
        let first = Sse::open(&rest, "").await;
        let (again, body) = comes_back(&rest, "").await;
        assert!(again && body.starts_with("retry: 2000\n: {\"status\":429,"), "{body}");
        // Whoever can read a status gets one.
        let plain = rest.send(Method::GET, "/events", "", &[]).await;
        assert_eq!((plain.status.as_u16(), &*plain.failure().reason), (429, "OVERLOADED"));
        drop(first);
        // What cannot pass is final, once there is room to find that out.
        until("room", async || !comes_back(&rest, "?position=nowhere").await.0).await;
        until("room", async || Sse::try_open(&rest, "", None).await.is_ok()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_comes_back_while_the_service_is_away() {
    let mut service = Service::with(Store::Sqlite, Front::Alone, &[]).await;
    let rest = service.rest();
    service.kill_server();
    let (again, body) = comes_back(&rest, "").await;
    assert!(again && body.starts_with("retry: 2000\n: {\"status\":503,"), "{body}");
}
