//! The log of writes grows while somebody reads for a long time, and is given back afterwards.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use std::{fs, path::Path};

use channel_sessions_store_sqlite::{Options, Store, migrate};
use domain::{
    command::{Command, Create, Existing, Operation},
    store::Store as _,
};
use sqlx::{Connection, SqliteConnection};
use store_testkit::parsed;

const MIB: u64 = 1024 * 1024;

/// A new document of a megabyte in the place of the one before.
fn replace(number: usize) -> Command {
    let text = format!(r#"{{"number":{number},"text":"{}"}}"#, "x".repeat(MIB as usize));
    let create = Create { document: parsed::document(&text), existing: Existing::Replace };
    parsed::command(parsed::id("x"), Operation::Create(create))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_shrinks_again_behind_a_long_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.db");
    let url = format!("sqlite:{}", path.display());
    migrate(&url).await.unwrap();
    let store = Store::open(&url, &Options::default()).await.unwrap();
    let write = async |number| assert!(store.execute(vec![replace(number)]).await.remove(0).is_ok());
    write(0).await;

    let mut reader = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT count(*) FROM channel_session").execute(&mut reader).await.unwrap();
    for number in 1..50 {
        write(number).await;
    }
    assert!(log_bytes(&path) > 40 * MIB, "{}", log_bytes(&path));
    reader.close().await.unwrap();
    let mut number = 50;
    while log_bytes(&path) > 34 * MIB {
        number += 1;
        assert!(number < 200, "{}", log_bytes(&path));
        write(number).await;
    }
    store.close().await;
    assert!(!log(&path).exists(), "the last connection folds it into the file");
}

fn log(path: &Path) -> std::path::PathBuf {
    format!("{}-wal", path.display()).into()
}

fn log_bytes(path: &Path) -> u64 {
    fs::metadata(log(path)).unwrap().len()
}
