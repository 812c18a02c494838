//! What one session's answer takes of the memory.

use budget::{Counted, Memory};

use super::*;

const BYTES: usize = 200_000;

fn large() -> Fake {
    Fake { document: Some(format!("\"{}\"", "x".repeat(BYTES))), ..Fake::with_revision(1) }
}

async fn answer(fake: &Fake, answers: Memory) -> axum::response::Response {
    let budget = budget::Budget { answers, ..budget::Budget::default() };
    let routes = routes(fake.upstream(), Options { budget, ..options() }, CancellationToken::new());
    let request = Request::get("/channel-sessions/x").header("Host", "localhost").body(Body::empty());
    routes.oneshot(request.expect("a request")).await.expect("an answer")
}

#[tokio::test]
async fn what_the_service_has_counted_is_counted_until_it_is_taken() {
    let memory = Memory::new(1 << 20);
    let mut share = memory.share();
    share.grow(3 * BYTES).expect("there is room");
    let fake = Fake { counted: Some(Counted::by(share)), ..large() };
    // There is no room for another share.
    let answer = answer(&fake, Memory::new(0)).await;
    assert_eq!(answer.status(), 200);
    drop(fake);
    assert!((1 << 20) - memory.available() >= BYTES - budget::FREE_BYTES);
    drop(answer);
    assert_eq!(memory.available(), 1 << 20);
}

#[tokio::test]
async fn what_has_no_room_is_refused_before_it_begins() {
    let memory = Memory::new(1 << 20);
    let begun = answer(&large(), memory.clone()).await;
    assert_eq!(begun.status(), 200);
    assert!(memory.available() < (1 << 20) - BYTES + 2 * budget::FREE_BYTES);
    let refused = answer(&large(), Memory::new(BYTES / 2)).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    let body = to_bytes(refused.into_body(), usize::MAX).await.expect("the body is in memory");
    assert_eq!(serde_json::from_slice::<Value>(&body).expect("JSON")["reason"], "OVERLOADED");
}
