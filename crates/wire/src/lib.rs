//! What both ports have in common: errors as callers get them, limits of headers and messages, how these are framed.
//!
//! Here, so that the gateway can read what the service writes without being built with the service. Knows neither routes
//! nor methods.

pub mod attribute;
pub mod error;
pub mod frame;
pub mod headers;
pub mod safeguards;
pub mod value;

use domain::session::Document;

/// How many updates a batch may hold. No list of a request may be longer.
pub const MAX_UPDATES: usize = 1000;

/// How many violations one answer lists at most; over gRPC those of them that fit into its trailers. A short request can
/// break a hundred times as many rules as it has bytes to spare for the answer that lists them.
pub const MAX_VIOLATIONS: usize = 1000;

/// How many keys a watch may name.
pub const MAX_WATCHED_KEYS: usize = 100;

/// The largest message, in bytes: the longest text of a document, and what a request has around it. A body over REST may
/// have as much.
pub const MAX_MESSAGE_BYTES: usize = Document::MAX_TEXT_BYTES + 64 * 1024;
