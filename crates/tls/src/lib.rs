//! TLS 1.2 and 1.3, for those who call and to a service that is called.
//!
//! What a connection begins with holds for as long as it goes on: certificates that are replaced are those of the connections
//! that begin from then on, and none is dropped. Knows files by their contents, and nothing of HTTP beyond the names by which
//! its versions are agreed upon.

#[cfg(any(test, feature = "test-authority"))]
pub mod authority;
mod certificate;
mod chain;
mod client;
mod invalid;
mod leaf;
mod pem;
mod server;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

pub use certificate::Certificate;
pub use chain::Chain;
pub use client::{Authorities, Client, ClientFiles};
pub use invalid::{Invalid, Part, in_words};
pub use server::{Accepted, Server, ServerFiles};
pub use tokio_rustls::{client::TlsStream as ClientStream, server::TlsStream as ServerStream};

/// HTTP's versions, the better one first.
const HTTP: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// What everything is calculated with. By name, since a program may have more than one.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

#[cfg(test)]
mod tests;
