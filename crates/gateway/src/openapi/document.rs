//! The document as a whole.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::HeaderValue;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    operations::{self, Generators, TAGS},
    overlay,
};
use crate::operations as table;

/// The version of the format: the first that types the items of a stream.
const OPENAPI: &str = "3.2.0";

/// The document as it is sent.
pub(super) struct Encoded {
    pub(super) json: Bytes,
    pub(super) etag: HeaderValue,
}

/// The document of a service whose callers need credentials, or may.
pub(super) fn encoded(is_required: bool) -> &'static Encoded {
    static OPEN: LazyLock<Encoded> = LazyLock::new(|| encode(false));
    static GUARDED: LazyLock<Encoded> = LazyLock::new(|| encode(true));
    if is_required { &GUARDED } else { &OPEN }
}

fn encode(is_required: bool) -> Encoded {
    let json = Bytes::from(document(is_required).to_string());
    let etag = etag(&json);
    Encoded { json, etag }
}

/// An entity tag by the content.
pub(super) fn etag(content: impl AsRef<[u8]>) -> HeaderValue {
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(content));
    // Letters and digits.
    HeaderValue::try_from(format!("\"{digest}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The document. `is_required` says whether callers need credentials; otherwise they may.
pub(super) fn document(is_required: bool) -> Value {
    let mut generators = Generators::new();
    let mut paths: Map<String, Value> = Map::new();
    for operation in table() {
        let described = operations::operation(&operation, &mut generators, is_required);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.as_str().to_ascii_lowercase()] = described;
    }
    json!({
        "openapi": OPENAPI,
        "info": {
            "title": "channel-sessions",
            "summary": "Keeps channel sessions and attaches data to them.",
            "description": DESCRIPTION,
            "license": { "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE") },
            "version": env!("CARGO_PKG_VERSION"),
        },
        "servers": [{ "url": "/", "description": "Where this document is." }],
        "tags": TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "paths": paths,
        "components": {
            "schemas": schemas(generators),
            "securitySchemes": {
                "bearer": {
                    "type": "http", "scheme": "bearer",
                    "description": "An API key, or a token of OpenID Connect, with the scope that the operation names.",
                },
                "clientCertificate": {
                    "type": "mutualTLS",
                    "description": "A client certificate that the service knows by its name.",
                },
            },
        },
    })
}

/// What holds for every operation.
const DESCRIPTION: &str = "\
REST over the gRPC service `channelsession.v1.ChannelSessionService`, whose reflection describes that.

Requests with unknown members are refused by name, and so are query parameters that are unknown or empty, except where an \
operation says that it does not look at its query. In a body, null is the same as leaving a member out, except in a value. \
Names may be written as in the proto, too, `remove_keys` for `removeKeys`; the schemas have the latter alone, so whoever holds \
bodies to them writes it so. No text may hold U+0000 or a lone surrogate.

Errors are problems (RFC 9457): callers branch on `reason`. A path that there is not answers 404 `NOT_FOUND`, and a method \
that a path does not take 405 `METHOD_NOT_ALLOWED` with `Allow`. A change that fails has changed nothing, unless the problem \
says `\"outcome\": \"unknown\"`.

A request may bear its own `X-Request-Id`, of 1 to 128 visible ASCII characters, and the `traceparent` of its trace. Every \
answer has an `X-Request-Id`: that one, or a new one where there is none or it is another text. The log has it.";

fn schemas(mut generators: Generators) -> Map<String, Value> {
    let mut schemas = generators.requests.take_definitions(true);
    overlay::allow_null(&mut schemas);
    for (name, schema) in generators.answers.take_definitions(true) {
        schemas.entry(name).or_insert(schema);
    }
    overlay::describe(&mut schemas);
    schemas.values_mut().for_each(overlay::tidy);
    schemas
}
