//! The conformance suite on two stores that are open on one file and take turns: each decides on what the other one wrote.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_sqlite::{Options, Store, migrate};
use store_testkit::{Fresh, Instances};

store_testkit::conformance!(fresh);

async fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("sessions.db").display());
    migrate(&url).await.unwrap();
    let open = async || Store::open(&url, &Options::default()).await.unwrap();
    Fresh::new(Instances::new(open().await, open().await), folder)
}
