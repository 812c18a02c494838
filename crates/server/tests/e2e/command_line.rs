//! The commands as an operator runs them: what they do, what they say, and what they exit with.

use std::{
    any::Any,
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use http::StatusCode;
use serde_json::Value;
use store_testkit::{postgres, seed::CHANNEL_SESSION};

use crate::support::{Rest, Service, Store, json, on_both_stores, process::Process};

on_both_stores!(
    what_was_exported_can_be_imported_anywhere,
    what_mongoexport_writes_is_imported_as_plain_json,
    bad_lines_are_reported_and_the_others_stored,
    an_import_needs_no_stop_of_the_service,
    migrating_twice_is_migrating_once,
    several_processes_can_migrate_a_new_database_at_once,
    a_sample_that_was_changed_stays_changed,
);

const ID: &str = "64e2f08a6155b317cd3f88fd";

/// A database without tables.
struct Fresh {
    url: String,
    _keep: Box<dyn Any>,
}

impl Fresh {
    async fn new(store: Store) -> Self {
        match store {
            Store::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite:{}", folder.path().join("new.db").display());
                Self { url, _keep: Box::new(folder) }
            }
            Store::Postgres | Store::GuardedPostgres => {
                let database = postgres::database().await;
                Self { url: database.url().to_owned(), _keep: Box::new(database) }
            }
        }
    }
}

/// What a command that ended left behind.
#[derive(Debug)]
struct Ended {
    code: i32,
    out: String,
    err: String,
}

fn ended(output: Output) -> Ended {
    Ended {
        code: output.status.code().expect("no signal ended it"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn run(args: &[&str]) -> Ended {
    ended(Process::command(args).output().unwrap())
}

fn import(database_url: &str, file: &Path, flags: &[&str]) -> Ended {
    run(&[&["import", "--database-url", database_url, file.to_str().unwrap()], flags].concat())
}

fn export(database_url: &str, flags: &[&str]) -> Ended {
    run(&[&["export", "--database-url", database_url], flags].concat())
}

/// A file that goes away with the folder that is returned beside it.
fn file(content: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.json");
    fs::write(&path, content).unwrap();
    (folder, path)
}

async fn what_was_exported_can_be_imported_anywhere(store: Store) {
    // In the order of their ids, which is how they come back.
    let documents = [
        r#"{"id":"A","n":[12345678901234567890,0.10,-0,1e2],"nothing":null}"#.to_owned(),
        r#"{"id":"GQLAJRxeLTC7rVOhclj79Q..","_id":"other","v":{"$oid":"kept as it is, with --raw"}}"#
            .to_owned(),
        json(CHANNEL_SESSION).to_text().replace(ID, "b"),
        r#"{"id":"ä \"💬\"\\","":{"":[[],{}]}}"#.to_owned(),
    ];
    let (_folder, path) = file(&format!("{}\n", documents.join("\n")));
    let first = Fresh::new(store).await;
    let imported = import(&first.url, &path, &["--raw"]);
    let all = "imported 4 sessions, skipped 0, refused 0\n";
    assert_eq!((imported.code, &*imported.out), (0, all), "{imported:?}");

    let lines = export(&first.url, &[]);
    assert!(lines.code == 0 && lines.err.ends_with("exported 4 sessions\n"), "{lines:?}");
    assert_eq!(lines.out.lines().map(json).collect::<Vec<_>>(), documents.each_ref().map(|it| json(it)));
    let array = export(&first.url, &["--array"]);
    assert!(array.code == 0 && array.err.ends_with("exported 4 sessions\n"), "{array:?}");
    assert_eq!(json(&array.out).to_text(), format!("[{}]", lines.out.trim_end().replace('\n', ",")));

    // To either store, from either form, through a file that the export writes itself.
    for (flags, other) in [(&[][..], Store::Sqlite), (&["--array"][..], Store::Postgres)] {
        let written = path.with_extension("exported");
        let output = ["--output", written.to_str().unwrap()];
        let exported = export(&first.url, &[flags, &output].concat());
        assert_eq!((exported.code, &*exported.out), (0, ""), "{exported:?}");
        let second = Fresh::new(other).await;
        let imported = import(&second.url, &written, &["--raw"]);
        assert_eq!((imported.code, &*imported.out), (0, all), "{imported:?}");
        // Both stores export the same bytes.
        assert_eq!(export(&second.url, &[]).out, lines.out);
        assert_eq!(export(&second.url, &["--array"]).out, array.out);

        let again = import(&second.url, &written, &["--raw", "--existing", "skip"]);
        assert_eq!((again.code, &*again.out), (0, "imported 0 sessions, skipped 4, refused 0\n"));
    }
}

async fn what_mongoexport_writes_is_imported_as_plain_json(store: Store) {
    let (_folder, path) = file(
        r#"[{"_id":{"$oid":"64e2f08a6155b317cd3f88fd"},"at":{"$date":"2023-08-21T04:38:50.123Z"},"n":1},
            {"_id":"own","id":"a","n":{"$numberLong":"9223372036854775807"},"d":{"$numberDecimal":"0.10"}}]"#,
    );
    let fresh = Fresh::new(store).await;
    let imported = import(&fresh.url, &path, &[]);
    assert_eq!((imported.code, &*imported.out), (0, "imported 2 sessions, skipped 0, refused 0\n"));
    let exported = export(&fresh.url, &["--array"]);
    let plain = r#"[{"id":"64e2f08a6155b317cd3f88fd","at":"2023-08-21T04:38:50.123Z","n":1},
        {"_id":"own","id":"a","n":9223372036854775807,"d":0.10}]"#;
    assert_eq!(json(&exported.out), json(plain));
}

async fn bad_lines_are_reported_and_the_others_stored(store: Store) {
    let lines = [
        "{\"id\":\"a\"}",
        "no JSON",
        "",
        "{\"no\":\"id\"}",
        "{\"id\":\"b\"}",
        "{\"id\":\"a\"}",
        "{\"id\":\"..\"}",
    ];
    let (_folder, path) = file(&lines.join("\n"));
    let fresh = Fresh::new(store).await;
    let imported = import(&fresh.url, &path, &[]);
    assert_eq!((imported.code, &*imported.out), (1, "imported 2 sessions, skipped 0, refused 4\n"));
    let reported: Vec<_> = imported.err.lines().collect();
    assert_eq!(reported.len(), 4, "{imported:?}");
    for (line, place) in reported.iter().zip(["line 2: ", "line 4: id ", "line 6: ", "line 7: "]) {
        assert!(line.starts_with(place), "{line}");
    }
    assert_eq!(export(&fresh.url, &[]).out, "{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new.db").display());
    let imported = import(&url, &folder.path().join("missing.json"), &[]);
    assert_eq!((imported.code, &*imported.out), (1, ""));
    assert!(imported.err.contains("cannot open") && imported.err.contains("missing.json"), "{imported:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no database is made for it");
    let (_folder, good) = file(r#"{"id":"a"}"#);
    assert_eq!(import(&url, &good, &[]).code, 0);
    let output = folder.path().join("no such folder").join("out.json");
    let exported = export(&url, &["--output", output.to_str().unwrap()]);
    assert_eq!((exported.code, &*exported.out), (1, ""));
    assert!(exported.err.contains("cannot write") && exported.err.contains("out.json"), "{exported:?}");
    let missing = format!("there is no folder {}: make it", output.parent().unwrap().display());
    assert!(exported.err.contains(&missing) && !exported.err.contains(".part"), "{exported:?}");
    // A folder is no file, and nothing was stopped half-way.
    let imported = import(&url, folder.path(), &[]);
    assert!(imported.err.contains("is a folder") && !imported.err.contains("--existing"), "{imported:?}");
    // Nor is there a database in a folder that is not there; and a file alone is no URL.
    let exported = export(&format!("sqlite:{}", output.display()), &[]);
    assert!(exported.err.contains("its folder") && exported.err.contains("no such folder"), "{exported:?}");
    assert!(export("x.db", &[]).err.contains("sqlite:x.db"));
}

async fn an_import_needs_no_stop_of_the_service(store: Store) {
    let service = Service::start(store).await;
    let document = r#"{"id":"imported","channelData":{"additionalAttributes":[]},"n":0.10}"#;
    let (_folder, path) = file(document);
    let imported = import(&service.database_url(), &path, &[]);
    assert_eq!((imported.code, &*imported.out), (0, "imported 1 session, skipped 0, refused 0\n"));
    let got = service.rest().get("imported").await;
    assert_eq!((json(got.document()), got.revision()), (json(document), 1));
    let updated = service.rest().update("imported", r#"[{"key":"k","type":"Boolean","value":true}]"#).await;
    assert_eq!(updated.revision(), 2);
    // And an export meanwhile has what is there.
    let exported = export(&service.database_url(), &[]).out;
    assert!(exported.lines().any(|line| json(line) == json(&updated.body)), "{exported}");
}

async fn migrating_twice_is_migrating_once(store: Store) {
    let fresh = Fresh::new(store).await;
    for _ in 0..2 {
        let migrated = run(&["migrate", "--database-url", &fresh.url]);
        // Nothing has gone wrong, so there is nothing to say beside the result.
        assert_eq!((migrated.code, &*migrated.err), (0, ""));
        assert_eq!(migrated.out, "the database's tables are those of this version\n");
    }
    let (_folder, path) = file(r#"{"id":"a"}"#);
    assert_eq!(import(&fresh.url, &path, &[]).code, 0);
    assert_eq!(run(&["migrate", "--database-url", &fresh.url]).code, 0);
    assert_eq!(export(&fresh.url, &[]).out, "{\"id\":\"a\"}\n");
}

async fn several_processes_can_migrate_a_new_database_at_once(store: Store) {
    for _ in 0..4 {
        let fresh = Fresh::new(store).await;
        let start = || {
            let mut command = Process::command(&["migrate", "--database-url", &fresh.url]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let started = [start(), start(), start(), start()];
        for process in started {
            let migrated = ended(process.wait_with_output().unwrap());
            assert_eq!(migrated.code, 0, "{migrated:?}");
        }
        let exported = export(&fresh.url, &[]);
        assert_eq!((exported.code, &*exported.out), (0, ""), "{exported:?}");
    }
}

async fn a_sample_that_was_changed_stays_changed(store: Store) {
    let service = Service::start(store).await;
    let changed = service.rest().update(ID, r#"[{"key":"name","type":"String50","value":"new"}]"#).await;
    assert_eq!(changed.revision(), 2);
    let second = service.another(&[]);
    let got = Rest::new(second.address("http")).get(ID).await;
    assert_eq!((got.revision(), json(got.document())), (2, json(&changed.body)));
}

#[tokio::test]
async fn a_service_that_cannot_start_says_what_to_fix_and_shows_no_password() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let here = format!("sqlite:{}", folder.path().join("here.db").display());
    let nowhere = format!("sqlite:{}", folder.path().join("missing/nowhere.db").display());
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("mysql://me:hunter2@localhost/sessions", &[], &["--database-url", "postgres://", "sqlite:"]),
        ("hunter2", &[], &["--database-url", "postgres://", "sqlite:"]),
        ("postgres://me:hunter2@localhost:port/sessions", &[], &["database URL", "postgres://"]),
        (&nowhere, &[], &["cannot open", "nowhere.db"]),
        ("sqlite::memory:", &[], &["memory", "sqlite:channel-sessions.db"]),
        (&here, &["--grpc-addr", &taken], &["cannot listen", &taken, "--grpc-addr"]),
        (&here, &["--http-addr", &taken], &["cannot listen", &taken, "--http-addr"]),
        (&here, &["--http-addr", "no-such-host.invalid:0"], &["cannot listen", "no-such-host.invalid"]),
    ];
    let usual = ["serve", "--insecure", "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];
    for (url, flags, said) in cases {
        // A flag that comes twice is refused, so what a case sets is taken out of the usual.
        let mut args: Vec<_> = usual.to_vec();
        if let [flag, value] = flags {
            let at = args.iter().position(|arg| arg == flag).unwrap();
            args[at + 1] = value;
        }
        let refused = run(&[&args[..], &["--database-url", url]].concat());
        assert_eq!((refused.code, &*refused.out), (1, ""), "{url} {flags:?}: {refused:?}");
        for words in *said {
            assert!(refused.err.contains(words), "{url} {flags:?} without {words}: {}", refused.err);
        }
        assert!(!refused.err.contains("hunter2"), "{url}: {}", refused.err);
    }
}

#[test]
fn help_is_no_failure_and_a_mistake_is_one() {
    for command in ["serve", "gateway", "migrate", "import", "export"] {
        let secret = "postgres://me:hunter2@localhost/sessions";
        let help = Process::command(&[command, "--help"]).env("DATABASE_URL", secret).output().unwrap();
        let help = ended(help);
        assert_eq!((help.code, &*help.err), (0, ""), "{command}");
        assert!(help.out.contains("Usage: channel-sessions"), "{}", help.out);
        assert!(!help.out.contains("hunter2"), "{}", help.out);
        assert_eq!(help.out.contains("DATABASE_URL"), command != "gateway", "{command}");

        let mistake = run(&[command, "--no-such-flag"]);
        assert_eq!((mistake.code, &*mistake.out), (2, ""), "{command}");
        assert!(mistake.err.contains("--no-such-flag"), "{}", mistake.err);
    }
    assert_eq!(run(&["--help"]).code, 0);
    let version = run(&["--version"]);
    assert_eq!(
        (version.code, &*version.out),
        (0, concat!("channel-sessions ", env!("CARGO_PKG_VERSION"), "\n"))
    );
    let nothing = run(&[]);
    assert_eq!(nothing.code, 2);
    assert!(nothing.err.contains("serve"), "{}", nothing.err);
    assert_eq!(run(&["no-such-command"]).code, 2);
}

/// `serve` with variables in place of flags; killed when dropped.
struct Served {
    child: Child,
    listening: Value,
}

impl Served {
    fn start(flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command: Command = Process::command(&[&["serve"], flags].concat());
        let child = command.envs(variables.iter().copied()).stderr(Stdio::piped()).spawn().unwrap();
        let mut served = Self { child, listening: Value::Null };
        let stderr = BufReader::new(served.child.stderr.take().unwrap());
        let mut said = Vec::new();
        for line in stderr.lines().map_while(Result::ok) {
            if line.contains("\"message\":\"listening\"") {
                served.listening = serde_json::from_str(&line).unwrap();
            } else if line.contains("\"message\":\"ready\"") {
                return served;
            } else {
                said.push(line);
            }
        }
        panic!("{flags:?} {variables:?} does not listen: {said:?}")
    }

    fn address(&self, of: &str) -> std::net::SocketAddr {
        self.listening[of].as_str().unwrap().parse().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn variables_say_the_same_as_flags_and_flags_win() {
    let folder = tempfile::tempdir().unwrap();
    let [of_variable, of_flag] = ["variable.db", "flag.db"].map(|name| folder.path().join(name));
    let url = |path: &Path| format!("sqlite:{}", path.display());
    let database_url = url(&of_variable);
    let variables = [
        // All of 127.0.0.0/8 is this machine.
        ("GRPC_ADDR", "127.0.0.2:0"),
        ("HTTP_ADDR", "127.0.0.3:0"),
        ("DATABASE_URL", &*database_url),
        ("MAX_ATTRIBUTES", "3"),
        ("VALUE_RULES", "lenient"),
    ];
    let grown = r#"[{"key":"new","type":"Number","value":1}]"#;
    let unfit = r#"[{"key":"name","type":"Number","value":"not a number"}]"#;

    let served = Served::start(&["--sample"], &variables);
    assert_eq!(served.address("grpc").ip().to_string(), "127.0.0.2");
    assert_eq!(served.address("http").ip().to_string(), "127.0.0.3");
    let rest = Rest::new(served.address("http"));
    assert_eq!(rest.update(ID, grown).await.failure().reason, "TOO_MANY_ATTRIBUTES");
    assert_eq!(rest.update(ID, unfit).await.status, StatusCode::OK);
    assert!(of_variable.exists() && !of_flag.exists());
    drop(served);

    let database_url = url(&of_flag);
    let flags = [
        "--sample",
        "--grpc-addr=127.0.0.1:0",
        "--http-addr=127.0.0.1:0",
        "--database-url",
        &database_url,
        "--max-attributes=10",
        "--value-rules=strict",
    ];
    let served = Served::start(&flags, &variables);
    assert_eq!(served.address("grpc").ip().to_string(), "127.0.0.1");
    assert_eq!(served.address("http").ip().to_string(), "127.0.0.1");
    let rest = Rest::new(served.address("http"));
    assert_eq!(rest.update(ID, grown).await.status, StatusCode::OK);
    assert_eq!(rest.update(ID, unfit).await.failure().reason, "INVALID_ATTRIBUTES");
    assert!(of_flag.exists());
}

#[test]
fn a_variable_that_is_refused_is_named() {
    let mut command = Process::command(&["serve"]);
    let refused = ended(command.env("MAX_ATTRIBUTES", "many").output().unwrap());
    assert_eq!((refused.code, &*refused.out), (2, ""));
    assert!(refused.err.contains("--max-attributes") && refused.err.contains("many"), "{}", refused.err);
}

/// What a machine reads is in one form, from the first line on.
#[test]
fn a_start_that_fails_says_so_in_the_logs_format() {
    let only_json = |ended: &Ended, words: &str| {
        let lines: Vec<Value> = ended
            .err
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
            .collect();
        let received =
            |line: &&Value| line["message"].as_str().is_some_and(|message| message.contains(words));
        let line = lines.iter().find(received).unwrap_or_else(|| panic!("no {words} in {lines:?}"));
        assert_eq!(line["level"], "ERROR", "{line}");
    };
    let refused =
        run(&["serve", "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0", "--database-url", "x"]);
    assert_eq!(refused.code, 1);
    only_json(&refused, "--database-url");
    let refused = run(&["serve", "--max-attributes=many"]);
    assert_eq!(refused.code, 2);
    only_json(&refused, "--max-attributes");
    let mut command = Process::command(&["migrate", "--database-url", "x"]);
    let refused = ended(command.env("LOG_FORMAT", "json").output().unwrap());
    assert_eq!(refused.code, 1);
    only_json(&refused, "--database-url");
    // Whoever types a command reads text.
    let refused = run(&["migrate", "--database-url", "x"]);
    assert!(refused.code == 1 && refused.err.starts_with("channel-sessions: "), "{refused:?}");
}

#[test]
fn a_variable_that_looks_like_a_setting_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new.db").display());
    let mut command = Process::command(&["migrate", "--database-url", &url]);
    let migrated = ended(command.env("MAX_ATTRIBUTE", "20").env("HOME", "/").output().unwrap());
    assert_eq!(migrated.code, 0, "{migrated:?}");
    let line: Value = serde_json::from_str(migrated.err.lines().next().unwrap()).unwrap();
    assert_eq!((&line["variable"], &line["setting"]), (&"MAX_ATTRIBUTE".into(), &"MAX_ATTRIBUTES".into()));
}

#[test]
fn an_input_that_is_no_export_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new.db").display());
    let path = folder.path().join("input");
    let utf16: Vec<u8> = "\u{feff}[]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(&[u8], &str); 8] = [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (&[0x1f, 0x8b, 8, 0], "gzip"),
        (&[0x28, 0xb5, 0x2f, 0xfd, 0], "zstd"),
        (&utf16, "UTF-16"),
        (&utf16[2..], "UTF-16"),
        (&[0xfe, 0xff, 0, b'['], "UTF-16"),
        (b"PK\x03\x04", "zip"),
    ];
    for (content, named) in cases {
        fs::write(&path, content).unwrap();
        let refused = import(&url, &path, &[]);
        assert!(refused.code == 1 && refused.err.contains(named), "{named}: {refused:?}");
    }
}
