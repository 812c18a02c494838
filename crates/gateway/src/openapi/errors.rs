//! What an operation answers where it fails: each status with the reasons that it can have there.

use std::collections::BTreeMap;

use domain::Reason;
use http::StatusCode;
use serde_json::{Map, Value, json};
use wire::error::http_status;

use super::{contract::contract, operations, parameters::answer_headers};
use crate::operation::Operation;

/// The reasons of each status.
pub(super) fn statuses(operation: &Operation) -> BTreeMap<u16, Vec<Reason>> {
    let mut statuses: BTreeMap<u16, Vec<Reason>> = BTreeMap::new();
    for reason in reasons(operation) {
        for status in of_reason(operation, reason) {
            statuses.entry(status.as_u16()).or_default().push(reason);
        }
    }
    statuses
}

/// Why an operation can fail, in the order of the contract.
fn reasons(operation: &Operation) -> Vec<Reason> {
    let rpc = operations::rpc(operation);
    let of_call = rpc.map(|rpc| contract().reasons(&rpc)).unwrap_or_default();
    let of_caller = if operation.is_open { None } else { Some(Reason::Unauthenticated) };
    // A page that may not ask, a header that has no effect here, a `Host` that is none, headers that are too large.
    let around = [Reason::PermissionDenied, Reason::InvalidParameter, Reason::RequestTooLarge];
    let there: Vec<_> = of_call
        .into_iter()
        .chain(of_caller)
        .chain(around)
        .chain(operation.reasons.iter().copied())
        .chain(beside(operation))
        .collect();
    let never = never(operation);
    let all = Reason::ALL.into_iter();
    all.filter(|reason| there.contains(reason) && !never.contains(reason)).collect()
}

/// What is said by neither the operation's types nor its call.
fn beside(operation: &Operation) -> Option<Reason> {
    // It asks for the service's health.
    (operation.id == "getReadiness").then_some(Reason::StoreUnavailable)
}

/// What the call can be answered with, and this form of it cannot.
fn never(operation: &Operation) -> Vec<Reason> {
    // Who hung up gets no answer.
    let mut never = vec![Reason::Cancelled];
    match operation.id {
        // It requires nothing of attributes.
        "updateForm" => never.push(Reason::AttributeMismatch),
        // Whatever its revision is, that the session exists answers first.
        "createChannelSession" => never.push(Reason::RevisionMismatch),
        // A path without an id is another one.
        _ => never.push(Reason::ChannelSessionIdRequired),
    }
    never
}

fn of_reason(operation: &Operation, reason: Reason) -> Vec<StatusCode> {
    let status = http_status(reason);
    if reason == Reason::RequestTooLarge {
        // Without a body, and without a list of keys, it is the headers alone.
        let has_more = operation.body.is_some() || operation.id == "watchChannelSessions";
        let more = has_more.then_some(status);
        return more.into_iter().chain([StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE]).collect();
    }
    if reason == Reason::ChannelSessionExists {
        // Only one of the two refuses without being asked to by `If-None-Match`.
        let unasked = (operation.id == "createChannelSession").then_some(status);
        return unasked.into_iter().chain([StatusCode::PRECONDITION_FAILED]).collect();
    }
    vec![status]
}

/// The answers of an operation that fails.
pub(super) fn responses(operation: &Operation) -> Map<String, Value> {
    statuses(operation)
        .into_iter()
        .map(|(status, reasons)| (status.to_string(), response(operation, status, &reasons)))
        .collect()
}

fn response(operation: &Operation, status: u16, reasons: &[Reason]) -> Value {
    let lines =
        reasons.iter().map(|reason| format!("- `{}`: {}", reason.as_str(), contract().reason(*reason)));
    let names: Vec<_> = reasons.iter().map(|reason| reason.as_str()).collect();
    let title = title(status);
    let example = |reason: &Reason| {
        let problem = json!({ "status": status, "title": title, "detail": contract().reason(*reason), "reason": reason.as_str() });
        (reason.as_str().to_owned(), json!({ "value": problem }))
    };
    let schema = json!({
        "allOf": [{ "$ref": "#/components/schemas/Problem" }],
        "type": "object",
        "properties": { "status": { "const": status }, "reason": { "enum": names } },
    });
    json!({
        "description": format!("{title}\n\n{}", lines.collect::<Vec<_>>().join("\n")),
        "headers": answer_headers(&headers(operation, status)),
        "content": { "application/problem+json": {
            "schema": schema,
            "examples": reasons.iter().map(example).collect::<Map<_, _>>(),
        } },
    })
}

fn title(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default()
}

/// The headers that a problem has beside those of every answer, and whether it always does.
fn headers(operation: &Operation, status: u16) -> Vec<(&'static str, bool)> {
    match status {
        401 => vec![("WWW-Authenticate", true)],
        415 => {
            // What is compressed is refused for its coding, what is of another type for its type.
            let own = match operation.method.as_str() {
                "POST" => Some(("Accept-Post", false)),
                "PATCH" => Some(("Accept-Patch", false)),
                _ => None,
            };
            [("Accept", false), ("Accept-Encoding", false)].into_iter().chain(own).collect()
        }
        429 | 503 => vec![("Retry-After", true)],
        _ => Vec::new(),
    }
}
