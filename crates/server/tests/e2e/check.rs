//! `serve --check`, and that of a gateway: says in a line each whether a start would go well, and changes nothing.

mod gateway;

use std::{fs, net::TcpListener, path::Path};

use sqlx::{Connection, PgConnection};
use store_testkit::postgres;

use crate::support::{Service, Store, on_both_stores, process::Process, secure::Secure};

on_both_stores!(what_a_running_service_has_is_found_as_it_is);

/// Whether the check says that all is well, and its lines.
fn check(database_url: &str, flags: &[&str]) -> (bool, Vec<String>) {
    check_with(&[("DATABASE_URL", database_url)], flags)
}

/// The same with these variables.
fn check_with(variables: &[(&str, &str)], flags: &[&str]) -> (bool, Vec<String>) {
    let mut args = vec!["serve", "--check"];
    if !flags.contains(&"--http-addr") {
        args.extend(["--http-addr", "127.0.0.1:0"]);
    }
    args.extend(["--grpc-addr", "127.0.0.1:0"]);
    args.extend(flags);
    checked(&args, variables)
}

/// Whether a check says that all is well, and its lines.
fn checked(args: &[&str], variables: &[(&str, &str)]) -> (bool, Vec<String>) {
    let checked = Process::command(args).envs(variables.iter().copied()).output().unwrap();
    let out = String::from_utf8(checked.stdout).unwrap();
    let lines: Vec<_> = out.lines().map(str::to_owned).collect();
    let code = checked.status.code().unwrap();
    assert!(code < 2 && !lines.is_empty(), "{out}{}", String::from_utf8_lossy(&checked.stderr));
    for line in &lines {
        assert!(["ok ", "warning ", "FAILED "].iter().any(|verdict| line.starts_with(verdict)), "{line}");
    }
    assert_eq!(code == 1, lines.iter().any(|line| line.starts_with("FAILED ")), "{out}");
    (code == 0, lines)
}

/// The only line of what failed.
fn failure(database_url: &str, flags: &[&str]) -> String {
    let (is_well, mut lines) = check(database_url, flags);
    lines.retain(|line| line.starts_with("FAILED "));
    assert!(!is_well && lines.len() == 1, "{lines:?}");
    lines.remove(0)
}

fn says(lines: &[String], verdict: &str, words: &str) -> bool {
    lines.iter().any(|line| line.starts_with(verdict) && line.contains(words))
}

/// The names of a folder's files.
fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

async fn what_a_running_service_has_is_found_as_it_is(store: Store) {
    let mut service = Service::start(store).await;
    let url = service.database_url();
    let look = || {
        let path = url.strip_prefix("sqlite:").map(|file| Path::new(file).parent().unwrap().to_owned());
        let before = path.as_deref().map(files);
        let (is_well, lines) = check(&url, &[]);
        assert!(is_well && says(&lines, "ok ", "tables: they are those of this version"), "{lines:?}");
        assert_eq!(path.as_deref().map(files), before);
    };
    look();
    service.server.ask_to_stop();
    assert!(service.stop_server().success());
    look();
}

#[test]
fn a_file_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new.db").display());
    let (is_well, lines) = check(&url, &[]);
    assert!(is_well && says(&lines, "ok ", "not there yet"), "{lines:?}");
    assert_eq!(files(folder.path()), Vec::<String>::new());
    let nowhere = format!("sqlite:{}", folder.path().join("missing/new.db").display());
    assert!(failure(&nowhere, &[]).contains("missing"));
    // Somebody else's file.
    let other = folder.path().join("other.db");
    fs::write(&other, "no database at all, but some text that is long enough to look at").unwrap();
    failure(&format!("sqlite:{}", other.display()), &[]);
    assert_eq!(files(folder.path()), ["other.db"]);
}

/// Another program's tables do not get in the way, unless one has the name of the service's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_another_program_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", folder.path().join("other.db").display());
    let mut other = sqlx::SqliteConnection::connect(&format!("{file}?mode=rwc")).await.unwrap();
    sqlx::raw_sql("CREATE TABLE t (a)").execute(&mut other).await.unwrap();
    let (is_well, lines) = check(&file, &[]);
    assert!(
        is_well && says(&lines, "warning ", "tables: the file has those of another program"),
        "{lines:?}"
    );
    sqlx::raw_sql("CREATE TABLE channel_session (a)").execute(&mut other).await.unwrap();
    assert!(failure(&file, &[]).contains("another program"));

    let database = postgres::database().await;
    let mut owner = PgConnection::connect(database.url()).await.unwrap();
    sqlx::raw_sql("CREATE TABLE channel_session (a integer)").execute(&mut owner).await.unwrap();
    assert!(failure(database.url(), &[]).contains("another program"));
}

#[test]
fn a_file_that_is_only_to_be_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}?mode=ro", folder.path().join("new.db").display());
    assert!(failure(&url, &[]).contains("the service writes to it"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_looked_at_and_left_as_it_is() {
    let database = postgres::database().await;
    let (is_well, lines) = check(database.url(), &[]);
    assert!(is_well && says(&lines, "ok ", "database: it answers at"), "{lines:?}");
    assert!(says(&lines, "warning ", "tables: they are not those of this version"), "{lines:?}");
    let mut owner = PgConnection::connect(database.url()).await.unwrap();
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    let count: i64 = sqlx::query_scalar(tables).fetch_one(&mut owner).await.unwrap();
    assert_eq!(count, 0);

    // A role that has too little says so, with what.
    assert!(
        Process::command(&["migrate", "--database-url", database.url()]).output().unwrap().status.success()
    );
    let role = format!("checked_{}", std::process::id());
    let grants = format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'hunter2';
         GRANT SELECT ON _sqlx_migrations, channel_session TO {role}"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(grants)).execute(&mut owner).await.unwrap();
    let (_, place) = database.url().split_once('@').unwrap();
    let weak = format!("postgres://{role}:hunter2@{place}");
    let line = failure(&weak, &[]);
    assert!(line.contains("the role lacks") && line.contains("INSERT on channel_session"), "{line}");
    assert!(!line.contains("hunter2"), "{line}");
    let epochs: i64 =
        sqlx::query_scalar("SELECT count(*) FROM channel_session_epoch").fetch_one(&mut owner).await.unwrap();
    assert_eq!(epochs, 0, "nothing was begun");
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP OWNED BY {role}; DROP ROLE {role}")))
        .execute(&mut owner)
        .await
        .unwrap();

    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let line = failure(&format!("postgres://me:hunter2@{gone}/sessions"), &[]);
    assert!(line.contains(&gone.to_string()) && !line.contains("hunter2"), "{line}");
}

#[test]
fn what_does_not_fit_is_named_and_the_rest_is_looked_at_too() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new.db").display());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().map(|address| (address.to_string(), taken)).unwrap();
    assert!(failure(&url, &["--http-addr", &taken.0]).contains(&taken.0));
    assert!(
        failure(&url, &["--authn", "oidc", "--oidc-issuer", "https://a.example"]).contains("--oidc-audience")
    );

    let file = folder.path().join("credentials.json");
    fs::write(&file, r#"{"callers":[{"name":"a","scopes":[],"keys":["chs_secret"]}]}"#).unwrap();
    let keys = ["--authn", "api-keys", "--credentials-file", file.to_str().unwrap()];
    let line = failure(&url, &keys);
    assert!(line.contains("credentials.json") && !line.contains("chs_secret"), "{line}");
    fs::write(&file, r#"{"callers":[]}"#).unwrap();
    let (is_well, lines) = check(&url, &keys);
    assert!(is_well && says(&lines, "ok ", "0 keys and 0 certificates"), "{lines:?}");

    let secure = Secure::new();
    let flags = secure.flags();
    let tls: Vec<&str> = flags.iter().map(String::as_str).collect();
    let (is_well, lines) = check(&url, &tls);
    assert!(is_well && says(&lines, "ok ", "TLS certificate: it expires at"), "{lines:?}");
    secure.write("key.pem", "no key");
    assert!(failure(&url, &tls).contains("--tls-key"));
    assert!(failure(&url, &tls[..2]).contains("--tls-cert needs --tls-key"));

    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let issuer = format!("http://{gone}/realms/a");
    let tokens = ["--authn", "oidc", "--oidc-audience", "b", "--oidc-issuer", &issuer];
    assert!(failure(&url, &tokens).contains(&issuer));
    // All that is wrong is reported at once.
    let (_, lines) = check("mysql://a", &[&tokens[..], &["--http-addr", &taken.0]].concat());
    assert_eq!(lines.iter().filter(|line| line.starts_with("FAILED ")).count(), 3, "{lines:?}");
}

#[test]
fn more_memory_than_there_is_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new.db").display());
    let (is_well, lines) = check(&url, &["--memory-budget", "100000GiB"]);
    // Both figures, of which the second one is the machine's.
    let words = "memory: the process may take 102400222 MiB";
    assert!(is_well && says(&lines, "warning ", words) && says(&lines, "warning ", " MiB: "), "{lines:?}");
    let (_, lines) = check(&url, &[]);
    assert!(!lines.iter().any(|line| line.contains("memory:")), "{lines:?}");
    let grpc_addr = ["--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];
    let args = ["serve", "--database-url", &url, "--memory-budget", "100000GiB"];
    let started = Process::start(&[&args[..], &grpc_addr].concat());
    started.writes("a warning", |line| {
        line["message"].as_str().is_some_and(|said| said.contains("may take 102400222 MiB"))
    });
}

#[test]
fn variables_of_opentelemetrys_are_looked_at_by_their_own_names() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new.db").display());
    let set = |variables: &[(&str, &str)]| {
        let (is_well, lines) = check_with(&[&[("DATABASE_URL", &*url)], variables].concat(), &[]);
        let reported =
            lines.into_iter().filter(|line| line.contains("OTEL_") || line.contains("OpenTelemetry"));
        (is_well, reported.collect::<Vec<_>>())
    };
    let collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
    let (_, fine) =
        set(&[collector, ("OTEL_EXPORTER_OTLP_INSECURE", "true"), ("OTEL_GO_X_OBSERVABILITY", "1")]);
    assert_eq!(fine, ["ok      OpenTelemetry: traces or metrics go to http://127.0.0.1:4318/v1/traces"]);
    for (variable, value, words) in [
        ("OTEL_EXPORTER_OTLP_ENDPIONT", "http://a:4318", "OTEL_EXPORTER_OTLP_ENDPOINT is one"),
        ("OTEL_TRACES_SAMPLER_ARGS", "0.01", "OTEL_TRACES_SAMPLER_ARG is one"),
        ("OTEL_SDK_DISABLED", "yes", "neither true nor false"),
        ("OTEL_LOGS_EXPORTER", "otlp", "standard error"),
    ] {
        let (is_well, lines) = set(&[(variable, value)]);
        assert!(is_well && lines.len() == 1, "{lines:?}");
        assert!(says(&lines, "warning ", variable) && says(&lines, "warning ", words), "{lines:?}");
    }
    let (is_well, lines) = set(&[collector, ("OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2%zz")]);
    assert!(!is_well && says(&lines, "FAILED ", "OTEL_EXPORTER_OTLP_HEADERS"), "{lines:?}");
    assert!(!lines.concat().contains("hunter2"), "{lines:?}");
}
