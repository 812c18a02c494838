//! What a failed transaction leaves behind.

use domain::{
    change::{Create, Existing, Operation},
    session::{Document, Id},
    store::Store as _,
};

use super::*;
use crate::Store;

fn session(id: &str, size: usize) -> Change {
    let document = Document::parse(&format!(r#"{{"x":"{}"}}"#, "x".repeat(size))).unwrap();
    let create = Create { document, existing: Existing::Refuse };
    Change::new(Id::parse(id).unwrap(), Operation::Create(create))
}

#[tokio::test]
async fn a_full_disk_is_over_when_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("sessions.db").display());
    crate::migrate(&url).await.unwrap();
    let store = Store::open(&url).await.unwrap();
    // A connection whose file may not grow fails as on a full disk: SQLite undoes the transaction by itself.
    let mut writer = store.writer.get().await.unwrap();
    sqlx::query("PRAGMA max_page_count = 8").execute(&mut *writer).await.unwrap();
    writer.keep();

    let refused = store.change(vec![session("large", 100_000), session("small", 1)]).await;
    assert!(
        refused.iter().all(|result| matches!(result, Err(Error::StoreUnavailable { .. }))),
        "{refused:?}"
    );
    let stored = store.change(vec![session("large", 100_000)]).await;
    assert!(stored[0].is_ok(), "{stored:?}");
}
