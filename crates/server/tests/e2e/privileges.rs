//! A role that may not make tables can serve from tables that are there.

use sqlx::{Connection, PgConnection};

use crate::support::{Rest, Service, Store, process::Process};

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
         GRANT SELECT, INSERT, UPDATE ON channel_session TO {role};
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
    ]);
    let rest = Rest::new(server.address("http"));
    let body = r#"[{"key":"k","type":"Number","value":1}]"#;
    assert_eq!(rest.update("64e2f08a6155b317cd3f88fd", body).await.revision(), 2);
    let exported = Process::command(&["export", "--database-url", &weak]).output().unwrap();
    assert!(exported.status.success(), "{exported:?}");

    server.ask_to_stop();
    assert!(server.wait().success());
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
    assert!(!file.exists());
}
