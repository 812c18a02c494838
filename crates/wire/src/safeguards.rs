//! Safeguards that stand where they have no effect: headers of HTTP's and of others' conventions that one port or the other
//! does not honour. They are refused by name, since a caller that believes in one would overwrite what it meant to protect,
//! or do twice what it meant to do once.

/// A header, and what there is in its place.
#[derive(Debug)]
pub struct Safeguard {
    /// Its name, as HTTP's callers write it.
    pub name: &'static str,
    /// What there is over gRPC, where none of them has an effect.
    pub over_grpc: &'static str,
    /// What a change over REST has instead; none where it is honoured there.
    pub over_rest: Option<&'static str>,
    /// Whether a read over REST may bear it: clients and proxies send it by themselves, or it only states a preference.
    /// On a read, none of the others has an effect.
    pub on_reads: bool,
}

/// All of them.
pub const SAFEGUARDS: [Safeguard; 15] = [
    row("If-Match", ETAG, None),
    row("If-None-Match", "the field existing of CreateChannelSession, which refuses by default", None)
        .on_reads(),
    row("If-Modified-Since", ETAG, Some(IF_MATCH)).on_reads(),
    row("If-Unmodified-Since", ETAG, Some(IF_MATCH)),
    row("If-Range", ETAG, Some(IF_MATCH)).on_reads(),
    row("ETag", ETAG, Some(IF_MATCH)),
    row("Idempotency-Key", "the field request_id of the request", None),
    row("X-Idempotency-Key", "the field request_id of the request", Some(IDEMPOTENCY_KEY)),
    row("X-Idempotency-Token", "the field request_id of the request", Some(IDEMPOTENCY_KEY)),
    // Clients on older .NET have it on all requests, for tracing.
    row("Request-Id", REQUEST_ID, Some("Idempotency-Key; for the log, X-Request-ID")).on_reads(),
    row("Request_Id", REQUEST_ID, Some("Idempotency-Key; for the log, X-Request-ID")),
    row("Validate-Only", "the field validate_only of the request", Some(VALIDATE_ONLY)),
    row("X-Dry-Run", "the field validate_only of the request", Some(VALIDATE_ONLY)),
    row("Prefer", "the fields view and validate_only of the request", None).on_reads(),
    row("Last-Event-ID", "the field position of WatchChannelSessionsRequest", None).on_reads(),
];

const ETAG: &str = "the field etag of the request";
const REQUEST_ID: &str = "the field request_id of the request; for the log, x-request-id";
// Sessions have no date of their last change, only a revision.
const IF_MATCH: &str = "If-Match";
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const VALIDATE_ONLY: &str =
    "validateOnly, in the body of an update or of an end, and elsewhere as a parameter";

const fn row(name: &'static str, over_grpc: &'static str, over_rest: Option<&'static str>) -> Safeguard {
    Safeguard { name, over_grpc, over_rest, on_reads: false }
}

impl Safeguard {
    const fn on_reads(self) -> Self {
        Self { on_reads: true, ..self }
    }
}
