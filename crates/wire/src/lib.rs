//! What both ports have in common: errors as callers get them, limits of headers and messages.
//!
//! Here, so that the gateway can read what the service writes without being built with the service. Knows neither routes
//! nor methods.

pub mod attribute;
pub mod error;
pub mod headers;
pub mod value;

use domain::session::Document;

/// The largest message, in bytes: the longest text of a document, and what a request has around it. A body over REST may
/// have as much.
pub const MAX_MESSAGE_BYTES: usize = Document::MAX_TEXT_BYTES + 64 * 1024;
