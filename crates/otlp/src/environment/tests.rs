//! What is read of variables, and what is refused or remarked on.

use std::{cell::RefCell, fs};

use super::*;

fn read(set: &[(&str, &str)]) -> Result<Settings, Invalid> {
    let find = |name: &str| {
        let (_, value) = set.iter().find(|(known, _)| *known == name)?;
        Some((*value).to_owned())
    };
    Settings::read(&find)
}

fn urls(set: &[(&str, &str)]) -> [Option<String>; 2] {
    let Settings { traces, metrics, .. } = read(set).expect("settings");
    [traces, metrics].map(|endpoint| endpoint.map(|endpoint| endpoint.url.to_string()))
}

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

#[test]
fn nothing_is_sent_where_nobody_is_named_or_wanted() {
    let none = [None, None];
    assert_eq!(urls(&[]), none);
    assert_eq!(urls(&[(ENDPOINT, "")]), none);
    assert_eq!(urls(&[(ENDPOINT, "http://c:4318"), ("OTEL_SDK_DISABLED", "true")]), none);
    let off = [("OTEL_TRACES_EXPORTER", "none"), ("OTEL_METRICS_EXPORTER", "none")];
    assert_eq!(urls(&[&[(ENDPOINT, "http://c:4318")], &off[..]].concat()), none);
}

#[test]
fn an_address_of_all_signals_gets_their_paths_and_one_of_a_single_signal_is_taken_as_it_is() {
    let both = ["http://c:4318/x/v1/traces", "http://c:4318/x/v1/metrics"].map(|url| Some(url.to_owned()));
    assert_eq!(urls(&[(ENDPOINT, "http://c:4318/x/")]), both);
    let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://t/own");
    assert_eq!(urls(&[own]), [Some("https://t/own".to_owned()), None]);
    let grpc = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    assert_eq!(urls(&[(ENDPOINT, "http://c:4317"), grpc])[0].as_deref(), Some("http://c:4317/"));
}

/// As the specification has it: without a scheme, it is TLS unless somebody says that it is not.
#[test]
fn an_address_without_a_scheme_is_over_tls_unless_it_is_said_to_be_insecure() {
    let bare = [(ENDPOINT, "c:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")];
    let [traces, metrics] = ["https://c:4317/", "http://c:4317/"].map(|url| Some(url.to_owned()));
    assert_eq!(urls(&bare)[0], traces);
    for insecure in ["true", "True"] {
        let set = [&bare[..], &[("OTEL_EXPORTER_OTLP_INSECURE", insecure)]].concat();
        assert_eq!(urls(&set), [metrics.clone(), metrics.clone()]);
    }
    let one = ("OTEL_EXPORTER_OTLP_METRICS_INSECURE", "true");
    assert_eq!(urls(&[&bare[..], &[one]].concat()), [traces.clone(), metrics]);
    assert_eq!(urls(&[&bare[..], &[("OTEL_EXPORTER_OTLP_INSECURE", "yes")]].concat())[0], traces);
}

#[test]
fn what_a_variable_cannot_say_is_refused_by_its_name_and_without_what_is_secret() {
    for (variable, value) in [
        (ENDPOINT, "ftp://c"),
        (ENDPOINT, "no address"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zstd"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2%0a"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem"),
        ("OTEL_TRACES_EXPORTER", "jaeger"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "0"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "99999999999"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
        ("OTEL_TRACES_SAMPLER", "parentbased_always"),
        ("OTEL_TRACES_SAMPLER", "1%"),
        (ENDPOINT, "http://me:hunter2@c:4318"),
        (ENDPOINT, "c?key=hunter2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2%zz"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2%"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2%ff"),
        ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "a=hunter2%2"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2049"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", " 512"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "-1"),
    ] {
        let set = [(variable, value), (ENDPOINT, "http://c:4318")];
        let said = read(&set).expect_err(value).to_string();
        assert!(said.starts_with(variable) && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_share_of_traces_is_a_number_up_to_one() {
    let sampled = |share: &str| {
        read(&[("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", share)])
    };
    for share in ["0", "0.01", "1"] {
        assert!(sampled(share).is_ok(), "{share}");
    }
    for share in ["1%", "-1", "2", "NaN", ""] {
        let said = sampled(share).expect_err(share).to_string();
        assert!(said.starts_with("OTEL_TRACES_SAMPLER_ARG: "), "{said}");
    }
}

#[test]
fn headers_are_percent_encoded_and_not_printed() {
    let set = [(ENDPOINT, "http://c"), ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hunter2, a=b")];
    let traces = read(&set).expect("settings").traces.expect("an endpoint");
    assert_eq!(
        (&traces.headers["authorization"], &traces.headers["a"]),
        (&"Bearer hunter2".parse().expect("text"), &"b".parse().expect("text"))
    );
    assert!(!format!("{traces:?}").contains("hunter2"));
    let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/v1/traces?key=hunter2");
    let traces = read(&[own]).expect("settings").traces.expect("an endpoint");
    assert_eq!((traces.shown().as_str(), traces.url.query()), ("http://c/v1/traces", Some("key=hunter2")));
}

#[test]
fn an_address_that_is_none_is_answered_with_one_that_is() {
    let grpc = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    for (endpoint, others, example) in [
        ("foo", &[][..], "http://collector:4318"),
        ("collector:4318", &[], "http://collector:4318"),
        ("http//collector:4318", &[], "http://collector:4318"),
        (":4318", &[], "http://collector:4318"),
        ("http://", &[], "http://collector:4318"),
        ("foo", &[grpc], "http://collector:4317"),
        ("unix:///run/collector", &[grpc], "http://collector:4317"),
    ] {
        let said = read(&[&[(ENDPOINT, endpoint)], others].concat()).expect_err(endpoint).to_string();
        assert_eq!(said, format!("{ENDPOINT}: {endpoint:?} is no address; write it as {example}"));
    }
}

#[test]
fn a_message_has_no_more_spans_than_may_wait_for_it() {
    const BATCH: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";
    const QUEUE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
    for fine in [&[(BATCH, "2048")][..], &[(BATCH, "100"), (QUEUE, "100")], &[(QUEUE, "100")]] {
        assert!(read(fine).is_ok(), "{fine:?}");
    }
    let said = read(&[(BATCH, "101"), (QUEUE, "100")]).expect_err("a batch above the queue").to_string();
    assert!(said.starts_with(BATCH) && said.contains(QUEUE) && said.contains("101"), "{said}");
}

#[test]
fn headers_are_said_once_and_those_of_a_signal_go_before_those_of_all() {
    const ALL: &str = "OTEL_EXPORTER_OTLP_HEADERS";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("headers");
    fs::write(&path, "a=file\n").expect("a file");
    let path = path.to_str().expect("text");
    let [all, own] = ["OTEL_EXPORTER_OTLP_HEADERS_FILE", "OTEL_EXPORTER_OTLP_TRACES_HEADERS_FILE"];
    let at = (ENDPOINT, "http://c:4318");
    let said = read(&[at, (ALL, "a=hunter2"), (all, path)]).expect_err("both").to_string();
    assert!(said.starts_with(ALL) && said.contains(all) && !said.contains("hunter2"), "{said}");
    let read = read(&[at, (ALL, "a=all"), (own, path)]).expect("settings");
    let [traces, metrics] =
        [read.traces, read.metrics].map(|it| it.expect("an endpoint").headers["a"].clone());
    assert_eq!((traces.as_bytes(), metrics.as_bytes()), (&b"file"[..], &b"all"[..]));
}

/// What is said of variables.
fn looks(set: &[(&str, &str)]) -> Vec<Look> {
    let set = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    look(set).into_iter().map(|(_, look)| look).collect()
}

#[test]
fn a_name_that_is_slightly_wrong_is_told_and_one_of_somebody_elses_is_not() {
    for (name, meant) in [
        ("OTEL_EXPORTER_OTLP_ENDPIONT", Some(ENDPOINT)),
        ("otel_exporter_otlp_endpoint", Some(ENDPOINT)),
        ("OTEL_EXPORTER_OTEL_ENDPOINT", Some(ENDPOINT)),
        ("OTEL_TRACES_SAMPLER_ARGS", Some("OTEL_TRACES_SAMPLER_ARG")),
        ("OTEL_METRICS_EXPORT_INTERVAL", Some("OTEL_METRIC_EXPORT_INTERVAL")),
        ("OTEL_EXPORTER_OTLP_HEADER", Some("OTEL_EXPORTER_OTLP_HEADERS")),
        ("OETL_SERVICE_NAME", Some("OTEL_SERVICE_NAME")),
        ("OTEL_PROPAGATOR", Some("OTEL_PROPAGATORS")),
        ("OTEL_JAVAAGENT_ENABLED", None),
        ("OTEL_PYTHON_LOG_CORRELATION", None),
        ("OTEL_NODE_RESOURCE_DETECTORS", None),
        ("OTEL_EXPORTER_OTLP_PROFILES_ENDPOINT", None),
    ] {
        let expected = meant.map_or(Look::Unknown, |meant| Look::Misspelt(meant.to_owned()));
        assert_eq!(looks(&[(name, "hunter2")]), [expected], "{name}");
    }
    for nobodys in ["PATH", "INSECURE", "LOG_LEVEL", "METRICS_ADDR", "HOSTNAME"] {
        assert_eq!(looks(&[(nobodys, "a")]), [], "{nobodys}");
    }
}

#[test]
fn what_is_asked_for_and_not_done_is_told_and_what_is_so_anyway_is_not() {
    for (name, value, instead) in [
        ("OTEL_PROPAGATORS", "b3", Some("traceparent")),
        ("OTEL_PROPAGATORS", "tracecontext,baggage", None),
        ("OTEL_LOGS_EXPORTER", "otlp", Some("standard error")),
        ("OTEL_LOGS_EXPORTER", "none", None),
        ("OTEL_LOGS_EXPORTER", "", None),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "DELTA", Some("cumulative")),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Cumulative", None),
        ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "/key", Some("no certificate")),
        ("OTEL_LOG_LEVEL", "debug", Some("LOG_LEVEL")),
    ] {
        let said = looks(&[(name, value)]);
        match instead {
            Some(instead) => {
                let [Look::Unused(said)] = said[..] else { panic!("{name}={value}: {said:?}") };
                assert!(said.contains(instead), "{name}={value}: {said}");
            }
            None => assert_eq!(said, [], "{name}={value}"),
        }
        assert_eq!(looks(&[(name, value), ("OTEL_SDK_DISABLED", "true")]), [], "{name}={value}");
    }
}

#[test]
fn what_is_neither_true_nor_false_counts_as_false_and_is_reported() {
    for (value, expected) in [("yes", &[Look::NoBoolean][..]), ("1", &[Look::NoBoolean]), ("False", &[])] {
        for name in ["OTEL_SDK_DISABLED", "OTEL_EXPORTER_OTLP_INSECURE", "OTEL_EXPORTER_OTLP_TRACES_INSECURE"]
        {
            assert_eq!(looks(&[(name, value)]), expected, "{name}={value}");
        }
        let set = [(ENDPOINT, "http://c:4318"), ("OTEL_SDK_DISABLED", value)];
        assert!(read(&set).expect("settings").traces.is_some(), "{value}");
    }
    assert_eq!(looks(&[("OTEL_SDK_DISABLED", "TRUE")]), []);
}

#[test]
fn every_variable_that_is_read_is_known_and_documented() {
    let asked = RefCell::new(Vec::new());
    let find = |name: &str| {
        asked.borrow_mut().push(name.to_owned());
        (name == ENDPOINT)
            .then(|| "c:4317".to_owned())
            .or_else(|| name.ends_with("_PROTOCOL").then(|| "grpc".to_owned()))
    };
    Settings::read(&find).expect("settings");
    let used = names::used();
    let asked = asked.into_inner();
    assert!(asked.len() > 20, "{asked:?}");
    for name in asked {
        assert!(used.contains(&name), "{name} is read");
    }
    let document = include_str!("../../../../deploy/observability.md");
    let is_of_all = |name: &&String| !["_OTLP_TRACES_", "_OTLP_METRICS_"].iter().any(|of| name.contains(of));
    for name in used.iter().filter(is_of_all) {
        assert!(document.contains(name.as_str()), "{name} is not documented");
    }
}
