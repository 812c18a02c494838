//! The conformance suite on SQLite.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_sqlite::{Options, Store, migrate};
use store_testkit::Fresh;

store_testkit::conformance!(fresh);

async fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("sessions.db").display());
    migrate(&url).await.unwrap();
    let store = Store::open(&url, &Options::default()).await.unwrap();
    Fresh::new(store, folder)
}
