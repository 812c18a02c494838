//! Traces and metrics as an OpenTelemetry collector gets them.

use http::Method;
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use serde_json::Value;

use crate::support::{Collector, Rest, Service, Store, on_both_stores, process::Process, timeout::until};

const ID: &str = "64e2f08a6155b317cd3f88fd";
const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A server and a gateway of its own that send to a collector.
fn started(store: &Service, collector: &Collector, protocol: &str) -> (Process, Process) {
    let spawn = |args: &[&str], name: &str| {
        let mut command = Process::command(args);
        command
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", collector.address))
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
            .env("OTEL_EXPORTER_OTLP_HEADERS", "x-token=a%20b")
            .env("OTEL_EXPORTER_OTLP_COMPRESSION", if protocol == "grpc" { "none" } else { "gzip" })
            .env("OTEL_BSP_SCHEDULE_DELAY", "50")
            .env("OTEL_METRIC_EXPORT_INTERVAL", "50")
            .env("OTEL_SERVICE_NAME", name);
        Process::spawn(command)
    };
    let url = store.database_url();
    let addresses = ["--http-addr", "127.0.0.1:0", "--lame-duck", "0s"];
    let serve = ["serve", "--database-url", &url, "--grpc-addr", "127.0.0.1:0"];
    let server = spawn(&[&serve, &addresses[..]].concat(), "server");
    server.says("ready");
    let grpc = server.address("grpc").to_string();
    let gateway = spawn(&[&["gateway", "--grpc-addr", &grpc], &addresses[..]].concat(), "gateway");
    (server, gateway)
}

on_both_stores!(one_trace_leads_from_the_rest_call_to_the_statement_and_the_event);

async fn one_trace_leads_from_the_rest_call_to_the_statement_and_the_event(store: Store) {
    let service = Service::start(store).await;
    for protocol in ["http/protobuf", "grpc"] {
        let collector = Collector::start().await;
        let (_server, gateway) = started(&service, &collector, protocol);
        let rest = Rest::new(gateway.address("http"));
        let body = format!(r#"[{{"key":"k","type":"String50","value":"{protocol}"}}]"#);
        let headers = [("traceparent", TRACEPARENT), ("content-type", "application/json")];
        let answer = rest.send(Method::PUT, &format!("/forms/{ID}"), body, &headers).await;
        assert_eq!(answer.status, 200, "{answer:?}");

        let spans = collector
            .spans(|spans| {
                spans.iter().any(|(_, span)| span.name == "write")
                    && spans
                        .iter()
                        .any(|(service, span)| service.contains("gateway") && !span.name.is_empty())
                    && spans.iter().any(|(_, span)| span.name == "wait for a batch")
                    && spans.iter().any(|(_, span)| span.name.ends_with("/UpdateData"))
            })
            .await;
        let of_trace: Vec<_> = spans.iter().filter(|(_, span)| hex(&span.trace_id) == TRACE_ID).collect();
        let named = |name: &str| -> &(String, Span) {
            let found = of_trace.iter().find(|(_, span)| span.name == name);
            found.unwrap_or_else(|| panic!("no {name} in {of_trace:#?}"))
        };
        let (of, front) = named("PUT /forms/{channelSessionId}");
        assert!(of.contains("gateway") && front.kind() == SpanKind::Server, "{front:?}");
        assert_eq!(hex(&front.parent_span_id), "00f067aa0ba902b7");
        let (of, rpc) = named("channelsession.v1.ChannelSessionService/UpdateData");
        assert!(of.contains("server") && rpc.kind() == SpanKind::Server, "{rpc:?}");
        assert_eq!(rpc.parent_span_id, front.span_id);
        let (_, batch) = named("batch of commands");
        let (_, write) = named("write");
        assert_eq!((&batch.parent_span_id, &write.parent_span_id), (&rpc.span_id, &batch.span_id));
        assert_eq!(named("wait for a batch").1.parent_span_id, rpc.span_id);
        assert_eq!(collector.headers()["x-token"], "a b");
        // The event has the trace, too, and so has the line of each process.
        let path = format!("/channel-sessions/{ID}/history");
        let history: Value =
            serde_json::from_str(&rest.send(Method::GET, &path, "", &[]).await.body).unwrap();
        assert!(history.to_string().contains(TRACE_ID), "{history}");
        gateway.writes(TRACE_ID, |line| line["span"]["trace_id"] == TRACE_ID);

        collector.has_metric("db.client.operation.duration").await;
    }
}

#[tokio::test]
async fn a_call_that_comes_without_a_trace_begins_one_and_what_is_not_sampled_is_not_sent() {
    let service = Service::start(Store::Sqlite).await;
    let collector = Collector::start().await;
    let (_server, gateway) = started(&service, &collector, "http/protobuf");
    let rest = Rest::new(gateway.address("http"));
    let unsampled = TRACEPARENT.replace("-01", "-00");
    let path = format!("/channel-sessions/{ID}");
    rest.send(Method::GET, &path, "", &[("traceparent", &*unsampled)]).await;
    rest.send(Method::GET, &path, "", &[("x-request-id", "own")]).await;
    let spans = collector.spans(|spans| spans.iter().any(|(_, span)| span.name == "get")).await;
    assert!(spans.iter().all(|(_, span)| hex(&span.trace_id) != TRACE_ID), "{spans:#?}");
    let line = gateway.says("call");
    assert_eq!(line["span"]["trace_id"], TRACE_ID);
    let own = gateway.writes("the call's line", |line| line["span"]["request_id"] == "own");
    let trace_id = own["span"]["trace_id"].as_str().unwrap();
    assert!(spans.iter().any(|(_, span)| hex(&span.trace_id) == trace_id), "{own} {spans:#?}");
}

#[tokio::test]
async fn a_collector_that_is_away_holds_up_nobody_and_is_told_of_once() {
    let service = Service::start(Store::Sqlite).await;
    let collector = Collector::start().await;
    let (mut server, gateway) = started(&service, &collector, "http/protobuf");
    drop(collector);
    let rest = Rest::new(gateway.address("http"));
    for number in 0..20 {
        let body = format!(r#"[{{"key":"k","type":"String50","value":"{number}"}}]"#);
        assert_eq!(rest.update(ID, body).await.status, 200);
    }
    server.says("the OpenTelemetry collector takes no spans; they are lost meanwhile");
    // What is lost is counted, spans and metrics.
    for exported in ["span", "metric_data_point"] {
        let lost = format!(r#"otel_sdk_exporter_{exported}_exported_total{{error_type="unreachable"}} "#);
        until(&lost, async || {
            let received =
                Rest::new(server.address("metrics")).send(Method::GET, "/metrics", "", &[]).await.body;
            let count = received.lines().find_map(|line| line.strip_prefix(&*lost)).expect(&lost).to_owned();
            count.parse::<u64>().expect("a count") > 0
        })
        .await;
    }
    server.ask_to_stop();
    assert!(server.wait().success());
    let log = server.log();
    let received =
        log.iter().filter(|line| line["message"].as_str().is_some_and(|it| it.contains("takes no spans")));
    assert_eq!(received.count(), 1, "{log:#?}");
}

#[test]
fn a_variable_that_says_nothing_is_refused_by_its_name() {
    let serve = ["serve", "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];
    for args in [&serve[..], &[&serve[..], &["--check"]].concat()] {
        let mut command = Process::command(args);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317").env("DATABASE_URL", "sqlite::memory:");
        let output = command.output().unwrap();
        let received = [output.stdout, output.stderr].concat();
        let received = String::from_utf8_lossy(&received);
        assert!(!output.status.success() && received.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{received}");
    }
}
