//! What listens beyond this machine is not open to everybody, unless that is meant.

use std::process::Output;

use crate::support::{Secure, process::Process};

/// What a command says that does not start.
fn refused(args: &[&str]) -> String {
    let Output { status, stderr, .. } = Process::command(args).output().unwrap();
    assert_eq!(status.code(), Some(1), "{args:?}");
    String::from_utf8(stderr).unwrap()
}

#[test]
fn what_others_reach_needs_tls_and_a_way_of_knowing_callers() {
    let secure = Secure::new();
    let keys = secure.write("credentials.json", r#"{"callers":[]}"#);
    let url = format!("sqlite:{}", secure.folder().join("sessions.db").display());
    let flags = secure.flags();
    let tls: Vec<&str> = flags.iter().map(String::as_str).collect();
    let authn = ["--authn", "api-keys", "--credentials-file", keys.to_str().unwrap()];
    for (grpc, http) in [("0.0.0.0:0", "127.0.0.1:0"), ("127.0.0.1:0", "[::]:0")] {
        let serve =
            ["serve", "--database-url", &url, "--lame-duck", "0s", "--grpc-addr", grpc, "--http-addr", http];
        for (given, missing) in [
            (vec![], "give --tls-cert and --tls-key, and --authn; or --insecure"),
            (tls.clone(), "give --authn; or --insecure"),
            (authn.to_vec(), "give --tls-cert and --tls-key; or --insecure"),
        ] {
            let said = refused(&[&serve[..], &given].concat());
            assert!(said.contains(missing), "{said}");
        }
        let both = Process::start(&[&serve[..], &tls, &authn].concat());
        assert!(both.log().iter().all(|line| line["level"] != "WARN"), "{:?}", both.log());
        let insecure = Process::start(&[&serve[..], &["--insecure"]].concat());
        insecure.writes("a warning", |line| line["level"] == "WARN");
    }
    let gateway = ["gateway", "--grpc-addr", "127.0.0.1:1", "--http-addr", "0.0.0.0:0"];
    assert!(refused(&gateway).contains("give --tls-cert and --tls-key; or --insecure"));
    Process::start(&[&gateway[..], &tls].concat());
    let far = ["gateway", "--grpc-addr", "192.0.2.1:50051", "--http-addr", "127.0.0.1:0"];
    assert!(refused(&far).contains("give --upstream-ca; or --insecure"));
    Process::start(&[&far[..], &["--insecure"]].concat());
}

#[test]
fn settings_of_tls_that_make_no_sense_say_what_to_do() {
    let secure = Secure::new();
    let flags = secure.flags();
    let [_, certificate, _, key] = [0, 1, 2, 3].map(|at| &*flags[at]);
    let other = secure.write("other.pem", &secure.authority.issue(&["x"]).key);
    for (given, problem) in [
        (vec!["--tls-cert", certificate], "--tls-cert needs --tls-key"),
        (vec!["--tls-key", key], "--tls-key needs --tls-cert"),
        (vec!["--tls-client-ca", certificate], "--tls-client-ca needs --tls-cert and --tls-key"),
        (vec!["--tls-cert", "/nowhere.pem", "--tls-key", key], "--tls-cert /nowhere.pem: No such file"),
        (vec!["--tls-cert", key, "--tls-key", key], "it has no certificate"),
        (vec!["--tls-cert", certificate, "--tls-key", certificate], "it has no private key that can be read"),
        (
            vec!["--tls-cert", certificate, "--tls-key", other.to_str().unwrap()],
            "it is not the certificate's key",
        ),
        (
            vec!["--tls-cert", certificate, "--tls-key", key, "--tls-client-ca", certificate],
            "it has no authority's certificate",
        ),
        (vec!["--authn", "client-certificates"], "need --credentials-file"),
        (
            vec!["--authn", "client-certificates", "--credentials-file", certificate],
            "--authn client-certificates needs --tls-client-ca",
        ),
    ] {
        let said = refused(
            &[&["serve", "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"], &given[..]].concat(),
        );
        assert!(said.contains(problem), "{given:?}: {said}");
    }
}
