//! The names of OpenTelemetry's variables: those that are used here, and those that are not, with what to do in their place.

use super::{DISABLED, is_true};

/// What is to be said of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Look {
    /// It has no meaning, and looks as if this one were meant.
    Misspelt(String),
    /// It asks for what there is not here. Why, and what to do in its place.
    Unused(&'static str),
    /// It says neither yes nor no, and counts as no.
    NoBoolean,
    /// It is not known: mostly one of a library or an agent for other languages.
    Unknown,
}

/// Of variables with their values, those of which something is to be said. Values may be secret, and are not shown.
pub(crate) fn look(variables: impl Iterator<Item = (String, String)>) -> Vec<(String, Look)> {
    // An empty variable is as good as none.
    let mut set: Vec<_> = variables.filter(|(_, value)| !value.trim().is_empty()).collect();
    if set.iter().any(|(name, value)| name == DISABLED && is_true(value.trim())) {
        return Vec::new();
    }
    set.sort_unstable();
    let used = used();
    set.into_iter()
        .filter_map(|(name, value)| look_at(&name, value.trim(), &used).map(|look| (name, look)))
        .collect()
}

fn look_at(name: &str, value: &str, used: &[String]) -> Option<Look> {
    if used.iter().any(|used| used == name) {
        let is_boolean = name == DISABLED || name.ends_with("_INSECURE");
        let is_clear = !is_boolean || is_true(value) || value.eq_ignore_ascii_case("false");
        return (!is_clear).then_some(Look::NoBoolean);
    }
    if let Some(unused) = UNUSED.iter().find(|unused| unused.names.contains(&name)) {
        let is_so_anyway = unused.values.iter().any(|known| known.eq_ignore_ascii_case(value));
        return (!is_so_anyway).then_some(Look::Unused(unused.instead));
    }
    let upper = name.to_ascii_uppercase();
    let known =
        used.iter().map(String::as_str).chain(UNUSED.iter().flat_map(|unused| unused.names.iter().copied()));
    let near = known.map(|known| (strsim::damerau_levenshtein(&upper, known), known)).min()?;
    match near {
        (0..=MAX_DISTANCE, meant) => Some(Look::Misspelt(meant.to_owned())),
        _ => upper.starts_with("OTEL_").then_some(Look::Unknown),
    }
}

/// How many letters a name may be away from one of these to be taken for a slip.
const MAX_DISTANCE: usize = 2;

/// The variables that are used here.
pub(super) fn used() -> Vec<String> {
    let of_signals = ["", "TRACES_", "METRICS_"]
        .into_iter()
        .flat_map(|signal| OF_A_SIGNAL.map(|name| format!("OTEL_EXPORTER_OTLP_{signal}{name}")));
    OF_ALL.iter().map(|name| (*name).to_owned()).chain(of_signals).collect()
}

const OF_ALL: [&str; 14] = [
    DISABLED,
    "OTEL_SERVICE_NAME",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
];

/// Those that also exist for one signal. All but the file are the specification's.
const OF_A_SIGNAL: [&str; 8] =
    ["ENDPOINT", "PROTOCOL", "INSECURE", "HEADERS", "HEADERS_FILE", "TIMEOUT", "COMPRESSION", "CERTIFICATE"];

/// Variables of the specification's that are not used here.
struct Unused {
    names: &'static [&'static str],
    /// What they may say without anything being amiss: it is so here anyway.
    values: &'static [&'static str],
    instead: &'static str,
}

const UNUSED: [Unused; 13] = [
    Unused {
        names: &[
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
            "OTEL_EXPORTER_OTLP_CLIENT_KEY",
            "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
            "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
            "OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE",
            "OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY",
        ],
        values: &[],
        instead: "the collector is shown no certificate: let it take a token in OTEL_EXPORTER_OTLP_HEADERS_FILE, or send by \
                  way of one on this machine",
    },
    Unused {
        names: &["OTEL_EXPORTER_OTLP_SPAN_INSECURE"],
        values: &[],
        instead: "OTEL_EXPORTER_OTLP_TRACES_INSECURE is what it is called now",
    },
    Unused {
        names: &["OTEL_EXPORTER_OTLP_METRIC_INSECURE"],
        values: &[],
        instead: "OTEL_EXPORTER_OTLP_METRICS_INSECURE is what it is called now",
    },
    Unused {
        names: &["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"],
        values: &["cumulative"],
        instead: "metrics count from the start of the process (cumulative): let the collector convert them",
    },
    Unused {
        names: &["OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION"],
        values: &["explicit_bucket_histogram"],
        instead: "histograms have fixed buckets (explicit_bucket_histogram): let the collector convert them",
    },
    Unused {
        names: &["OTEL_METRICS_EXEMPLAR_FILTER"],
        values: &["trace_based"],
        instead: "exemplars are of calls whose traces are recorded (trace_based)",
    },
    Unused {
        names: &["OTEL_METRIC_EXPORT_TIMEOUT"],
        values: &[],
        instead: "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT says how long the collector may take",
    },
    Unused {
        names: &["OTEL_BSP_EXPORT_TIMEOUT"],
        values: &[],
        instead: "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT says how long the collector may take",
    },
    Unused {
        names: &["OTEL_PROPAGATORS"],
        values: &["tracecontext", "tracecontext,baggage", "baggage,tracecontext"],
        instead: "the trace of a call is what the header traceparent says (tracecontext)",
    },
    Unused { names: &["OTEL_LOG_LEVEL"], values: &[], instead: "LOG_LEVEL says what is logged" },
    Unused {
        names: &[
            "OTEL_LOGS_EXPORTER",
            "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
            "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
            "OTEL_EXPORTER_OTLP_LOGS_INSECURE",
            "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
            "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT",
            "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION",
            "OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE",
            "OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE",
            "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY",
        ],
        values: &["none"],
        instead: "the log goes to standard error alone: collect it there",
    },
    Unused {
        names: &["OTEL_EXPORTER_PROMETHEUS_HOST", "OTEL_EXPORTER_PROMETHEUS_PORT"],
        values: &[],
        instead: "METRICS_ADDR says where Prometheus finds the metrics",
    },
    Unused {
        names: &[
            "OTEL_EXPORTER_ZIPKIN_ENDPOINT",
            "OTEL_EXPORTER_ZIPKIN_TIMEOUT",
            "OTEL_EXPORTER_JAEGER_ENDPOINT",
            "OTEL_EXPORTER_JAEGER_AGENT_HOST",
            "OTEL_EXPORTER_JAEGER_AGENT_PORT",
            "OTEL_CONFIG_FILE",
            "OTEL_EXPERIMENTAL_CONFIG_FILE",
        ],
        values: &[],
        instead: "OTEL_EXPORTER_OTLP_ENDPOINT and the variables beside it are what says where traces and metrics go",
    },
];
