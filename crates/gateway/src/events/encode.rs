//! What goes over the wire of Server-Sent Events (WHATWG HTML, section 9.2).

use std::time::Duration;

use bytes::Bytes;
use channel_session_api::v1::WatchChannelSessionsResponse;

use crate::{event_name, problem::Problem};

/// How long a caller waits before it comes back.
const RETRY: Duration = Duration::from_secs(2);

/// What a stream begins with.
pub(super) fn start() -> String {
    format!("retry: {}\n\n", RETRY.as_millis())
}

/// All of a stream that cannot begin for now. It has no id, so the caller comes back with the one that it has.
pub(super) fn refusal(problem: &Problem) -> String {
    let wait = problem.retry_after().map_or(RETRY, |wait| wait.max(RETRY));
    let why = problem.to_json().replace(['\n', '\r'], " ");
    format!("retry: {}\n: {why}\n\n", wait.as_millis())
}

/// A change; or a checkpoint, which has no data: it tells nobody anything, but sets the id that the caller comes back
/// with, and shows everything on the way that the connection lives.
pub(super) fn message(message: &WatchChannelSessionsResponse) -> Bytes {
    let id = &message.position;
    match &message.event {
        None => format!(": checkpoint\nid: {id}\n\n").into(),
        Some(event) => {
            let name = event_name::of(event);
            format!("id: {id}\nevent: {name}\n{}\n", data(&event.json)).into()
        }
    }
}

/// Why the stream ends.
pub(super) fn error(problem: &Problem) -> Bytes {
    format!("event: error\n{}\n", data(&problem.to_json())).into()
}

/// A line break would end the field. JSON has them only as white space, where each line of data is joined with one.
fn data(json: &str) -> String {
    let mut lines = String::with_capacity(json.len() + 8);
    for line in json.split(['\n', '\r']) {
        lines.push_str("data: ");
        lines.push_str(line);
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use channel_session_api::v1::{ChannelSessionEvent, EventName};
    use domain::Reason;

    use super::*;

    fn change(json: &str) -> Bytes {
        message(&WatchChannelSessionsResponse {
            event: Some(ChannelSessionEvent {
                name: EventName::DataUpdated.into(),
                json: json.to_owned(),
                ..ChannelSessionEvent::default()
            }),
            position: "p.7".to_owned(),
        })
    }

    #[test]
    fn a_change_has_id_name_and_data() {
        let expected = "id: p.7\nevent: CHANNEL_SESSION_DATA_UPDATED\ndata: {\"n\":0.10}\n\n";
        assert_eq!(change("{\"n\":0.10}"), expected);
    }

    #[test]
    fn a_checkpoint_sets_the_id_and_is_no_event() {
        let checkpoint = WatchChannelSessionsResponse { event: None, position: "p.7".to_owned() };
        assert_eq!(message(&checkpoint), ": checkpoint\nid: p.7\n\n");
        assert_eq!(start(), "retry: 2000\n\n");
    }

    #[test]
    fn no_line_break_ends_an_event_early() {
        let expected = concat!(
            "id: p.7\nevent: CHANNEL_SESSION_DATA_UPDATED\n",
            "data: {\ndata: \"n\":\ndata: \ndata: 1}\n\n",
        );
        assert_eq!(change("{\n\"n\":\r\n1}"), expected);
    }

    #[test]
    fn a_refusal_says_when_to_come_back_and_why() {
        for (reason, retry) in
            [(Reason::Overloaded, "2000"), (Reason::StoreUnavailable, "2000"), (Reason::Internal, "2000")]
        {
            let problem = Problem::new(reason, "a\nb");
            let text = refusal(&problem);
            assert_eq!(text, format!("retry: {retry}\n: {}\n\n", problem.to_json()));
            assert_eq!(text.lines().count(), 3, "{text}");
        }
    }

    #[test]
    fn an_error_is_the_problem() {
        let text = error(&Problem::new(Reason::PositionExpired, "too late"));
        let expected = concat!(
            "event: error\n",
            r#"data: {"status":410,"title":"Gone","detail":"too late","reason":"POSITION_EXPIRED"}"#,
            "\n\n",
        );
        assert_eq!(text, expected);
    }
}
