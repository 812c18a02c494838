//! What goes over the wire of Server-Sent Events (WHATWG HTML, section 9.2).

use std::time::Duration;

use axum::response::sse::Event;
use channel_session_api::v1::WatchChannelSessionsResponse;
use http::HeaderMap;
use tonic::Status;

use crate::{event_name, problem::Problem};

/// How long a caller waits before it comes back.
const RETRY: Duration = Duration::from_secs(2);

/// What a stream begins with: a checkpoint, and when to come back. In one piece, since clients over HTTP/2 count small ones.
pub(super) fn start(first: &WatchChannelSessionsResponse) -> Event {
    fill(Event::default().retry(RETRY), first)
}

/// All of a stream that cannot begin for now. It has no id, so the caller comes back with the one that it has.
pub(super) fn refusal(problem: &Problem) -> Event {
    let wait = problem.retry_after().map_or(RETRY, |wait| wait.max(RETRY));
    Event::default().retry(wait).comment(line(&problem.to_json()))
}

/// A change; or a checkpoint, which has no data: it is delivered to nobody, but sets the id that the caller comes back
/// with, and shows everything on the way that the connection lives.
pub(super) fn message(message: &WatchChannelSessionsResponse) -> Event {
    fill(Event::default(), message)
}

fn fill(begun: Event, message: &WatchChannelSessionsResponse) -> Event {
    let id = line(&message.position);
    match &message.event {
        None => begun.comment("checkpoint").id(id),
        Some(event) => begun.id(id).event(event_name::of(event)).data(&event.json),
    }
}

/// Why the stream ends.
pub(super) fn error(status: &Status, headers: &HeaderMap) -> Event {
    let problem = Problem::of_status(status, headers).without_outcome();
    Event::default().event("error").data(problem.to_json())
}

/// A text as a field may have it: axum panics over one with line breaks.
fn line(text: &str) -> String {
    text.replace(['\n', '\r', '\0'], " ")
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::{
        body::to_bytes,
        response::{IntoResponse, Sse},
    };
    use channel_session_api::v1::{ChannelSessionEvent, EventName};
    use domain::Reason;
    use tonic::codegen::tokio_stream;
    use wire::error::ErrorReply;

    use super::*;

    /// The event as it goes over the wire.
    async fn text(event: Event) -> String {
        let response = Sse::new(tokio_stream::once(Ok::<_, Infallible>(event))).into_response();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("it is in memory");
        String::from_utf8(body.into()).expect("text")
    }

    async fn change(json: &str) -> String {
        text(message(&WatchChannelSessionsResponse {
            event: Some(ChannelSessionEvent {
                name: EventName::DataUpdated.into(),
                json: json.to_owned(),
                ..ChannelSessionEvent::default()
            }),
            position: "p.7".to_owned(),
        }))
        .await
    }

    #[tokio::test]
    async fn a_change_has_id_name_and_data() {
        let expected = "id: p.7\nevent: CHANNEL_SESSION_DATA_UPDATED\ndata: {\"n\":0.10}\n\n";
        assert_eq!(change("{\"n\":0.10}").await, expected);
    }

    #[tokio::test]
    async fn a_checkpoint_sets_the_id_and_is_no_event() {
        let checkpoint = WatchChannelSessionsResponse { event: None, position: "p.7".to_owned() };
        assert_eq!(text(message(&checkpoint)).await, ": checkpoint\nid: p.7\n\n");
        assert_eq!(text(start(&checkpoint)).await, "retry: 2000\n: checkpoint\nid: p.7\n\n");
    }

    #[tokio::test]
    async fn no_line_break_ends_an_event_early() {
        let expected = concat!(
            "id: p.7\nevent: CHANNEL_SESSION_DATA_UPDATED\n",
            // A carriage return ends a line too.
            "data: {\ndata: \"n\":\rdata: \ndata: 1}\n\n",
        );
        assert_eq!(change("{\n\"n\":\r\n1}").await, expected);
    }

    #[tokio::test]
    async fn a_position_cannot_end_its_field() {
        let checkpoint = WatchChannelSessionsResponse { event: None, position: "p\r\n\0.7".to_owned() };
        assert_eq!(text(message(&checkpoint)).await, ": checkpoint\nid: p   .7\n\n");
    }

    #[tokio::test]
    async fn a_refusal_says_when_to_come_back_and_why() {
        for (reason, retry) in
            [(Reason::Overloaded, "2000"), (Reason::StoreUnavailable, "2000"), (Reason::Internal, "2000")]
        {
            let problem = Problem::new(reason, "a\nb");
            let text = text(refusal(&problem)).await;
            assert_eq!(text, format!("retry: {retry}\n: {}\n\n", problem.to_json()));
            assert_eq!(text.lines().count(), 3, "{text}");
        }
    }

    #[tokio::test]
    async fn an_error_is_the_problem() {
        let status = ErrorReply::new(Reason::PositionExpired, "too late").to_status();
        let text = text(error(&status, &HeaderMap::new())).await;
        let expected = concat!(
            "event: error\n",
            r#"data: {"status":410,"title":"Gone","detail":"too late","reason":"POSITION_EXPIRED"}"#,
            "\n\n",
        );
        assert_eq!(text, expected);
    }
}
