//! Starts the program on either store and speaks to it.

pub(crate) mod batch;
pub(crate) mod bouncer;
pub(crate) mod caller;
pub(crate) mod canary;
pub(crate) mod collector;
pub(crate) mod connection;
pub(crate) mod description;
pub(crate) mod document;
pub(crate) mod failure;
pub(crate) mod guarded;
pub(crate) mod history;
pub(crate) mod http2;
pub(crate) mod issuer;
pub(crate) mod latency;
pub(crate) mod ledger;
pub(crate) mod lock;
pub(crate) mod nginx;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod random;
pub(crate) mod raw;
pub(crate) mod rest;
pub(crate) mod secure;
pub(crate) mod service;
pub(crate) mod silence;
pub(crate) mod size;
pub(crate) mod sse;
pub(crate) mod timeout;
pub(crate) mod watch;

pub(crate) use caller::Caller;
pub(crate) use collector::Collector;
pub(crate) use description::Description;
pub(crate) use failure::Failure;
pub(crate) use issuer::Issuer;
pub(crate) use ledger::{Answered, Ledger};
pub(crate) use lock::Lock;
pub(crate) use proxy::Proxy;
pub(crate) use random::Random;
pub(crate) use rest::Rest;
pub(crate) use secure::Secure;
pub(crate) use service::{Client, Front, Service, Store};
pub(crate) use sse::Sse;
pub(crate) use watch::Watch;

/// Makes a test of a function for each store, called with the [`Store`].
macro_rules! on_both_stores {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$name(crate::support::Store::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                super::$name(crate::support::Store::Postgres).await;
            }
        }
    )+};
}
pub(crate) use on_both_stores;

/// The same, and once more with row-level security.
macro_rules! also_with_row_level_security {
    ($($name:ident),+ $(,)?) => {
        $crate::support::on_both_stores!($($name),+);

        mod with_row_level_security {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::support::Store::GuardedPostgres).await;
            }
        )+}
    };
}
pub(crate) use also_with_row_level_security;

/// A text as the JSON value that it stands for, numbers by their text.
pub(crate) fn json(text: &str) -> json::Value {
    let raw = json::syntax(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    json::parse(raw.get(), 100, &json::Path::root("")).unwrap().into_owned()
}
