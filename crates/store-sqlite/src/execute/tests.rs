//! What a failed transaction leaves behind, and what two processes on one file do.

use std::fs;

use domain::{
    batch::{Refusal, SessionState},
    command::{Create, Delete, Existing, Operation},
    session::{Document, Id, Revision, TenantId},
    store::Store as _,
    update::Update,
};
use store_testkit::parsed;

use super::*;
use crate::{Options, Store};

fn session(id: &str, size: usize) -> Command {
    let document = Document::parse(&format!(r#"{{"x":"{}"}}"#, "x".repeat(size))).unwrap();
    let create = Create { document, existing: Existing::Refuse };
    parsed::command(Id::parse(id).unwrap(), Operation::Create(create))
}

/// A store on a new file in a folder.
async fn store_within(folder: &tempfile::TempDir) -> Store {
    let url = format!("sqlite:{}", folder.path().join("sessions.db").display());
    crate::migrate(&url).await.unwrap();
    Store::open(&url, &Options::default()).await.unwrap()
}

#[tokio::test]
async fn a_full_disk_is_over_when_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_within(&folder).await;
    // A connection whose file may not grow fails as on a full disk: SQLite undoes the transaction by itself.
    let mut writer = store.writer.get().await.unwrap();
    sqlx::query("PRAGMA max_page_count = 8").execute(&mut *writer).await.unwrap();
    writer.keep();

    let refused = store.execute(vec![session("large", 100_000), session("small", 1)]).await;
    assert!(
        refused.iter().all(|result| matches!(result, Err(Error::StoreUnavailable { .. }))),
        "{refused:?}"
    );
    assert!(!store.reserve.is_held() && !store.health().await.is_ready());
    // The connection was given up, and the disk itself has room.
    while !store.health().await.is_ready() {
        tokio::task::yield_now().await;
    }
    let stored = store.execute(vec![session("large", 100_000)]).await;
    assert!(stored[0].is_ok(), "{stored:?}");
}

/// A file that may not grow: what is stored can be deleted, and what comes of it is room for others.
#[tokio::test]
async fn on_a_full_disk_deletions_are_made_and_make_room() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_within(&folder).await;
    let ids: Vec<_> = (0..30).map(|id| id.to_string()).collect();
    let created = store.execute(ids.iter().map(|id| session(id, 200_000)).collect()).await;
    assert!(created.iter().all(Result::is_ok), "{created:?}");
    let mut writer = store.writer.get().await.unwrap();
    sqlx::query("PRAGMA max_page_count = 1").execute(&mut *writer).await.unwrap();
    writer.keep();

    let deletion = |id: &str| {
        parsed::command(Id::parse(id).unwrap(), Operation::Delete(Delete { allow_missing: false }))
    };
    // In one batch, each is answered for itself.
    let results = store.execute(vec![session("new", 200_000), deletion("0")]).await;
    assert!(matches!(results[0], Err(Error::StoreUnavailable { .. })), "{results:?}");
    assert!(results[1].is_ok(), "{results:?}");
    let _ = fs::remove_file(store.file.beside("-reserve"));
    let refused = store.execute(vec![session("new", 1)]).await;
    assert!(matches!(refused[0], Err(Error::StoreUnavailable { .. })), "{refused:?}");
    let deleted = store.execute(ids[1..].iter().map(|id| deletion(id)).collect()).await;
    assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
    let stored = store.execute(vec![session("new", 200_000)]).await;
    assert!(stored[0].is_ok(), "{stored:?}");
}

/// An update, each of another of these sessions.
fn updates(ids: &[&str]) -> Vec<Command> {
    let update = || Update::attach(parsed::attributes(r#"[{"key":"k","type":"Number","value":1}]"#), 10);
    ids.iter().map(|id| parsed::command(parsed::id(id), Operation::Update(update()))).collect()
}

#[tokio::test]
async fn what_sqlite_refuses_of_a_batch_is_refused_alone() {
    const IDS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const HINDRANCES: &str = "
        CREATE TRIGGER refuse BEFORE UPDATE ON channel_session WHEN new.id = 'c'
        BEGIN SELECT raise(ABORT, 'refused'); END;
        -- As a table of events that is newer than that of sessions has it.
        INSERT INTO channel_session_event (tenant_id, session_id, revision, name, at, requester, document_bytes, changes)
        VALUES ('default', 'f', 2, 'CHANNEL_SESSION_DATA_UPDATED', 0, 'x', 2, '[]')";
    let folder = tempfile::tempdir().unwrap();
    let store = store_within(&folder).await;
    let created = store.execute(IDS.map(|id| session(id, 1)).to_vec()).await;
    assert!(created.iter().all(Result::is_ok), "{created:?}");
    let mut writer = store.writer.get().await.unwrap();
    sqlx::raw_sql(HINDRANCES).execute(&mut *writer).await.unwrap();
    writer.keep();

    for (id, result) in IDS.into_iter().zip(store.execute(updates(&IDS)).await) {
        match id {
            "c" | "f" => assert!(matches!(result, Err(Error::Internal(_))), "{result:?}"),
            _ => assert_eq!(result.unwrap().revision.get(), 2, "{id}"),
        }
    }
}

/// Two processes read a session, and both would write: the second one finds the revision changed, and decides again.
#[tokio::test]
async fn two_stores_on_one_file_lose_none_of_each_others_updates() {
    const UPDATES: i64 = 50;
    let folder = tempfile::tempdir().unwrap();
    let stores = [store_within(&folder).await, store_within(&folder).await];
    let created = stores[0].execute(vec![session("shared", 1)]).await;
    assert!(created[0].is_ok(), "{created:?}");
    let callers = stores.iter().cloned().enumerate().map(|(number, store)| {
        tokio::spawn(async move {
            for update in 0..UPDATES {
                let attributes = format!(r#"[{{"key":"of-{number}","type":"Number","value":{update}}}]"#);
                let update = Update::attach(parsed::attributes(&attributes), 10);
                let command = parsed::command(Id::parse("shared").unwrap(), Operation::Update(update));
                let updated = store.execute(vec![command]).await;
                assert!(updated[0].as_ref().is_ok_and(|updated| updated.changed), "{updated:?}");
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let id = Id::parse("shared").unwrap();
    let shared = stores[1].get(&TenantId::only(), vec![id.clone()]).await.remove(0).unwrap();
    assert_eq!(shared.revision.get(), 1 + 2 * UPDATES);
    for key in ["of-0", "of-1"] {
        assert!(shared.document.contains(key), "{}", shared.document);
    }
    let events = stores[0].history(&TenantId::only(), &id, None, None, 1000).await.unwrap().events;
    let revisions: Vec<_> = events.iter().rev().map(|event| event.revision.get()).collect();
    assert_eq!(revisions, (1..=1 + 2 * UPDATES).collect::<Vec<_>>());
}

/// An event of the same revision would be in the way; but events expire.
#[tokio::test]
async fn an_update_of_what_is_no_longer_stored_fails_also_when_events_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_within(&folder).await;
    let attached = |value: u8| {
        let attributes = format!(r#"[{{"key":"k","type":"Number","value":{value}}}]"#);
        let update = Update::attach(parsed::attributes(&attributes), 10);
        parsed::command(Id::parse("x").unwrap(), Operation::Update(update))
    };
    for command in [session("x", 1), attached(1)] {
        assert!(store.execute(vec![command]).await[0].is_ok());
    }
    let mut writer = store.writer.get().await.unwrap();
    sqlx::query("DELETE FROM channel_session_event").execute(&mut *writer).await.unwrap();

    let id = Id::parse("x").unwrap();
    let document = Some(r#"{"x":"x"}"#.to_owned());
    let mut stale = SessionState::stored(TenantId::only(), id, Revision::FIRST, document).unwrap();
    stale.apply(&attached(2)).unwrap();
    let group = [stale.into_write().unwrap()];
    let error = update::run(&mut writer, &group).await.unwrap_err();
    assert!(matches!(error::refusal(error), Refusal::Conflict));
    undo(writer).await.unwrap().keep();
    let stored = store.get(&TenantId::only(), vec![Id::parse("x").unwrap()]).await.remove(0).unwrap();
    assert_eq!(stored.revision, Revision::FIRST.next());
    assert!(stored.document.contains(r#""value":1"#), "{}", stored.document);
}

/// As a table of events that is newer than that of sessions has it. Trying again would find it so.
#[tokio::test]
async fn an_event_that_is_there_already_is_a_defect_of_its_session_alone() {
    const AHEAD: &str = "
        INSERT INTO channel_session_event (tenant_id, session_id, revision, name, at, requester, document_bytes, changes)
        VALUES ('default', 'a', 1, 'CHANNEL_SESSION_STARTED', 0, 'x', 2, '[]')";
    let folder = tempfile::tempdir().unwrap();
    let store = store_within(&folder).await;
    let mut writer = store.writer.get().await.unwrap();
    sqlx::query(AHEAD).execute(&mut *writer).await.unwrap();
    writer.keep();
    let results = store.execute(vec![session("a", 1), session("b", 1)]).await;
    assert!(matches!(results[0], Err(Error::Internal(_))), "{results:?}");
    assert!(results[1].is_ok(), "{results:?}");
}
