//! A process that is asked to read its files again, by SIGHUP.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::{Front, Rest, Secure, Service, Store, process::Process, timeout::until};

/// What is said of each hangup.
const SAID: &str = "files were read again; other settings need a restart";

/// Sends a hangup, and returns what is said of it.
async fn hang_up(process: &Process) -> Value {
    let said = || process.log().into_iter().filter(|line| line["message"] == SAID).collect::<Vec<_>>();
    let before = said().len();
    process.signal("HUP");
    until("what is said of a hangup", async || said().len() > before).await;
    said().pop().unwrap()
}

/// Whether a line speaks of a file in one of its members.
fn names(line: &Value, members: &[&str], file: &str) -> bool {
    members.iter().any(|member| line[*member].as_str().is_some_and(|names| names.contains(file)))
}

fn calls(process: &Process) -> usize {
    process.log().iter().filter(|line| line["message"] == "call").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hangup_has_the_log_level_read_again() {
    let folder = tempfile::tempdir().unwrap();
    // Each has a file of its own, since it also looks at it by itself; and it never finds half of one.
    let paths = ["server", "gateway"].map(|name| folder.path().join(name));
    let set = |path: &Path, text: &str| {
        let whole = path.with_extension("new");
        fs::write(&whole, text).unwrap();
        fs::rename(&whole, path).unwrap();
    };
    paths.iter().for_each(|path| set(path, "info\n"));
    let [of_server, of_gateway] = paths.each_ref().map(|path| ["--log-level-file", path.to_str().unwrap()]);
    let service = Service::with_front(Store::Sqlite, Front::Alone, &of_server, &of_gateway).await;
    let processes = [&service.server, service.gateway.as_ref().unwrap()];
    for (process, path) in processes.into_iter().zip(&paths) {
        let rest = Rest::new(process.address("http"));
        let level = |text| set(path, text);
        hang_up(process).await;
        rest.get("x").await;
        until("the line of a call", async || calls(process) > 0).await;

        level("warn,channel_sessions_server=info");
        let line = hang_up(process).await;
        // Where the file was just looked at anyway, it has changed before.
        assert!(names(&line, &["changed", "unchanged"], "the log level"), "{line}");
        let before = calls(process);
        rest.get("x").await;
        // What is wrong is said at once, and what was there before goes on to hold.
        level("loud");
        let line = hang_up(process).await;
        assert!(names(&line, &["wrong"], "the log level"), "{line}");
        let line = process.says("the log level is wrong; what it said before goes on to hold");
        assert!(line["error"].as_str().unwrap().contains(path.to_str().unwrap()), "{line}");
        rest.get("x").await;
        let line = hang_up(process).await;
        assert!(names(&line, &["wrong"], "the log level"), "{line}");
        assert_eq!(calls(process), before);

        // What leaves out the line about itself is written before.
        level("error");
        process.signal("HUP");
        process.says("the log level is read again, and leaves out such lines");

        level("info");
        let line = hang_up(process).await;
        assert!(!names(&line, &["wrong"], "the log level"), "{line}");
        rest.get("x").await;
        until("the line of a call", async || calls(process) > before).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hangup_names_all_files_that_are_followed() {
    let secure = Secure::new();
    let credentials = secure.write("credentials.json", r#"{"callers": []}"#);
    let tenants = secure.write("tenants.json", r#"{"tenants": []}"#);
    let [credentials, tenants] = [&credentials, &tenants].map(|path| path.to_str().unwrap());
    let tls = secure.flags();
    let mut flags = vec!["--authn", "api-keys", "--credentials-file", credentials, "--tenants-file", tenants];
    flags.extend(tls.iter().map(String::as_str));
    let service = Service::with(Store::Sqlite, Front::Combined, &flags).await;
    let line = hang_up(&service.server).await;
    for file in ["the credentials file", "the tenants file", "the TLS certificate"] {
        assert!(names(&line, &["unchanged"], file), "{line}");
    }
    secure.write("tenants.json", r#"{"tenants": [{"name": "blue", "maxCalls": 1}]}"#);
    let line = hang_up(&service.server).await;
    assert!(names(&line, &["changed", "unchanged"], "the tenants file"), "{line}");
    service.server.says("the tenants file was read again");
    // What is wrong with one of them is logged with its path.
    for (name, file) in [
        ("credentials.json", "the credentials file"),
        ("tenants.json", "the tenants file"),
        ("certificate.pem", "the TLS certificate"),
    ] {
        let path = secure.write(name, "{");
        let line = service.server.says(&format!("{file} is wrong; what it said before goes on to hold"));
        assert!(line["error"].as_str().unwrap().contains(path.to_str().unwrap()), "{line}");
    }
}

#[test]
fn a_log_level_that_there_is_not_is_refused_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("level");
    let flags = ["serve", "--log-level-file", path.to_str().unwrap()];
    let refusal = |flags: &[&str]| {
        let ended = Process::command(flags).output().unwrap();
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
        String::from_utf8(ended.stderr).unwrap()
    };
    assert!(refusal(&flags).contains("it cannot be read: No such file"));
    fs::write(&path, "loud").unwrap();
    assert!(refusal(&flags).contains("loud is none of error, warn"));
    fs::write(&path, "info").unwrap();
    assert!(refusal(&[&flags[..], &["--log-level", "info"]].concat()).contains("cannot be used with"));
}
