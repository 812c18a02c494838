//! `backup`: a copy of the file while the service writes to it, and the way back.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tempfile::TempDir;

use crate::support::{
    Failure, Service, Store, Watch,
    caller::set,
    history::history,
    process::Process,
    service::Client,
    timeout::{until, within},
    watch::everything,
};

const SESSIONS: usize = 10;

fn backup(url: &str, copy: &Path) -> Output {
    Process::command(&["backup", "--database-url", url, copy.to_str().unwrap()]).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// What is in a folder.
fn names(folder: &TempDir) -> Vec<PathBuf> {
    fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Updates sessions for as long as it is to.
async fn write(client: Client, goes_on: Arc<AtomicBool>, made: Arc<AtomicUsize>) {
    while goes_on.load(Ordering::Relaxed) {
        let at = made.load(Ordering::Relaxed);
        let id = format!("s{}", at % SESSIONS);
        client.clone().update_data(set(&id, "k", "Number", at.to_string())).await.unwrap();
        made.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_whole_and_what_came_after_it_is_not_taken_for_seen() {
    let service = Service::start(Store::Sqlite).await;
    for at in 0..SESSIONS {
        service.create(&format!("s{at}"), &format!(r#"{{"text": "{}"}}"#, "x".repeat(10_000))).await;
    }
    let client = service.grpc().await;
    let before = Watch::start(&client, everything("")).await.position;
    let (goes_on, made) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let writer = tokio::spawn(write(client.clone(), goes_on.clone(), made.clone()));
    until("changes", async || made.load(Ordering::Relaxed) > SESSIONS).await;

    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    let (url, to) = (service.database_url(), copy.clone());
    let acknowledged = made.load(Ordering::Relaxed);
    let output = tokio::task::spawn_blocking(move || backup(&url, &to)).await.unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(said(&output), format!("backed up {} sessions to {}\n", SESSIONS + 1, copy.display()));
    assert_eq!(names(&folder), std::slice::from_ref(&copy));
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let so_far = made.load(Ordering::Relaxed);
    until("changes after the copy", async || made.load(Ordering::Relaxed) > so_far + SESSIONS).await;
    goes_on.store(false, Ordering::Relaxed);
    writer.await.unwrap();
    let after = Watch::start(&client, everything("")).await.position;

    // The way back.
    let restored = Service::on(&format!("sqlite:{}", copy.display()), &[]);
    let client = restored.grpc().await;
    let mut changes = 0;
    for at in 0..SESSIONS {
        let revisions: Vec<_> =
            history(&client, &format!("s{at}"), "", 1000).await.iter().map(|event| event.revision).collect();
        let last = revisions[0];
        assert_eq!(revisions, (1..=last).rev().collect::<Vec<_>>());
        changes += usize::try_from(last).unwrap() - 1;
    }
    assert!((acknowledged..=made.load(Ordering::Relaxed)).contains(&changes), "{acknowledged} {changes}");
    // Whoever has seen what is gone hears so, also once as much has come as there was.
    for _ in 0..2 {
        let refused = Watch::try_start(&client, everything(&after)).await.err().expect("it is refused");
        assert_eq!(Failure::from_status(&refused).reason, "POSITION_EXPIRED");
        for value in 0..made.load(Ordering::Relaxed) {
            client.clone().update_data(set("s0", "other", "Number", value.to_string())).await.unwrap();
        }
    }
    let mut watch = Watch::start(&client, everything(&before)).await;
    within("what came behind the older position", watch.take(changes)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_there_stays_and_what_is_not_whole_goes() {
    let service = Service::start(Store::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    fs::write(&copy, "mine").unwrap();
    let refused = backup(&service.database_url(), &copy);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("is there already, and is left as it is"), "{refused:?}");
    assert_eq!(fs::read_to_string(&copy).unwrap(), "mine");
    fs::remove_file(&copy).unwrap();

    let no_database = backup(&format!("sqlite:{}", folder.path().join("none.db").display()), &copy);
    assert!(said(&no_database).contains("there is no file"), "{no_database:?}");
    let other = folder.path().join("other.db");
    fs::write(&other, "no database".repeat(1000)).unwrap();
    let no_database = backup(&format!("sqlite:{}", other.display()), &copy);
    assert!(said(&no_database).contains("cannot read"), "{no_database:?}");
    fs::remove_file(&other).unwrap();
    let no_folder = backup(&service.database_url(), &folder.path().join("none/copy.db"));
    let missing = format!("there is no folder {}: make it", folder.path().join("none").display());
    assert!(said(&no_folder).contains(&missing), "{no_folder:?}");
    let postgres = backup("postgres://me:hunter2@localhost/sessions", &copy);
    assert!(said(&postgres).contains("pg_dump") && !said(&postgres).contains("hunter2"), "{postgres:?}");
    assert_eq!(names(&folder), [] as [PathBuf; 0]);
}

/// A service, and a copy of its sessions that has begun: its folder, where it is to stand, and who makes it.
async fn begun() -> (Service, TempDir, PathBuf, Child) {
    let service = Service::start(Store::Sqlite).await;
    // Enough for a copy to take a while, also where the disk is fast.
    for at in 0..60 {
        service.create(&format!("s{at}"), &format!(r#"{{"text": "{}"}}"#, "x".repeat(1_500_000))).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    let args = ["backup", "--database-url", &service.database_url(), copy.to_str().unwrap()];
    let mut command = Process::command(&args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("the beginning of the copy", async || !names(&folder).is_empty()).await;
    (service, folder, copy, child)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_stopped_leaves_nothing() {
    let (_service, folder, copy, child) = begun().await;
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    // On a machine that is fast enough, it has ended before.
    if output.status.success() {
        assert_eq!(names(&folder), [copy]);
    } else {
        assert!(said(&output).contains("interrupted; there is no backup"), "{output:?}");
        assert_eq!(names(&folder), [] as [PathBuf; 0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_copy_that_was_killed_has_left_is_removed_by_the_next() {
    let (service, folder, copy, mut child) = begun().await;
    child.kill().unwrap();
    child.wait().unwrap();
    // On a machine that is fast enough, it has ended before.
    let _ = fs::remove_file(&copy);
    // In any case something is there that nobody writes.
    fs::create_dir(folder.path().join(".copy.db.killed.part")).unwrap();
    let output = backup(&service.database_url(), &copy);
    assert!(output.status.success() && said(&output).contains("had left"), "{output:?}");
    assert_eq!(names(&folder), [copy]);
}
