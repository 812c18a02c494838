//! Signals in, OpenMetrics out: names, labels and values as whoever scrapes them sees them.

use std::time::Duration;

use telemetry::{
    Exported, Statement,
    call::{Ended, Outcome, Port},
};

use super::*;

fn metrics() -> Metrics {
    Metrics::new("1.2.3", "sqlite")
}

#[test]
fn signals_become_series_under_the_names_of_the_conventions() {
    let metrics = metrics();
    let ended = |port, method, route, outcome| {
        let took = Duration::from_millis(3);
        let trace_ids = Some((0x7b, 0x1c));
        Signal::CallEnded(Ended { port, method, route, outcome, took, is_stream: false, trace_ids })
    };
    for signal in [
        Signal::CallBegan(Port::Grpc),
        ended(Port::Grpc, "POST", Some("a.B/C"), Outcome::Grpc(5)),
        Signal::CallBegan(Port::Rest),
        Signal::CallBegan(Port::Rest),
        Signal::CallBegan(Port::Rest),
        ended(Port::Rest, "PUT", Some("/forms/{channelSessionId}"), Outcome::Http(200)),
        ended(Port::Rest, "HEAD", None, Outcome::Http(404)),
        Signal::Statement { statement: Statement::Write, took: Duration::from_secs(60), is_ok: false },
        Signal::Batch { of: "commands", size: 3, waited: Duration::ZERO, took: Duration::ZERO },
        Signal::ConnectionsInUse { pool: "changes", used: 2, max: 8 },
        Signal::LostRaces(2),
        Signal::LostRaces(3),
        Signal::Exported { of: Exported::Spans, items: 7, failure: None },
        Signal::Exported { of: Exported::DataPoints, items: 5, failure: Some(Exported::TIMEOUT) },
    ] {
        metrics.record(signal);
    }
    let text = metrics.openmetrics();
    for line in [
        r#"rpc_server_call_duration_seconds_bucket{le="0.0025",rpc_method="a.B/C",rpc_response_status_code="NOT_FOUND",rpc_system_name="grpc"} 0"#,
        "channel_sessions_rpc_active_calls 0",
        "http_server_active_requests 1",
        r#"http_server_request_duration_seconds_count{http_request_method="PUT",http_response_status_code="200",http_route="/forms/{channelSessionId}"} 1"#,
        r#"http_server_request_duration_seconds_count{http_request_method="HEAD",http_response_status_code="404",http_route=""} 1"#,
        r#"db_client_operation_duration_seconds_sum{db_operation_name="write",db_system_name="sqlite",error_type="_OTHER"} 60.0"#,
        r#"channel_sessions_batch_size_bucket{le="4.0",of="commands"} 1"#,
        r#"db_client_connection_count{db_client_connection_pool_name="changes",db_client_connection_state="used"} 2"#,
        "channel_sessions_lost_races_total 5",
        r#"channel_sessions_build_info{version="1.2.3"} 1"#,
        r#"otel_sdk_exporter_span_exported_total{error_type=""} 7"#,
        r#"otel_sdk_exporter_metric_data_point_exported_total{error_type="timeout"} 5"#,
        "# UNIT rpc_server_call_duration_seconds seconds",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is not in\n{text}");
    }
    // Behind it is when it was.
    let exemplar = r#"le="0.005",rpc_method="a.B/C",rpc_response_status_code="NOT_FOUND",rpc_system_name="grpc"} 1 # {trace_id="0000000000000000000000000000007b",span_id="000000000000001c"} 0.003"#;
    assert!(text.contains(exemplar), "{text}");
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn every_family_has_a_name_and_every_label_with_dots_its_dots() {
    let metrics = metrics();
    metrics.record(Signal::CallBegan(Port::Grpc));
    for family in metrics.families() {
        assert!(metrics.name(&family.name).is_some(), "{} is not known", family.name);
    }
    assert_eq!(Metrics::attribute("http_response_status_code"), "http.response.status_code");
    assert_eq!(Metrics::attribute("credentials"), "credentials");
    for name in attribute::DOTTED {
        assert_eq!(Metrics::attribute(&name.replace('.', "_")), name);
    }
}

#[test]
fn what_has_not_happened_yet_is_zero_and_whether_a_gateway_alone_is_ready_is_not_exposed() {
    let metrics = metrics();
    metrics.record(Signal::Followed { of: "the tenants file", is_wrong: false });
    metrics.record(Signal::ConnectionWait { pool: "reads", took: Duration::ZERO, is_ok: true });
    let text = metrics.openmetrics();
    for series in [
        r#"channel_sessions_positions_refused_total{reason="expired"}"#,
        r#"channel_sessions_retention_deleted_total{of="events"}"#,
        r#"otel_sdk_exporter_span_exported_total{error_type="rejected"}"#,
        r#"channel_sessions_authentication_failures_total{credentials="none"}"#,
        r#"channel_sessions_quota_refusals_total{quota="at once"}"#,
        r#"channel_sessions_reloads_total{files="the tenants file",result="wrong"}"#,
        r#"channel_sessions_files_wrong{files="the tenants file"}"#,
        r#"db_client_connection_timeouts_total{db_client_connection_pool_name="reads"}"#,
    ] {
        assert!(text.contains(&format!("\n{series} 0\n")), "{series} is not 0 in\n{text}");
    }
    assert!(!text.contains("\nchannel_sessions_ready"), "{text}");
    metrics.record(Signal::Followed { of: "the tenants file", is_wrong: true });
    assert!(metrics.openmetrics().contains("\nchannel_sessions_files_wrong{files=\"the tenants file\"} 1\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_process_takes_is_exposed() {
    let text = metrics().openmetrics();
    for family in [
        "process_cpu_time_seconds_total",
        "process_memory_usage_bytes",
        "process_thread_count",
        "process_unix_file_descriptor_count",
    ] {
        let line = text.lines().find(|line| line.starts_with(family)).expect(family);
        let value: f64 = line.rsplit(' ').next().expect("a value").parse().expect("a number");
        assert!(value >= 0.0, "{line}");
    }
}
