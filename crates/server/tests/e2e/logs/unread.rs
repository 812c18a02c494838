//! Standard error is a pipe, and whoever reads it stops: calls go on, and so does the end of the process.

use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
    time::{Duration, Instant},
};

use http::Method;
use serde_json::Value;

use crate::support::{Rest, process::Process};

/// As many as have more lines than a pipe holds.
const CALLS: usize = 600;

/// What a stop takes at most beside a reader that does not read.
const SOON: Duration = Duration::from_secs(20);

fn serve(folder: &tempfile::TempDir, flags: &[&str]) -> std::process::Child {
    let url = format!("sqlite:{}", folder.path().join("new.db").display());
    let addresses = ["--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0", "--lame-duck", "0s"];
    let args = [&["serve", "--sample", "--database-url", &url], &addresses[..], flags].concat();
    Process::command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn kill(signal: &str, child: &std::process::Child) {
    let sent =
        std::process::Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Reads lines up to one with a message, and returns all of them.
fn read_to(lines: &mut impl Iterator<Item = std::io::Result<String>>, message: &str) -> Vec<Value> {
    let mut read = Vec::new();
    for line in lines.map_while(Result::ok) {
        let line: Value = serde_json::from_str(&line).unwrap();
        read.push(line.clone());
        if line["message"] == message {
            return read;
        }
    }
    panic!("no {message:?} in {read:#?}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_calls_waits_for_whoever_reads_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = serve(&folder, &[]);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let read = read_to(&mut lines, "ready");
    let listening = read.iter().find(|line| line["message"] == "listening").unwrap();
    let rest = Rest::new(listening["http"].as_str().unwrap().parse().unwrap());
    // From here on, nobody reads.
    for value in 0..CALLS {
        let body = format!(r#"[{{"key":"k","type":"Number","value":{value}}}]"#);
        assert_eq!(rest.update("64e2f08a6155b317cd3f88fd", body).await.status, 200);
    }
    assert_eq!(rest.send(Method::GET, "/healthz", "", &[]).await.status, 200);

    let since = Instant::now();
    kill("TERM", &child);
    assert!(child.wait().unwrap().success());
    assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_lines_of_a_stop_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = serve(&folder, &[]);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    read_to(&mut lines, "ready");
    // These do not end a service, and none of them is lost on the way either.
    for name in ["HUP", "USR1", "USR2", "XFSZ"] {
        kill(name, &child);
    }
    let mut signals = Vec::new();
    while signals.len() < 3 {
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        signals.extend(line["signal"].as_str().map(ToOwned::to_owned));
    }
    signals.sort_unstable();
    assert_eq!(signals, ["SIGHUP", "SIGUSR1", "SIGUSR2"]);
    kill("TERM", &child);
    read_to(&mut lines, "stopped");
    assert!(child.wait().unwrap().success());
}

/// Somebody pages through what a command writes, and stops it.
#[test]
fn a_command_that_writes_to_nobody_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new.db").display());
    let mut import = Process::command(&["import", "--database-url", &url, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = import.stdin.take().unwrap();
    // Each line is reported, and nobody reads the reports; so it reads no more lines either, in the end.
    let feed = std::thread::spawn(move || while stdin.write_all(b"no JSON, and so a bad line\n").is_ok() {});
    let mut listens = false;
    while !listens {
        let status = std::fs::read_to_string(format!("/proc/{}/status", import.id())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
        // The bit of SIGTERM.
        listens = u64::from_str_radix(caught, 16).unwrap() & (1 << 14) != 0;
    }
    let since = Instant::now();
    kill("TERM", &import);
    assert!(!import.wait().unwrap().success());
    assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
    feed.join().unwrap();
}
