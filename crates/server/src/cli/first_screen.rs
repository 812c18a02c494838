//! What `serve` shows whoever has started it on a terminal: what it is, where it is, and what to try next. Everybody else reads
//! the same in the log.

use std::{
    fmt::{self, Display, Formatter},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// Where the process is to be found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses {
    /// Where gRPC is served.
    pub(super) grpc: SocketAddr,
    /// Where REST is served.
    pub(super) http: SocketAddr,
    /// Where metrics are exposed, where they are.
    pub(super) metrics: Option<SocketAddr>,
}

/// All that is shown.
pub(super) struct FirstScreen<'a> {
    /// The database, by [`crate::store::target`].
    pub(super) database: &'a str,
    pub(super) addresses: Addresses,
    /// Whether TLS is spoken on both.
    pub(super) tls: bool,
    /// Whether callers have to say who they are.
    pub(super) access: bool,
    /// The documented session, where it was stored.
    pub(super) sample: Option<&'a str>,
    /// Whether somebody sees colours.
    pub(super) colours: bool,
}

/// What the sample's first update sets: not what it has, so that there is something to see.
const BODY: &str = r#"[{"key": "greeting", "type": "String50", "value": "hello"}]"#;

impl Display for FirstScreen<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { database, addresses, tls, access, sample, colours } = self;
        let Addresses { grpc, http, metrics } = addresses;
        let (bold, faint, plain) = if *colours { ("\x1b[1m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
        let scheme = if *tls { "https" } else { "http" };
        let rest = format!("{scheme}://{}", reached(*http));
        let docs = format!("{rest}/docs");
        writeln!(f, "\n  {bold}channel-sessions {}{plain}\n", env!("CARGO_PKG_VERSION"))?;
        let grpc = format!("{}{}", reached(*grpc), if *tls { ", over TLS" } else { "" });
        for (name, value) in [("Database", *database), ("REST", &rest), ("gRPC", &grpc), ("Docs", &docs)] {
            writeln!(f, "  {faint}{name:9}{plain} {value}")?;
        }
        if let Some(metrics) = metrics {
            writeln!(f, "  {faint}{:9}{plain} http://{}/metrics", "Metrics", reached(*metrics))?;
        }
        writeln!(f, "\n  {bold}Try next{plain}\n")?;
        let curl = if *tls { "curl --cacert AUTHORITY.pem" } else { "curl" };
        let key = if *access { " -H 'Authorization: Bearer KEY'" } else { "" };
        match sample {
            Some(id) => {
                writeln!(f, "  {curl}{key} -X PUT {rest}/forms/{id} \\")?;
                writeln!(f, "    -H 'Content-Type: application/json' -d '{BODY}'")?;
            }
            None => {
                writeln!(f, "  {curl}{key} {rest}/channel-sessions")?;
                writeln!(f, "\n  {faint}serve --sample stores a session to try things on.{plain}")?;
            }
        }
        writeln!(f, "\n  {faint}Ctrl-C stops it.{plain}\n")
    }
}

/// Where somebody on this machine reaches an address.
fn reached(mut address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(any) if any.ip().is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        SocketAddr::V6(any) if any.ip().is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        SocketAddr::V4(_) | SocketAddr::V6(_) => {}
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen() -> FirstScreen<'static> {
        FirstScreen {
            database: "channel-sessions.db",
            addresses: Addresses {
                grpc: "0.0.0.0:50051".parse().expect("an address"),
                http: "127.0.0.1:8080".parse().expect("an address"),
                metrics: Some("127.0.0.1:9464".parse().expect("an address")),
            },
            tls: false,
            access: false,
            sample: Some("64e2f08a6155b317cd3f88fd"),
            colours: false,
        }
    }

    #[test]
    fn it_says_where_the_service_is_and_what_to_try() {
        let said = screen().to_string();
        for part in [
            concat!("channel-sessions ", env!("CARGO_PKG_VERSION")),
            "Database  channel-sessions.db",
            "REST      http://127.0.0.1:8080\n",
            // Nobody can call 0.0.0.0 everywhere.
            "gRPC      127.0.0.1:50051\n",
            "Docs      http://127.0.0.1:8080/docs\n",
            "Metrics   http://127.0.0.1:9464/metrics\n",
            "curl -X PUT http://127.0.0.1:8080/forms/64e2f08a6155b317cd3f88fd",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains('\x1b'));
    }

    #[test]
    fn what_to_try_works_as_the_service_was_started() {
        let said = FirstScreen { sample: None, tls: true, access: true, ..screen() }.to_string();
        let command = "curl --cacert AUTHORITY.pem -H 'Authorization: Bearer KEY' https://127.0.0.1:8080/channel-sessions\n";
        assert!(said.contains(command) && said.contains("serve --sample"), "{said}");
        assert!(FirstScreen { colours: true, ..screen() }.to_string().contains("\x1b[1m"));
    }
}
