//! What pages in a browser may do: one of a foreign origin changes nothing, one that has rebound its own name to this address
//! reads nothing, and those of listed origins are let in (CORS).
//!
//! A browser sends requests for every page that it shows, also to addresses that only its machine or its network reaches. So
//! where nobody needs credentials, that a request arrives says nothing of who asked for it.

pub(crate) mod cors;
pub(crate) mod guard;
mod hosts;
mod origins;

pub use hosts::{Host, Hosts};
pub use origins::{Origin, Origins};

/// What a deployment can set for browsers.
#[derive(Debug, Clone, Default)]
pub struct Browsers {
    /// By which names the service is called, beside those that nobody else can have.
    pub hosts: Hosts,
    /// Which foreign origins may call it.
    pub origins: Origins,
    /// Whether it is called over TLS: then a browser finds by itself that a page's name is none of the certificate's.
    pub are_over_tls: bool,
}
