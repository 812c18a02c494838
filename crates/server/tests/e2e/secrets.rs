//! What nobody else is to see: a database's password comes by a file too, and is in no command line, log, error or help text,
//! whatever is wrong with it.

use std::{fs, net::TcpListener, process::Output};

use store_testkit::postgres::{Cluster, Options};

use crate::support::process::Process;

const SECRET: &str = "hunter2-canary";

const ADDRESSES: [&str; 4] = ["--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_can_come_by_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (database, file) = (folder.path().join("of-file.db"), folder.path().join("url"));
    fs::write(&file, format!("sqlite:{}\n", database.display())).unwrap();
    let file = file.to_str().unwrap();
    let by_flag = Process::command(&["migrate", "--database-url-file", file]).output().unwrap();
    assert!(by_flag.status.success() && database.exists(), "{by_flag:?}");
    fs::remove_file(&database).unwrap();
    let by_variable = Process::command(&["migrate"]).env("DATABASE_URL_FILE", file).output().unwrap();
    assert!(by_variable.status.success() && database.exists(), "{by_variable:?}");

    // Which of the two is meant is for its operator to say.
    for (flags, variables) in [
        (&["--database-url", SECRET, "--database-url-file", file][..], &[][..]),
        (&["--database-url-file", file], &[("DATABASE_URL", SECRET)]),
        (&["--database-url", SECRET], &[("DATABASE_URL_FILE", file)]),
        (&[], &[("DATABASE_URL", SECRET), ("DATABASE_URL_FILE", file)]),
    ] {
        let both = Process::command(&[&["migrate"], flags].concat())
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let said = text(&both);
        assert_eq!(both.status.code(), Some(2), "{said}");
        for words in ["--database-url", "--database-url-file", "unset"] {
            assert!(said.contains(words), "{said}");
        }
        assert!(!said.contains(SECRET), "{said}");
    }
    for (content, words) in [(None, "cannot be read"), (Some(""), "empty"), (Some("a\nb\n"), "line")] {
        match content {
            Some(content) => fs::write(file, content).unwrap(),
            None => fs::remove_file(file).unwrap(),
        }
        let refused = Process::command(&["serve"]).env("DATABASE_URL_FILE", file).output().unwrap();
        let said = text(&refused);
        assert!(refused.status.code() == Some(2) && said.contains(file) && said.contains(words), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_command_line_holds_a_secret_that_came_otherwise() {
    let cluster = Cluster::start(Options::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    let url = cluster.url("postgres");
    let url = format!("{url}{}application_name={SECRET}", if url.contains('?') { '&' } else { '?' });
    fs::write(&file, &url).unwrap();
    for (name, value) in [("DATABASE_URL_FILE", file.to_str().unwrap()), ("DATABASE_URL", &url)] {
        let mut command = Process::command(&[&["serve"], &ADDRESSES[..]].concat());
        command.env(name, value);
        let process = Process::spawn(command);
        process.says("ready");
        let cmdline = fs::read(format!("/proc/{}/cmdline", process.id())).unwrap();
        assert!(!String::from_utf8_lossy(&cmdline).contains(SECRET), "{name}");
        assert!(!format!("{:?}", process.log()).contains(SECRET), "{name}: {:?}", process.log());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_in_no_error_whatever_is_wrong() {
    let cluster = Cluster::start(Options::default()).await;
    let place = cluster.url("postgres");
    let place = place.rsplit_once('@').map_or_else(|| place.split_once("://").unwrap().1, |(_, place)| place);
    let query = if place.contains('?') { '&' } else { '?' };
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let urls = [
        // Who is not known there, and a database that is not.
        format!("postgres://nobody:{SECRET}@{place}"),
        format!("postgres://postgres:{SECRET}@{}", place.replacen("/postgres", "/missing", 1)),
        // Parameters that are unknown, or have no such value.
        format!("postgres://postgres:{SECRET}@{place}{query}unknown=1"),
        format!("postgres://postgres:{SECRET}@{place}{query}sslmode=never"),
        format!("postgres://postgres:{SECRET}@{place}{query}sslmode=verify-full&sslrootcert=/nowhere"),
        format!("postgres://postgres@{place}{query}password={SECRET}&connect_timeout=soon"),
        format!("postgres://postgres@{place}{query}options=-c%20nonsense%3D{SECRET}&password={SECRET}"),
        // What is no URL.
        format!("postgres://me:{SECRET}@localhost:port/sessions"),
        format!("postgres://me:{SECRET}@[::1/sessions"),
        format!("postgres://me:{SECRET}#more@localhost/sessions"),
        format!("postgres://me:{SECRET}%zz@{place}"),
        format!("postgres:me:{SECRET}@localhost/sessions"),
        format!("postgres//me:{SECRET}@localhost/sessions"),
        format!("mysql://me:{SECRET}@localhost/sessions"),
        SECRET.to_owned(),
    ];
    for url in &urls {
        for format in ["json", "text"] {
            let flags = ["migrate", "--log-level", "trace", "--log-format", format];
            let failed = Process::command(&flags).env("DATABASE_URL", url).output().unwrap();
            let said = text(&failed);
            assert!(!failed.status.success() && !said.is_empty(), "{url}: {said}");
            assert!(!said.contains(SECRET), "{url}: {said}");
        }
    }
    // A host that does not answer is waited for.
    for host in [closed.to_string(), "no-such-host.invalid".to_owned()] {
        let mut command = Process::command(&[&["serve", "--log-level", "trace"], &ADDRESSES[..]].concat());
        command.env("DATABASE_URL", format!("postgres://me:{SECRET}@{host}/sessions?password={SECRET}"));
        let process = Process::spawn(command);
        process.says("waiting for the database");
        assert!(!format!("{:?}", process.log()).contains(SECRET), "{:?}", process.log());
    }
    // Where no URL is expected at all.
    for arguments in
        [&["serve", "--database"][..], &["serve"], &["import", "--database-url=sqlite:x"], &["nothing"]]
    {
        let url = format!("postgres://me:{SECRET}@localhost/sessions");
        let refused = Process::command(&[arguments, &[&url, &url]].concat()).output().unwrap();
        assert!(!text(&refused).contains(SECRET), "{arguments:?}: {}", text(&refused));
    }
    for command in ["serve", "gateway", "migrate", "create-key", "import", "export"] {
        let url = format!("postgres://me:{SECRET}@localhost/sessions");
        let help = Process::command(&[command, "--help"]).env("DATABASE_URL", url).output().unwrap();
        assert!(help.status.success() && !text(&help).contains(SECRET), "{command}");
    }
}
