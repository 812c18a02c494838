//! Examples of requests. Each can be sent as it is, once the first of them has stored its session; a test does.

use http::Method;
use serde_json::{Value, json};

use crate::operation::Operation;

/// A session.
pub(super) const ID: &str = "my-session";

/// The body of an operation that has one.
pub(super) fn body(operation: &Operation) -> Option<Value> {
    let attribute = json!({ "key": "queue", "type": "String50", "value": "sales" });
    Some(match operation.id {
        "updateForm" => json!([attribute]),
        "createChannelSession" => json!({ "id": ID, "isActive": true, "conversationId": "c-1" }),
        "putChannelSession" => json!({ "isActive": true, "conversationId": "c-1" }),
        "updateData" => json!({
            "attributes": [{ "key": "visits", "type": "Number", "value": 1 }],
            "removeKeys": ["queue"],
            "preconditions": [{ "key": "visits", "absent": true }],
        }),
        "endChannelSession" => json!({ "reasonCode": "AGENT" }),
        "batchUpdateData" => json!({ "requests": [{ "channelSessionId": ID, "attributes": [attribute] }] }),
        _ => return None,
    })
}

/// The path with an id in it, and a query where that shows something.
pub(super) fn target(operation: &Operation) -> String {
    let path = operation.path.replace("{channelSessionId}", ID);
    match operation.id {
        "listChannelSessions" => path + "?conversationId=c-1&active=true",
        "listChannelSessionHistory" => path + "?key=queue",
        "watchChannelSessions" => path + "?channelSessionId=" + ID,
        _ => path,
    }
}

/// A command that makes the request; `ORIGIN` stands for where the service is.
pub(super) fn command(operation: &Operation) -> String {
    let method = match operation.method {
        Method::GET => String::new(),
        ref method => format!("-X {method} "),
    };
    let stream = if operation.id == "watchChannelSessions" { "-N " } else { "" };
    let body =
        body(operation).map(|body| format!(" \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'"));
    format!("curl {stream}{method}'{ORIGIN}{}'{}", target(operation), body.unwrap_or_default())
}

pub(super) const ORIGIN: &str = "{origin}";
