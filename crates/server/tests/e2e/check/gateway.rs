//! `gateway --check`: whether a gateway would start, and reaches its service.

use std::net::TcpListener;

use tls::authority::Issued;

use super::{checked, says};
use crate::support::{Front, Service, Store, process::Process, secure::Secure, timeout::until};

/// Whether the check says that all is well of a gateway before this address, and its lines.
fn check(grpc_addr: &str, flags: &[&str]) -> (bool, Vec<String>) {
    let mut args = vec!["gateway", "--check", "--grpc-addr", grpc_addr];
    if !flags.contains(&"--http-addr") {
        args.extend(["--http-addr", "127.0.0.1:0"]);
    }
    checked(&[&args, flags].concat(), &[])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_reached_is_told_from_one_that_is_not() {
    let service = Service::start(Store::Sqlite).await;
    let grpc_addr = service.server.address("grpc").to_string();
    let (is_well, lines) = check(&grpc_addr, &[]);
    assert!(is_well && says(&lines, "ok ", &format!("service: it is ready at {grpc_addr}")), "{lines:?}");
    assert!(says(&lines, "ok ", "settings: ") && says(&lines, "ok ", "address: "), "{lines:?}");

    // What is not a gateway's affair does not stop it.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let database = format!("postgres://me:hunter2@{gone}/sessions");
    let unreachable =
        ["serve", "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0", "--database-url", &database];
    let waiting = Process::start_without_store(&unreachable);
    let waiting = waiting.address("grpc").to_string();
    // For its first seconds it has callers wait for the store.
    let is_reported = async || {
        let (is_well, lines) = check(&waiting, &[]);
        is_well && says(&lines, "warning ", "and is not ready: ")
    };
    until("a service that is not ready", is_reported).await;

    let (is_well, lines) = check(&gone, &[]);
    let said = format!("service: it cannot be called at {gone} (--grpc-addr): ");
    assert!(!is_well && says(&lines, "FAILED ", &said) && says(&lines, "FAILED ", "refused"), "{lines:?}");
    // REST is no gRPC.
    let rest = service.server.address("http").to_string();
    let (is_well, lines) = check(&rest, &[]);
    assert!(!is_well && says(&lines, "FAILED ", "service: it cannot be called"), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().map(|address| (address.to_string(), taken)).unwrap();
    let (_, lines) = check("127.0.0.1:0", &["--http-addr", &taken.0]);
    assert!(says(&lines, "FAILED ", "settings: --grpc-addr needs the port"), "{lines:?}");
    assert!(says(&lines, "FAILED ", &format!("cannot listen on {}", taken.0)), "{lines:?}");

    let secure = Secure::new();
    let flags = secure.mutual();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let service = Service::with(Store::Sqlite, Front::Combined, &flags).await;
    let address = format!("localhost:{}", service.server.address("grpc").port());
    let own = |own: &Issued| {
        let flags = secure.upstream(own);
        check(&address, &flags.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let (is_well, lines) = own(&secure.authority.issue(&["gateway.example.com"]));
    assert!(is_well && says(&lines, "ok ", "service: it is ready"), "{lines:?}");
    assert!(says(&lines, "ok ", "certificate for the service: it expires at"), "{lines:?}");
    let (is_well, lines) = own(&secure.authority.expired(&["gateway.example.com"]));
    assert!(!is_well && says(&lines, "FAILED ", "certificate for the service: it expired"), "{lines:?}");
    assert!(says(&lines, "FAILED ", "service: it cannot be called"), "{lines:?}");
    // Without TLS, what may be missing is named: whether a client hears of it before it is cut off is a race.
    let (is_well, lines) = check(&service.server.address("grpc").to_string(), &[]);
    assert!(!is_well && says(&lines, "FAILED ", "where it speaks TLS, give --upstream-ca"), "{lines:?}");
}
