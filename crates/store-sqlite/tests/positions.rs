//! A position is refused for ever where an older copy of the file has taken its place and what the position has seen is gone.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use std::fs;

use channel_sessions_store_sqlite::{Options, Store, migrate};
use domain::{
    Error,
    command::{Create, Existing, Operation},
    event::{Position, Scope},
    session::TenantId,
    store::Store as _,
    update::Update,
};
use store_testkit::parsed;

async fn update(store: &Store, from: i64, count: i64) {
    for number in from..from + count {
        let attributes = format!(r#"[{{"key":"k","type":"Number","value":{number}}}]"#);
        let update = Operation::Update(Update::attach(parsed::attributes(&attributes), 10));
        store.execute(vec![parsed::command(parsed::id("x"), update)]).await.remove(0).unwrap();
    }
}

/// How many events come behind a position.
async fn count_behind(store: &Store, at: &Position) -> Result<usize, Error> {
    Ok(store.events(&TenantId::only(), &Scope::All, at, None, 1000).await?.events.len())
}

#[tokio::test]
async fn a_position_of_what_an_older_copy_does_not_have_is_refused_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (folder.path().join("x.db"), folder.path().join("copy.db"));
    let url = format!("sqlite:{}", file.display());
    migrate(&url).await.unwrap();
    let store = Store::open(&url, &Options::default()).await.unwrap();
    let create = Create { document: parsed::document("{}"), existing: Existing::Refuse };
    store.execute(vec![parsed::command(parsed::id("x"), Operation::Create(create))]).await.remove(0).unwrap();
    update(&store, 0, 5).await;
    let kept = store.position().await.unwrap();
    store.close().await;
    fs::copy(&file, &copy).unwrap();

    // The copy is made before the process that goes on starts, or in the life of one.
    for reopened in [true, false] {
        let store = Store::open(&url, &Options::default()).await.unwrap();
        if !reopened {
            store.close().await;
            fs::copy(&file, &copy).unwrap();
        }
        let store = if reopened { store } else { Store::open(&url, &Options::default()).await.unwrap() };
        update(&store, 5, 20).await;
        let gone = store.position().await.unwrap();
        store.close().await;
        fs::copy(&copy, &file).unwrap();
        let store = Store::open(&url, &Options::default()).await.unwrap();
        let mut from = 5;
        for count in [1, 18, 1, 1, 50] {
            assert!(matches!(count_behind(&store, &gone).await, Err(Error::PositionExpired)));
            update(&store, from, count).await;
            from += count;
        }
        assert!(matches!(count_behind(&store, &gone).await, Err(Error::PositionExpired)));
        assert_eq!(count_behind(&store, &kept).await.unwrap(), 71, "what was the same in both goes on");
        store.close().await;
        fs::copy(&copy, &file).unwrap();
    }
}
