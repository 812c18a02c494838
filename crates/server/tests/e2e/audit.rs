//! The audit log: who was refused, what, why and from where; who may call from now on; and that a flood of refusals hides and
//! fills nothing.

use std::path::Path;

use futures_util::{StreamExt, stream};
use http::Method;
use serde_json::Value;

use crate::support::{
    Front, Service, Store,
    guarded::{Guarded, key, name},
    process::Process,
    timeout::until,
};

const TARGET: &str = "channel_sessions_audit";
const READ: &[&str] = &["channel-sessions:read"];

/// The lines of a process's audit log.
fn audited(process: &Process) -> Vec<Value> {
    process.log().into_iter().filter(|line| line["target"] == TARGET).collect()
}

/// Waits for a line of the audit log in which these stand.
async fn line(process: &Process, members: &[(&str, &str)]) -> Value {
    let find = || {
        let fits = |line: &Value| members.iter().all(|(name, text)| line[name] == *text);
        audited(process).into_iter().find(fits)
    };
    until(&format!("a line of {members:?}"), async || find().is_some()).await;
    let line = find().unwrap();
    assert!(line["peer"].is_null() || line["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
    line
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_call_is_told_with_who_what_why_and_from_where() {
    let callers = [("reads", "blue", READ)];
    let guarded = Guarded::start(Store::Sqlite, Front::Combined, &callers).await;
    let server = &guarded.service.server;
    let secret = "Bearer chs_a-secret-of-somebody";
    let shown = [("authorization", secret), ("x-request-id", "r-1")];
    guarded.service.rest().send(Method::GET, "/channel-sessions/a", "", &shown).await;
    let rest = [("call", "GET /channel-sessions/a"), ("why", "the API key is not in the credentials file")];
    let rest = line(server, &rest).await;
    assert_eq!((&rest["span"]["request_id"], &rest["level"]), (&"r-1".into(), &"WARN".into()));
    assert!(rest["peer"].is_string(), "{rest}");
    guarded.call("UpdateData", &[]).await;
    let method = "channelsession.v1.ChannelSessionService/UpdateData";
    let nothing = [("call", method), ("why", "the request shows no credentials")];
    assert!(line(server, &nothing).await["peer"].is_string());

    // Whoever is known is named, on both ports.
    guarded.rest("reads", Method::PUT, "/forms/a", "[]").await;
    let own = format!("Bearer {}", key("reads"));
    guarded.call("UpdateData", &[("authorization", &own)]).await;
    let why = "it lacks the scope channel-sessions:write";
    let known = [("call", method), ("why", why), ("tenant", "blue"), ("requester", "reads")];
    until("two lines", async || {
        let fits =
            |line: &&Value| known.iter().all(|(name, text)| line[name] == *text) && line["peer"].is_string();
        audited(server).iter().filter(fits).count() == 2
    })
    .await;
    let log = format!("{:?}", server.log());
    assert!(!log.contains("a-secret-of-somebody") && !log.contains(&key("reads")), "{log}");
    // One line is enough.
    assert!(
        !server.log().iter().any(|line| line["message"] == "call" && line["span"]["request_id"] == "r-1")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_page_is_told_of_and_so_is_what_the_service_behind_a_gateway_refuses() {
    let service = Service::start(Store::Sqlite).await;
    let evil = [("origin", "http://evil.example")];
    service.rest().send(Method::PUT, "/forms/a", "[]", &evil).await;
    let refused = line(&service.server, &[("call", "PUT /forms/a"), ("message", "a call was refused")]).await;
    assert!(refused["why"].as_str().unwrap().contains("origin"), "{refused}");

    let guarded = Guarded::start(Store::Sqlite, Front::Alone, &[("reads", "blue", READ)]).await;
    guarded.service.rest().get("a").await;
    let gateway = guarded.service.gateway.as_ref().unwrap();
    let logged = [("call", "GET /channel-sessions/a"), ("why", "the service behind the gateway refused it")];
    assert!(line(gateway, &logged).await["peer"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_refused_calls_fills_and_hides_nothing() {
    const FLOOD: usize = 10_000;
    let callers = [("reads", "blue", READ)];
    let guarded = Guarded::start(Store::Sqlite, Front::Combined, &callers).await;
    let server = &guarded.service.server;
    let before = server.log().len();
    let rest = guarded.service.rest();
    let wrong = [("authorization", "Bearer chs_wrong")];
    let flood = async || {
        let calls =
            stream::iter(0..FLOOD / 2).map(|_| rest.send(Method::GET, "/channel-sessions/a", "", &wrong));
        calls.buffer_unordered(32).filter(|answer| std::future::ready(answer.status == 401)).count().await
    };
    let first = flood().await;
    // In the middle of it, somebody else is refused.
    guarded.rest("reads", Method::PUT, "/forms/a", "[]").await;
    assert_eq!(first + flood().await, FLOOD);
    line(server, &[("requester", "reads")]).await;
    let counted = || {
        let lines = audited(server);
        let left_out: u64 = lines.iter().filter_map(|line| line["left_out"].as_u64()).sum();
        let logged =
            lines.iter().filter(|line| line["why"] == "the API key is not in the credentials file").count();
        (usize::try_from(left_out).unwrap() + logged, logged)
    };
    until("the count of what was left out", async || counted().0 == FLOOD).await;
    let lines = server.log().len() - before;
    assert!(counted().1 >= 10 && lines < 500, "{lines} lines for {FLOOD} refused calls");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_call_from_now_on_is_told_by_name() {
    let callers = [("stays", "blue", READ), ("goes", "blue", READ)];
    let guarded = Guarded::start(Store::Sqlite, Front::Combined, &callers).await;
    let renamed = [("stays", "blue", READ), ("comes", "blue", READ)];
    name(&guarded.file, &renamed);
    let logged = line(&guarded.service.server, &[("message", "the credentials file was read again")]).await;
    let holds = logged["holds"].as_str().unwrap();
    assert!(holds.ends_with("added: comes; removed: goes; changed: nobody"), "{logged}");
    let file = std::fs::read_to_string(Path::new(&guarded.file)).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    let log = format!("{:?}", guarded.service.server.log());
    for caller in file["callers"].as_array().unwrap() {
        assert!(!log.contains(caller["keys"][0].as_str().unwrap().trim_start_matches("sha256:")), "{log}");
    }
}
