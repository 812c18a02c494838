//! An nginx in front of an address, as deployments have one.
//!
//! The program is found on `PATH` or where Debian has it.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use super::timeout::within;

/// A running nginx, with connections to what is behind it that it keeps. Dropped, it is stopped.
pub(crate) struct Nginx {
    process: Child,
    address: SocketAddr,
    folder: TempDir,
}

/// What nginx speaks to the address behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// HTTP/1.1: `proxy_pass`.
    Http,
    /// gRPC: `grpc_pass`, with callers over HTTP/2.
    Grpc,
}

impl Nginx {
    /// Starts one in front of an address.
    pub(crate) async fn before(upstream: SocketAddr, pass: Pass) -> Self {
        // A port that was free can be taken by the time that it is listened on.
        for _ in 0..10 {
            let mut nginx = Self::start(upstream, pass);
            if within("nginx's start", nginx.listens()).await {
                return nginx;
            }
        }
        panic!("nginx does not start");
    }

    fn start(upstream: SocketAddr, pass: Pass) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("nginx.conf"), configuration(upstream, pass, address)).unwrap();
        let errors = File::create(folder.path().join("errors")).unwrap();
        let process = Command::new(program())
            // The log of what comes before the configuration is read.
            .args(["-e", "stderr", "-c", "nginx.conf", "-p"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .unwrap();
        Self { process, address, folder }
    }

    /// Waits until it takes connections; false if it has ended instead.
    async fn listens(&mut self) -> bool {
        loop {
            if self.process.try_wait().unwrap().is_some() {
                eprintln!("{}", self.log());
                return false;
            }
            if TcpStream::connect(self.address).is_ok() {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Where callers connect to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has complained of so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("errors")).unwrap()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Debian's defaults, but for paths. One process, without a master that could leave workers behind; and one upstream,
/// whose connections are kept, since that is where an answer before the request's end does harm.
fn configuration(upstream: SocketAddr, pass: Pass, address: SocketAddr) -> String {
    let (http2, location) = match pass {
        Pass::Http => {
            ("", "proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_pass http://service;")
        }
        Pass::Grpc => (" http2", "grpc_pass grpc://service;"),
    };
    format!(
        "daemon off;
         master_process off;
         pid pid;
         error_log stderr;
         events {{ worker_connections 512; }}
         http {{
             access_log off;
             client_body_temp_path body;
             proxy_temp_path proxy;
             fastcgi_temp_path fastcgi;
             uwsgi_temp_path uwsgi;
             scgi_temp_path scgi;
             upstream service {{ server {upstream}; keepalive 16; }}
             server {{
                 listen {address}{http2};
                 client_max_body_size 16m;
                 location / {{ {location} }}
             }}
         }}"
    )
}

fn program() -> &'static str {
    let debians = "/usr/sbin/nginx";
    if Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        "nginx"
    } else if Path::new(debians).is_file() {
        debians
    } else {
        panic!("nginx is missing: install Debian's package, `apt-get install nginx-light`")
    }
}
