//! Row-level security as operators meet it: switched by the tables' owner, served by a role that owns nothing, and said by
//! every command where it stands otherwise than it is taken to be.

use std::fs;

use http::Method;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row, postgres::PgConnectOptions};
use store_testkit::postgres;

use crate::support::{
    Rest,
    bouncer::{Bouncer, PoolMode},
    process::Process,
};

const ON: [&str; 2] = ["--row-level-security", "on"];
const OFF: [&str; 2] = ["--row-level-security", "off"];
const ADDRESSES: [&str; 4] = ["--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];

/// What a command says, and whether it went well.
fn run(command: &[&str], database_url: &str, flags: &[&str]) -> (bool, String) {
    let arguments = [command, &["--database-url", database_url], flags].concat();
    let ended = Process::command(&arguments).output().unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.success(), String::from_utf8(said).unwrap())
}

fn done(command: &[&str], database_url: &str, flags: &[&str]) -> String {
    let (is_done, said) = run(command, database_url, flags);
    assert!(is_done, "{command:?} {flags:?}: {said}");
    said
}

fn refused(command: &[&str], database_url: &str, flags: &[&str], named: &str) {
    let (is_done, said) = run(command, database_url, flags);
    assert!(!is_done && said.contains(named), "{command:?} {flags:?}: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_switches_it_and_another_role_serves() {
    let database = postgres::database().await;
    let owner = database.owner_url().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.json");
    fs::write(&file, r#"{"id":"imported"}"#).unwrap();
    let import = ["import", file.to_str().unwrap()];
    let check = [&["serve", "--check"], &ADDRESSES[..]].concat();

    // Nothing but `migrate` switches it in tables that are there, and that only where it is asked to.
    done(&import, &owner, &[]);
    for command in [&["export"][..], &import, &check] {
        refused(command, &owner, &ON, "migrate --row-level-security on");
    }
    done(&["migrate"], &owner, &ON);
    done(&["migrate"], &owner, &[]);
    for flags in [&OFF[..], &[]] {
        for command in [&["export"][..], &import, &check] {
            refused(command, &owner, flags, "migrate --row-level-security off");
        }
    }
    assert!(done(&["export"], &owner, &ON).contains("exported 1 session"));
    assert!(done(&check, &owner, &ON).contains("row-level security: the role is held to"));

    // A role with nothing but what it needs.
    let mut connection = PgConnection::connect(&owner).await.unwrap();
    let mut admin = PgConnection::connect(database.url()).await.unwrap();
    let role = format!("held_{}", std::process::id());
    let make = format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'");
    sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut admin).await.unwrap();
    let grants = format!(
        "GRANT SELECT, INSERT, UPDATE, DELETE
             ON channel_session, channel_session_epoch, channel_session_event, channel_session_event_log,
                channel_session_idempotency_record TO {role};
         GRANT SELECT ON _sqlx_migrations TO {role}"
    );
    sqlx::raw_sql(AssertSqlSafe(grants)).execute(&mut connection).await.unwrap();
    let (_, host) = owner.split_once('@').unwrap();
    let url = format!("postgres://{role}:secret@{host}");
    refused(&["migrate"], &url, &OFF, "by this role");
    let serve = ["serve", "--lame-duck", "0s", "--database-url", &url];
    let mut server = Process::start(&[&serve[..], &ON, &ADDRESSES].concat());
    let rest = Rest::new(server.address("http"));
    assert_eq!(rest.get("imported").await.revision(), 1);
    let update = r#"[{"key":"k","type":"Number","value":1}]"#;
    assert_eq!(rest.update("imported", update).await.revision(), 2);
    assert_eq!(rest.send(Method::GET, "/readyz", "", &[]).await.status, 200);
    server.ask_to_stop();
    assert!(server.wait().success());

    done(&["migrate"], &owner, &OFF);
    refused(&["export"], &url, &ON, "migrate --row-level-security on");
    assert!(done(&["export"], &url, &[]).contains("exported 1 session"));
    let drop = format!("DROP OWNED BY {role}; DROP ROLE {role}");
    sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut admin).await.unwrap();
}

#[test]
fn sqlite_has_none_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("x.db").display());
    let check = [&["serve", "--check"], &ADDRESSES[..]].concat();
    for command in [&["migrate"][..], &["export"], &check] {
        refused(command, &url, &ON, "SQLite has none");
    }
    done(&["migrate"], &url, &OFF);
}

/// One connection of the server's, which belongs to whoever has a transaction: what was said in one is not known in the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_hands_no_tenant_on_to_the_next_client() {
    let database = postgres::database().await;
    let owner = database.owner_url().await;
    done(&["migrate"], &owner, &ON);
    let Some(bouncer) = Bouncer::before(&owner, PoolMode::Transaction).await else {
        println!("there is no PgBouncer, and none can be installed: nothing to test");
        return;
    };
    let options = bouncer.url().parse::<PgConnectOptions>().unwrap().extra_float_digits(None);
    let (mut blue, mut other) = (options.connect().await.unwrap(), options.connect().await.unwrap());
    let insert =
        "INSERT INTO channel_session (tenant_id, id, revision, active) VALUES ('blue', 'x', 1, true)";
    for end in ["COMMIT", "ROLLBACK", "SELECT 1/0; COMMIT"] {
        let transaction = format!(
            "BEGIN; SET LOCAL channel_sessions.tenant = 'blue'; {insert} ON CONFLICT DO NOTHING; {end}"
        );
        let ended = sqlx::raw_sql(AssertSqlSafe(transaction)).execute(&mut blue).await;
        if ended.is_err() {
            sqlx::raw_sql("ROLLBACK").execute(&mut blue).await.unwrap();
        }
        let seen = sqlx::raw_sql("SELECT count(*), pg_backend_pid() FROM channel_session");
        let seen = seen.fetch_one(&mut other).await.unwrap();
        let own = sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(&mut blue).await.unwrap();
        assert_eq!(seen.get::<i32, _>(1), own.get::<i32, _>(0), "both use the same connection");
        assert_eq!(seen.get::<i64, _>(0), 0, "{end}");
    }
}
