//! Every name that metrics have, and nothing else: OpenTelemetry's conventions for RPC and databases are not final, and where one of
//! them changes it changes here. Those of attributes are shared with spans: [`telemetry::attribute`].

use crate::name::{Name, Unit};

const CALLS: Unit = Unit::Of("{call}");
const REQUESTS: Unit = Unit::Of("{request}");
const CONNECTIONS: Unit = Unit::Of("{connection}");
const SESSIONS: Unit = Unit::Of("{session}");

pub(crate) const RPC_DURATION: Name = Name::new(
    "rpc.server.call.duration",
    Unit::Seconds,
    "How long gRPC calls took, streams as long as they were open",
);
pub(crate) const RPC_ACTIVE: Name =
    Name::new("channel_sessions.rpc.active_calls", CALLS, "gRPC calls that are under way, streams included");
pub(crate) const HTTP_DURATION: Name = Name::new(
    "http.server.request.duration",
    Unit::Seconds,
    "How long HTTP requests took, event streams as long as they were open",
);
pub(crate) const HTTP_ACTIVE: Name = Name::new(
    "http.server.active_requests",
    REQUESTS,
    "HTTP requests that are under way, event streams included",
);

pub(crate) const STATEMENT_DURATION: Name = Name::new(
    "db.client.operation.duration",
    Unit::Seconds,
    "How long statements of the store took, from when they were sent to their answer",
);
pub(crate) const CONNECTION_WAIT: Name = Name::new(
    "db.client.connection.wait_time",
    Unit::Seconds,
    "How long a connection of a pool was waited for",
);
pub(crate) const CONNECTION_TIMEOUTS: Name = Name::new(
    "db.client.connection.timeouts",
    Unit::Of("{timeout}"),
    "How often all connections of a pool were in use for too long",
);
pub(crate) const CONNECTIONS_USED: Name =
    Name::new("db.client.connection.count", CONNECTIONS, "Connections of a pool that are in use");
pub(crate) const CONNECTIONS_MAX: Name =
    Name::new("db.client.connection.max", CONNECTIONS, "Connections that a pool may have");

pub(crate) const BATCH_SIZE: Name =
    Name::new("channel_sessions.batch.size", Unit::Of("{item}"), "Commands or reads that shared a batch");
pub(crate) const BATCH_WAIT: Name = Name::new(
    "channel_sessions.batch.wait",
    Unit::Seconds,
    "How long the first item of a batch had waited when it was worked on",
);
pub(crate) const BATCH_DURATION: Name =
    Name::new("channel_sessions.batch.duration", Unit::Seconds, "How long the work on a batch took");
pub(crate) const QUEUE: Name =
    Name::new("channel_sessions.queue.length", Unit::Of("{item}"), "Commands or reads that wait for a batch");
pub(crate) const LOST_RACES: Name = Name::new(
    "channel_sessions.lost_races",
    SESSIONS,
    "Sessions that somebody else changed between reading and writing, and that were decided again",
);
pub(crate) const SESSION_CACHE: Name = Name::new(
    "channel_sessions.session_cache.lookups",
    SESSIONS,
    "Sessions that were looked for among the last writes before they were read",
);
pub(crate) const REPLAYS: Name = Name::new(
    "channel_sessions.replays",
    Unit::Of("{command}"),
    "Commands that were answered as before, since their request id had come before",
);
pub(crate) const UNKNOWN_OUTCOMES: Name = Name::new(
    "channel_sessions.unknown_outcomes",
    CALLS,
    "Calls that were answered with an unknown outcome of their change",
);

pub(crate) const WATCHERS: Name =
    Name::new("channel_sessions.watchers", Unit::Of("{watcher}"), "Watches and event streams that are open");
pub(crate) const EVENT_LAG: Name = Name::new(
    "channel_sessions.event.lag",
    Unit::Seconds,
    "How long before an event was delivered to watchers its change had been asked for",
);
pub(crate) const POSITIONS_REFUSED: Name = Name::new(
    "channel_sessions.positions.refused",
    Unit::Of("{position}"),
    "Positions from which no watcher could go on",
);

pub(crate) const RETENTION: Name = Name::new(
    "channel_sessions.retention.deleted",
    Unit::Of("{row}"),
    "What retention has deleted: events, idempotency records, ended sessions",
);

pub(crate) const UNAUTHENTICATED: Name = Name::new(
    "channel_sessions.authentication.failures",
    CALLS,
    "Calls whose credentials were refused, by their kind; certificates that TLS refuses are no calls",
);
pub(crate) const OVER_QUOTA: Name =
    Name::new("channel_sessions.quota.refusals", CALLS, "Calls that were more than their tenant may make");
pub(crate) const CERTIFICATE_EXPIRY: Name = Name::new(
    "channel_sessions.certificate.expiry",
    Unit::Seconds,
    "Until when a certificate and those of its issuers are valid, in seconds since the epoch",
);
pub(crate) const RELOADS: Name =
    Name::new("channel_sessions.reloads", Unit::Of("{reload}"), "Files that had changed and were read again");
pub(crate) const FILES_WRONG: Name = Name::new(
    "channel_sessions.files.wrong",
    Unit::Of("1"),
    "1 while files that had changed are wrong, and what they held before goes on to hold",
);

pub(crate) const MEMORY: Name = Name::new(
    "channel_sessions.memory.used",
    Unit::Bytes,
    "What calls take of the memory that they may take together: requests, answers, and events on their way to watchers",
);
pub(crate) const MEMORY_MAX: Name =
    Name::new("channel_sessions.memory.max", Unit::Bytes, "The memory that calls may take together");
pub(crate) const OPEN_CONNECTIONS: Name =
    Name::new("channel_sessions.connections.open", CONNECTIONS, "Connections of callers that are open");
pub(crate) const OPEN_CONNECTIONS_MAX: Name = Name::new(
    "channel_sessions.connections.max",
    CONNECTIONS,
    "Connections of callers that may be open; beyond it, idle ones are ended for new ones",
);

pub(crate) const SPANS_EXPORTED: Name = Name::new(
    "otel.sdk.exporter.span.exported",
    Unit::Of("{span}"),
    "Spans that were sent to a collector, or could not be",
);
pub(crate) const DATA_POINTS_EXPORTED: Name = Name::new(
    "otel.sdk.exporter.metric_data_point.exported",
    Unit::Of("{data_point}"),
    "Data points of metrics that were sent to a collector, or could not be",
);

pub(crate) const READY: Name =
    Name::new("channel_sessions.ready", Unit::Of("1"), "1 while the process can serve, 0 while it cannot");
pub(crate) const DROPPED_LOG_LINES: Name = Name::new(
    "channel_sessions.log.dropped_lines",
    Unit::Of("{line}"),
    "Lines of the log that were dropped, since nobody read them in time",
);
pub(crate) const BUILD: Name = Name::new("channel_sessions.build", Unit::Of("1"), "The version that runs");

pub(crate) const PROCESS_CPU: Name =
    Name::new("process.cpu.time", Unit::Seconds, "How long processors have worked for the process");
pub(crate) const PROCESS_MEMORY: Name =
    Name::new("process.memory.usage", Unit::Bytes, "Memory that the process has in use");
pub(crate) const PROCESS_FILES: Name = Name::new(
    "process.unix.file_descriptor.count",
    Unit::Of("{file_descriptor}"),
    "File descriptors that the process has open",
);
pub(crate) const PROCESS_THREADS: Name =
    Name::new("process.thread.count", Unit::Of("{thread}"), "Threads of the process");
pub(crate) const PROCESS_UPTIME: Name =
    Name::new("process.uptime", Unit::Seconds, "How long the process has run");

/// The attributes, by which a metric has several series. Prometheus writes their dots as underscores.
pub(crate) mod attribute {
    pub(crate) use telemetry::attribute::{
        CPU_MODE, DB_OPERATION, DB_SYSTEM, ERROR_TYPE, HTTP_METHOD, HTTP_ROUTE, HTTP_STATUS, OTHER, POOL,
        POOL_STATE, RPC_METHOD, RPC_STATUS, RPC_SYSTEM,
    };

    // Ours have no dots.
    pub(crate) const CERTIFICATE: &str = "certificate";
    pub(crate) const CREDENTIALS: &str = "credentials";
    pub(crate) const FILES: &str = "files";
    pub(crate) const OF: &str = "of";
    pub(crate) const QUOTA: &str = "quota";
    pub(crate) const REASON: &str = "reason";
    pub(crate) const RESULT: &str = "result";
    pub(crate) const VERSION: &str = "version";

    /// Those with dots, for whoever has only what Prometheus makes of them.
    pub(crate) const DOTTED: [&str; 12] = [
        CPU_MODE,
        DB_OPERATION,
        DB_SYSTEM,
        ERROR_TYPE,
        HTTP_METHOD,
        HTTP_ROUTE,
        HTTP_STATUS,
        POOL,
        POOL_STATE,
        RPC_METHOD,
        RPC_STATUS,
        RPC_SYSTEM,
    ];
}
