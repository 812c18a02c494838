//! Tables that Citus keeps: everything is served but watches, which say so once and for all.
//!
//! Its catalog is made by hand here, since what callers are answered does not depend on what is behind it.

use http::Method;
use sqlx::{Connection, PgConnection};
use store_testkit::postgres::{self, Cluster};
use tonic::Code;

use crate::support::{
    Failure, Rest, Watch, process::Process, service::connect, timeout::until, watch::everything,
};

const CATALOG: &str = "
    SET allow_system_table_mods = on;
    CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);
    INSERT INTO pg_catalog.pg_dist_partition VALUES ('channel_session_event')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watches_are_refused_for_good_and_all_else_is_served() {
    // Nothing that would be warned of.
    let settings = vec!["fsync=on".to_owned()];
    let cluster = Cluster::start(postgres::Options { settings, ..Default::default() }).await;
    let url = cluster.url("postgres");
    assert!(Process::command(&["migrate", "--database-url", &url]).status().unwrap().success());
    let mut owner = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(CATALOG).execute(&mut owner).await.unwrap();
    let (grpc, http) = ("127.0.0.1:0", "127.0.0.1:0");
    let server = Process::start(&["serve", "--database-url", &url, "--grpc-addr", grpc, "--http-addr", http]);
    let (client, rest) = (connect(server.address("grpc")).await, Rest::new(server.address("http")));
    until("it is ready", async || rest.is_ready().await).await;

    assert_eq!(rest.create(r#"{"id":"x"}"#).await.status, 201);
    let body = r#"[{"key":"k","type":"Number","value":1}]"#;
    assert_eq!(rest.update("x", body).await.revision(), 2);
    let history = rest.send(Method::GET, "/channel-sessions/x/history", "", &[]).await;
    assert_eq!(history.status, 200, "{history:?}");

    let status = Watch::try_start(&client, everything("")).await.err().unwrap();
    let failure = Failure::from_status(&status);
    assert_eq!((status.code(), &*failure.reason), (Code::Unimplemented, "NOT_SUPPORTED"));
    assert!(failure.detail.contains("history"), "it says what there is instead: {failure:?}");
    // Also to a browser, which would come back again and again from what may pass.
    for accept in ["*/*", "text/event-stream"] {
        let answer = rest.send(Method::GET, "/events", "", &[("accept", accept)]).await;
        assert_eq!((answer.status.as_u16(), answer.failure()), (501, failure.clone()), "{accept}");
    }
    assert!(rest.is_ready().await);
    let log = server.log();
    // Beside the lines of these calls themselves: whoever makes them again and again should be found.
    let others = log.iter().filter(|line| line["message"] != "call");
    let warns = others.filter(|line| line["level"] == "WARN" || line["level"] == "ERROR");
    assert_eq!(warns.count(), 0, "it is no fault: {log:?}");
}
