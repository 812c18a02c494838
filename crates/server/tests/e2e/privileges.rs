//! A role that may not make tables can serve from tables that are there.

use http::Method;
use sqlx::{Connection, PgConnection};

use crate::support::{
    Rest, Service, Sse, Store, Watch, process::Process, service::connect, timeout::until, watch::everything,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serving_needs_no_privilege_to_change_tables() {
    let service = Service::start(Store::Postgres).await;
    let mut owner = PgConnection::connect(&service.database_url()).await.unwrap();
    // Roles belong to the whole server, which other tests may share.
    let role = format!("weak_{}", std::process::id());
    let url = service.database_url();
    let (before, after) = url.split_once('@').unwrap();
    let weak = format!("{}://{role}:secret@{after}", before.split_once("://").unwrap().0);
    let grants = format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'secret';
         GRANT SELECT, INSERT, UPDATE, DELETE
             ON channel_session, channel_session_epoch, channel_session_event, channel_session_event_log,
                channel_session_idempotency_record TO {role};
         GRANT SELECT ON _sqlx_migrations TO {role}"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(grants)).execute(&mut owner).await.unwrap();

    let mut server = Process::start(&[
        "serve",
        "--lame-duck",
        "0s",
        "--database-url",
        &weak,
        "--grpc-addr",
        "127.0.0.1:0",
        "--http-addr",
        "127.0.0.1:0",
        "--event-retention",
        "3s",
        "--retention-interval",
        "100ms",
    ]);
    let mut watch = Watch::start(&connect(server.address("grpc")).await, everything("")).await;
    let from = watch.position.clone();
    let rest = Rest::new(server.address("http"));
    let body = r#"[{"key":"k","type":"Number","value":1}]"#;
    assert_eq!(rest.update("64e2f08a6155b317cd3f88fd", body).await.revision(), 2);
    assert_eq!(watch.next().await.revision, 2);
    let headers = [("idempotency-key", "a-request")];
    let put = rest.send(Method::PUT, "/forms/64e2f08a6155b317cd3f88fd", "[]", &headers).await;
    assert_eq!(put.status, 200, "{put:?}");
    let created = rest.create(r#"{"id":"x"}"#).await;
    assert_eq!(created.status, 201, "{created:?}");
    let deleted = rest.send(Method::DELETE, "/channel-sessions/x", "", &[]).await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    let history = rest.send(Method::GET, "/channel-sessions/64e2f08a6155b317cd3f88fd/history", "", &[]).await;
    assert_eq!(history.status, 200, "{history:?}");
    let expired = async || Sse::try_open(&rest, "", Some(&from)).await.is_err();
    until("the retention", expired).await;
    let exported = Process::command(&["export", "--database-url", &weak]).output().unwrap();
    assert!(exported.status.success(), "{exported:?}");

    server.ask_to_stop();
    assert!(server.wait().success());

    // What is missing is said by the commands themselves: whoever types them has no log to look it up in.
    let revoke = format!("REVOKE SELECT ON channel_session FROM {role}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(revoke)).execute(&mut owner).await.unwrap();
    let serve = ["serve", "--sample", "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];
    for command in [&["export"][..], &serve] {
        let refused = Process::command(&[command, &["--database-url", &weak]].concat()).output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains("permission denied for table channel_session"), "{command:?}: {said}");
        assert_eq!(refused.status.code(), Some(1), "{command:?}");
    }
    let drop = format!("DROP OWNED BY {role}; DROP ROLE {role}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&mut owner).await.unwrap();
}

#[test]
fn an_export_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mistyped.db");
    let url = format!("sqlite:{}", file.display());
    let exported = Process::command(&["export", "--database-url", &url]).output().unwrap();
    assert_eq!(exported.status.code(), Some(1), "{exported:?}");
    assert!(String::from_utf8_lossy(&exported.stderr).contains("there is no such file"), "{exported:?}");
    assert!(!file.exists());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sqlite_file_and_what_is_beside_it_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let service = Service::start(Store::Sqlite).await;
    let url = service.database_url();
    let file = url.strip_prefix("sqlite:").unwrap().split('?').next().unwrap();
    for file in [file, &format!("{file}-wal"), &format!("{file}-shm")] {
        let mode =
            std::fs::metadata(file).unwrap_or_else(|error| panic!("{file}: {error}")).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }

    // One that was restored from a copy keeps what rights it has, and whoever runs the service hears of it.
    let export = || {
        let exported = Process::command(&["export", "--database-url", &url]).output().unwrap();
        String::from_utf8(exported.stderr).unwrap()
    };
    assert!(!export().contains("chmod 600"));
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let said = export();
    assert!(said.contains(&format!("chmod 600 {file}")), "{said}");
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o640);
}
