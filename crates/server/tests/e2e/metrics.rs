//! What the processes expose of their work to whoever scrapes them.

use std::{fs, net::TcpListener};

use channel_session_api::v1::GetChannelSessionRequest;
use http::Method;

use crate::support::{Front, Rest, Service, Store, on_both_stores, process::Process, timeout::until};

const ID: &str = "64e2f08a6155b317cd3f88fd";

/// What a process exposes.
async fn scrape(process: &Process) -> String {
    let answer = Rest::new(process.address("metrics")).send(Method::GET, "/metrics", "", &[]).await;
    assert_eq!(answer.status, 200);
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.headers["content-type"], content_type);
    answer.body
}

/// The value of a series, which is named as it stands there.
fn value(received: &str, series: &str) -> Option<f64> {
    let line = received.lines().find(|line| line.rsplit_once(' ').is_some_and(|(name, _)| name == series))?;
    line.rsplit(' ').next()?.parse().ok()
}

on_both_stores!(calls_batches_and_statements_are_exposed);

async fn calls_batches_and_statements_are_exposed(store: Store) {
    let service = Service::with(store, Front::Alone, &[]).await;
    let rest = service.rest();
    const UPDATES: usize = 20;
    for number in 0..UPDATES {
        let body = format!(r#"[{{"key":"k","type":"String50","value":"{number}"}}]"#);
        assert_eq!(rest.update(ID, body).await.status, 200);
    }
    assert_eq!(rest.update("who-is-this", "[]").await.status, 404);
    assert_eq!(rest.send(Method::GET, "/nothing/here", "", &[]).await.status, 404);
    assert_eq!(rest.send(Method::HEAD, "/events", "", &[]).await.status, 200);
    let message = GetChannelSessionRequest { channel_session_id: ID.to_owned(), view: 0 };
    service.grpc().await.get_channel_session(message).await.unwrap();

    let gateway = scrape(service.gateway.as_ref().unwrap()).await;
    let http = |method: &str, status: u16, route: &str| {
        format!(
            r#"http_server_request_duration_seconds_count{{http_request_method="{method}",http_response_status_code="{status}",http_route="{route}"}}"#
        )
    };
    let form = "/forms/{channelSessionId}";
    assert_eq!(value(&gateway, &http("PUT", 200, form)), Some(UPDATES as f64), "{gateway}");
    assert_eq!(value(&gateway, &http("PUT", 404, form)), Some(1.0), "{gateway}");
    assert_eq!(value(&gateway, &http("GET", 404, "")), Some(1.0), "{gateway}");
    assert_eq!(value(&gateway, &http("HEAD", 200, "/events")), Some(1.0), "{gateway}");
    assert_eq!(value(&gateway, "http_server_active_requests"), Some(0.0));
    assert_eq!(value(&gateway, "channel_sessions_ready"), None, "it has no store");

    let server = scrape(&service.server).await;
    let rpc = |method: &str, code: &str| {
        format!(
            r#"rpc_server_call_duration_seconds_count{{rpc_method="channelsession.v1.ChannelSessionService/{method}",rpc_response_status_code="{code}",rpc_system_name="grpc"}}"#
        )
    };
    assert_eq!(value(&server, &rpc("UpdateData", "OK")), Some(UPDATES as f64), "{server}");
    assert_eq!(value(&server, &rpc("UpdateData", "NOT_FOUND")), Some(1.0), "{server}");
    assert_eq!(value(&server, &rpc("GetChannelSession", "OK")), Some(1.0), "{server}");
    let commands = value(&server, r#"channel_sessions_batch_size_sum{of="commands"}"#).unwrap();
    assert!(commands >= (UPDATES + 1) as f64, "{server}");
    let system = if store == Store::Sqlite { "sqlite" } else { "postgresql" };
    let statements = |name: &str| {
        let labels = format!(r#"db_operation_name="{name}",db_system_name="{system}",error_type="""#);
        value(&server, &format!("db_client_operation_duration_seconds_count{{{labels}}}"))
    };
    assert!(statements("write").unwrap() >= UPDATES as f64, "{server}");
    // Each but the first finds the session as the one before has left it.
    let hits = value(&server, r#"channel_sessions_session_cache_lookups_total{result="hit"}"#).unwrap();
    assert!(hits >= (UPDATES - 1) as f64, "{server}");
    for (series, expected) in [
        ("channel_sessions_ready", 1.0),
        ("channel_sessions_lost_races_total", 0.0),
        ("channel_sessions_unknown_outcomes_total", 0.0),
        (r#"channel_sessions_queue_length{of="commands"}"#, 0.0),
    ] {
        assert_eq!(value(&server, series), Some(expected), "{series} of {server}");
    }
    assert!(value(&server, "channel_sessions_connections_open").unwrap() >= 1.0, "{server}");
    assert!(value(&server, "process_memory_usage_bytes").unwrap() > 1e6, "{server}");
    // Neither sessions nor whoever asks are labels.
    assert!(
        !server.contains(ID) && !gateway.contains("who-is-this") && !gateway.contains("nothing"),
        "{gateway}"
    );
}

#[tokio::test]
async fn probes_are_answered_beside_them_and_nothing_else_of_the_gateway() {
    let service = Service::with(Store::Sqlite, Front::Alone, &[]).await;
    for process in [&service.server, service.gateway.as_ref().unwrap()] {
        let beside = Rest::new(process.address("metrics"));
        assert!(beside.is_ready().await);
        for (path, status) in [("/healthz", 200), ("/channel-sessions", 404), ("/forms/x", 404)] {
            assert_eq!(beside.send(Method::GET, path, "", &[]).await.status, status, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_wrong_is_told_for_as_long_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenants.json");
    let good = r#"{"tenants":[]}"#;
    fs::write(&file, good).unwrap();
    let flags = ["--tenants-file", file.to_str().unwrap()];
    let service = Service::with(Store::Sqlite, Front::Combined, &flags).await;
    let wrong = r#"channel_sessions_files_wrong{files="the tenants file"}"#;
    for (content, expected) in [(good, 0.0), ("{", 1.0), (good, 0.0)] {
        fs::write(&file, content).unwrap();
        let is_exposed = async || value(&scrape(&service.server).await, wrong) == Some(expected);
        until(&format!("{wrong} {expected}"), is_exposed).await;
    }
    // One that is not there for a while holds nothing new when it is back.
    let elsewhere = folder.path().join("elsewhere");
    for (from, to, expected) in [(&file, &elsewhere, 1.0), (&elsewhere, &file, 0.0)] {
        fs::rename(from, to).unwrap();
        let is_exposed = async || value(&scrape(&service.server).await, wrong) == Some(expected);
        until(&format!("{wrong} {expected}, moved"), is_exposed).await;
    }
}

#[test]
fn an_address_that_is_taken_is_said_and_one_may_do_without() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("sessions.db").display());
    let addresses = ["--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];
    let serve = |metrics: &str| {
        let args =
            [&["serve", "--database-url", &database, "--metrics-addr", metrics], &addresses[..]].concat();
        Process::command(&args)
    };
    let refused = serve(&address).output().unwrap();
    let received = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && received.contains("--metrics-addr, or off"), "{received}");
    let without = Process::spawn(serve("off"));
    without.says("ready");
    assert_eq!(without.says("listening")["metrics"], serde_json::Value::Null);
}
