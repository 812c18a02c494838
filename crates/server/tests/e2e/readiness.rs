//! Readiness follows what callers need: what cannot be done, for whatever reason, is said.

use std::{fs, net::TcpListener, path::Path, process::Command};

use http::Method;
use sqlx::{Connection, PgConnection};

use crate::support::{Front, Rest, Service, Store, process::Process, timeout::until};

const ID: &str = "64e2f08a6155b317cd3f88fd";
const ONE: &str = r#"[{"key":"k","type":"Number","value":1}]"#;

async fn not_ready(rest: &Rest, why: &str) {
    until("the end of readiness", async || {
        let answer = rest.send(Method::GET, "/readyz", "", &[]).await;
        answer.status == 503 && answer.body.contains(why)
    })
    .await;
}

async fn is_refused(rest: &Rest) {
    let answer = rest.update(ID, ONE).await;
    assert_eq!((answer.status.as_u16(), &*answer.failure().reason), (503, "STORE_UNAVAILABLE"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_takes_no_writes_is_told_through_every_gateway() {
    let service = Service::with(Store::Postgres, Front::Alone, &[]).await;
    let rest = service.rest();
    until("the way to readiness", async || rest.is_ready().await).await;
    let mut connection = PgConnection::connect(&service.database_url()).await.unwrap();
    let name: String =
        sqlx::query_scalar("SELECT current_database()").fetch_one(&mut connection).await.unwrap();
    let mut set = async |value: &str| {
        let text = format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = {value}");
        sqlx::query(sqlx::AssertSqlSafe(text)).execute(&mut connection).await.unwrap();
        // It counts for new connections.
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        sqlx::query(end).execute(&mut connection).await.unwrap();
        if value == "on" {
            sqlx::query("SET default_transaction_read_only = off").execute(&mut connection).await.unwrap();
        }
    };
    set("on").await;
    not_ready(&rest, "writes: the database is read-only").await;
    is_refused(&rest).await;
    assert_eq!(rest.get(ID).await.status, 200);
    service.server.says("not ready");
    set("off").await;
    until("the way to readiness", async || rest.is_ready().await).await;
    assert_eq!(rest.update(ID, ONE).await.status, 200);
}

/// The file of a running service is removed, or a backup is moved over it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_replaced_takes_no_writes_and_leaves_the_other_one_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.db");
    let url = format!("sqlite:{}", path.display());
    let backup = folder.path().join("backup.db");
    {
        let mut service = Service::on(&url, &[]);
        service.server.ask_to_stop();
        assert!(service.stop_server().success());
        fs::copy(&path, &backup).unwrap();
    }
    for crashes in [false, true] {
        let mut service = Service::on(&url, &[]);
        let rest = service.rest();
        assert_eq!(rest.update(ID, ONE).await.revision(), 2);
        until("the way to readiness", async || rest.is_ready().await).await;
        if crashes {
            // Nobody is there to notice; its log of writes stays behind.
            until("a note of the log", async || note_is_of_the_log(&path)).await;
            service.kill_server();
        }
        let copy = folder.path().join("copy.db");
        fs::copy(&backup, &copy).unwrap();
        fs::rename(&copy, &path).unwrap();
        if !crashes {
            is_refused(&rest).await;
            not_ready(&rest, "has been replaced").await;
            service.server.ask_to_stop();
            service.stop_server();
        }
        // What the next process finds is the backup, as it was made.
        let again = service.another(&[]);
        let rest = Rest::new(again.address("http"));
        assert_eq!(rest.get(ID).await.revision(), 1, "crashes: {crashes}");
    }

    let service = Service::on(&url, &[]);
    fs::remove_file(&path).unwrap();
    is_refused(&service.rest()).await;
    not_ready(&service.rest(), "has been removed").await;
}

/// What somebody does to the file or its log under their names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_damaged_takes_no_writes() {
    for what in ["has been cut short", "has lost its log of writes (-wal)"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sessions.db");
        let service = Service::on(&format!("sqlite:{}", path.display()), &[]);
        let rest = service.rest();
        assert_eq!(rest.update(ID, ONE).await.revision(), 2);
        until("the way to readiness", async || rest.is_ready().await).await;
        if what == "has been cut short" {
            fs::File::options().write(true).open(&path).unwrap().set_len(4096).unwrap();
        } else {
            fs::remove_file(format!("{}-wal", path.display())).unwrap();
        }
        is_refused(&rest).await;
        not_ready(&rest, what).await;
    }
}

/// Whether the file beside the database says which log of writes is its.
fn note_is_of_the_log(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let beside = |suffix| format!("{}{suffix}", path.display());
    let log = fs::metadata(beside("-wal")).unwrap().ino().to_string();
    let note = fs::read(beside("-reserve")).unwrap();
    note.split(|byte| *byte == b'\n').next().unwrap().ends_with(format!(":{log}").as_bytes())
}

/// On a disk of its own, which takes a name space that not every machine gives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_deletions_are_made_and_the_rest_is_reported() {
    const MOUNT: &str = "mount -t tmpfs -o size=24m none \"$0\" && exec \"$@\"";
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let may = Command::new("unshare").args(["-rm", "sh", "-c", MOUNT, folder, "true"]).status();
    if !may.is_ok_and(|status| status.success()) {
        eprintln!("skipped: a disk of its own cannot be mounted here");
        return;
    }
    let url = format!("sqlite:{folder}/sessions.db");
    let program = Process::command(&[]).get_program().to_owned();
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", MOUNT, folder]).arg(program);
    command.args(["serve", "--sample", "--lame-duck", "0s", "--database-url", &url]);
    command.args(["--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"]);
    let process = Process::spawn(command);
    process.says("ready");
    let rest = Rest::new(process.address("http"));
    until("the way to readiness", async || rest.is_ready().await).await;

    let document = format!(r#"{{"x":"{}"}}"#, "x".repeat(300_000));
    let json = [("content-type", "application/json")];
    let put = async |id: usize| {
        rest.send(Method::PUT, &format!("/channel-sessions/{id}"), document.clone(), &json).await
    };
    let mut stored = 0;
    let refused = loop {
        let answer = put(stored).await;
        if !answer.status.is_success() {
            break answer;
        }
        stored += 1;
        assert!(stored < 100, "the disk does not fill up");
    };
    assert_eq!(refused.failure().reason, "STORE_UNAVAILABLE", "{refused:?}");
    is_refused(&rest).await;
    not_ready(&rest, "the disk is full").await;
    assert_eq!(rest.get(ID).await.status, 200);
    for id in 0..stored {
        let answer = rest.send(Method::DELETE, &format!("/channel-sessions/{id}"), "", &[]).await;
        assert_eq!(answer.status, 204, "{id}: {answer:?}");
    }
    until("the way to readiness", async || rest.is_ready().await).await;
    assert_eq!(rest.update(ID, ONE).await.status, 200);
    assert!(put(0).await.status.is_success());
}

/// A listener that nobody answers at is what a gateway alone waits for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_says_that_nobody_is_behind_it() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let process = Process::start(&["gateway", "--grpc-addr", &closed, "--http-addr", "127.0.0.1:0"]);
    let rest = Rest::new(process.address("http"));
    assert_eq!(rest.send(Method::GET, "/healthz", "", &[]).await.status, 200);
    not_ready(&rest, "behind the gateway is unavailable").await;
    assert_eq!(rest.get(ID).await.status, 503);
    let line = process.says("the service cannot be reached");
    assert!(line["cause"].is_string(), "{line}");
}
