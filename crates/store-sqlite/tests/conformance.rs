//! The conformance suite on SQLite.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use channel_sessions_store_sqlite::{Store, migrate};
use store_testkit::Fresh;

store_testkit::conformance!(fresh);

async fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("sessions.db").display());
    migrate(&url).await.unwrap();
    let store = Store::open(&url).await.unwrap();
    Fresh::new(store, folder)
}
