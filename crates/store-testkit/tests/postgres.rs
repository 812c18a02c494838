//! The databases that tests get, and that nothing of a cluster outlives its test process.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use channel_sessions_store_testkit::postgres::{Cluster, Options, database};
use sqlx::{Connection, PgConnection};

async fn ask(url: &str, query: &'static str) -> Result<String, sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    let answer = sqlx::query_scalar(query).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(answer)
}

#[tokio::test]
async fn a_database_answers_and_is_nobody_elses() {
    let (one, other) = (database().await, database().await);
    assert_ne!(one.url(), other.url());
    let tables = "SELECT count(*)::text FROM information_schema.tables WHERE table_schema = 'public'";
    for database in [&one, &other] {
        assert!(database.url().starts_with("postgres://"));
        assert_eq!(ask(database.url(), "SELECT 1::text").await.expect("the database answers"), "1");
        assert_eq!(ask(database.url(), tables).await.expect("the database answers"), "0");
        assert_eq!(ask(database.url(), "SHOW server_encoding").await.expect("the database answers"), "UTF8");
    }
}

#[tokio::test]
async fn a_database_sorts_by_a_language_where_it_can() {
    // By bytes, capitals come before all small letters.
    let query = "SELECT CASE WHEN current_setting('server_version_num')::int >= 150000
                              AND EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i')
                        THEN ('a' < 'B')::text ELSE 'true' END";
    assert_eq!(ask(database().await.url(), query).await.expect("the database answers"), "true");
}

#[tokio::test]
async fn a_cluster_keeps_its_data_when_it_crashes() {
    let cluster =
        Cluster::start(Options { settings: vec!["work_mem=5MB".to_owned()], ..Options::default() }).await;
    let url = cluster.url("postgres");
    assert_eq!(ask(&url, "SHOW work_mem").await.expect("the server answers"), "5MB");
    let mut connection = PgConnection::connect(&url).await.expect("the server answers");
    sqlx::raw_sql("CREATE TABLE kept (text TEXT); INSERT INTO kept VALUES ('kept')")
        .execute(&mut connection)
        .await
        .expect("the table is made");

    cluster.crash();
    assert!(ask(&url, "SELECT 1::text").await.is_err());
    sqlx::query("SELECT 1").execute(&mut connection).await.expect_err("the connection is gone");

    cluster.restart().await;
    assert_eq!(ask(&url, "SELECT text FROM kept").await.expect("the server answers again"), "kept");
}

#[tokio::test]
async fn a_cluster_that_is_dropped_is_gone() {
    let cluster = Cluster::start(Options::default()).await;
    let url = cluster.url("postgres");
    let folder = ask(&url, "SHOW data_directory").await.expect("the server answers");
    drop(cluster);
    assert!(ask(&url, "SELECT 1::text").await.is_err());
    assert!(!Path::new(&folder).parent().expect("the cluster's folder").exists());
}

/// Says, in the test process that [`a_killed_test_process_leaves_nothing`] starts, that it is that one.
const HOLD: &str = "HOLD_A_CLUSTER";

#[tokio::test]
async fn holds_a_cluster_until_it_is_killed() {
    if env::var_os(HOLD).is_none() {
        return;
    }
    let cluster = Cluster::start(Options::default()).await;
    let url = cluster.url("postgres");
    let folder = ask(&url, "SHOW data_directory").await.expect("the server answers");
    eprintln!("\n{HOLD} {url} {folder}");
    // Ends with the other process, should that fail before it kills this one.
    std::io::stdin().read_to_end(&mut Vec::new()).expect("standard input can be read");
}

#[tokio::test]
async fn a_killed_test_process_leaves_nothing() {
    let mut process = Command::new(env::current_exe().expect("a test has a file"))
        .args(["--exact", "holds_a_cluster_until_it_is_killed", "--nocapture"])
        .env(HOLD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a test can be started");
    let lines = BufReader::new(process.stderr.take().expect("standard error is a pipe")).lines();
    let line =
        lines.map_while(Result::ok).find(|line| line.starts_with(HOLD)).expect("the cluster has started");
    let [url, folder] = [1, 2].map(|at| line.split(' ').nth(at).expect("a URL and a folder").to_owned());
    assert_eq!(ask(&url, "SELECT 1::text").await.expect("the server answers"), "1");

    process.kill().expect("the process can be killed");
    process.wait().expect("the process has ended");
    let cluster = Path::new(&folder).parent().expect("the cluster's folder");
    let deadline = Instant::now() + Duration::from_secs(30);
    while cluster.exists() {
        assert!(Instant::now() < deadline, "{} is still there", cluster.display());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(ask(&url, "SELECT 1::text").await.is_err());
}
