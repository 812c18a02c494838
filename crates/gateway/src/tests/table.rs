//! The table of operations, as what describes the interface reads it.

use super::*;

/// One line for each operation: what it takes and what it answers.
fn lines() -> Vec<String> {
    let name = |it: Type| it.name.trim_start_matches("channel_sessions_gateway::");
    let line = |it: &Operation| {
        let (query, body) = (it.query.map(name).unwrap_or("-"), it.body.map(name).unwrap_or("-"));
        let answers: Vec<_> = it.answers.iter().map(|it| it.status.to_string()).collect();
        let (headers, answers) = (it.headers.join(","), answers.join(","));
        format!("{} {} {}: {query} {body} [{headers}] {answers}", it.id, it.method, it.path)
    };
    operations().iter().map(line).collect()
}

#[test]
fn each_operation_is_described_by_its_types() {
    let expected = [
        "updateForm PUT /forms/{channelSessionId}: - forms::AttributeList [If-Match,Idempotency-Key,Prefer] 200,204",
        "listChannelSessions GET /channel-sessions: list::Parameters - [] 200",
        "createChannelSession POST /channel-sessions: query::Validation create::DocumentText [If-Match,If-None-Match,Idempotency-Key,Prefer] 200,201,204",
        "getChannelSession GET /channel-sessions/{channelSessionId}: - - [If-None-Match] 200,304",
        "putChannelSession PUT /channel-sessions/{channelSessionId}: query::Validation create::DocumentText [If-Match,If-None-Match,Idempotency-Key,Prefer] 200,201,204",
        "updateData PATCH /channel-sessions/{channelSessionId}: query::Nothing update_data::request::Update [If-Match,Idempotency-Key,Prefer] 200,204",
        "deleteChannelSession DELETE /channel-sessions/{channelSessionId}: delete::Parameters - [If-Match] 204",
        "endChannelSession POST /channel-sessions/{channelSessionId}/end: query::Nothing end::End [If-Match,Idempotency-Key,Prefer] 200,204",
        "listChannelSessionHistory GET /channel-sessions/{channelSessionId}/history: history::Parameters - [] 200",
        "batchUpdateData POST /batch-update-data: query::Nothing batch_update_data::Batch [Prefer] 200",
        "watchChannelSessions GET /events: events::Parameters - [Last-Event-ID] 200",
        "getHome GET /: - - [] 200,200",
        "getDocs GET /docs: - - [If-None-Match] 200,304",
        "getOpenApi GET /openapi.json: - - [If-None-Match] 200,304",
        "getHealth GET /healthz: - - [] 200",
        "getReadiness GET /readyz: - - [] 200",
    ];
    assert_eq!(lines(), expected);
}

/// The table for callers has the same routes, in whichever order.
#[test]
fn the_documented_routes_are_those_that_there_are() {
    let readme = include_str!("../../../../proto/README.md");
    let rows =
        readme.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").nth(1)?.strip_prefix('`'));
    let mut documented: Vec<_> = rows
        .filter_map(|route| route.strip_suffix('`'))
        .filter(|route| route.contains(" /"))
        .map(str::to_owned)
        .collect();
    // Those that are open are about the service itself.
    let there = operations().into_iter().filter(|operation| !operation.is_open);
    let mut there: Vec<_> = there.map(|it| format!("{} {}", it.method, it.path)).collect();
    documented.sort();
    there.sort();
    assert_eq!(documented, there);
}

/// Whoever asks for a path that there is not gets each of those that there are, once.
#[tokio::test]
async fn a_path_that_there_is_not_is_answered_with_all_that_there_are() {
    let fake = Fake::default();
    let detail = send(&fake, "GET /nothing").await.json()["detail"].to_string();
    let listed: Vec<_> = detail.split([' ', ',', '"']).filter(|word| word.starts_with('/')).collect();
    for Operation { path, .. } in operations() {
        assert_eq!(listed.iter().filter(|listed| **listed == path).count(), 1, "{path} in {detail}");
    }
}
