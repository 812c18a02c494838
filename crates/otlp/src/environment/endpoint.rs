//! Where and how a signal is sent.

use std::time::Duration;

use http::{HeaderMap, Uri};

use super::{Invalid, Variables, file, headers, invalid, is_true, milliseconds, set};

/// Where and how a signal is sent.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) url: Uri,
    pub(crate) protocol: Protocol,
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Duration,
    pub(crate) is_compressed: bool,
    /// PEM of the authorities that a collector's certificate has to be of; the system's where there is none.
    pub(crate) authorities: Option<Vec<u8>>,
}

/// How a collector is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Grpc,
    Http,
}

impl Protocol {
    /// Its name, as the variable has it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http/protobuf",
        }
    }

    /// An address at the port that it usually has.
    fn example(self) -> &'static str {
        match self {
            Self::Grpc => "http://collector:4317",
            Self::Http => "http://collector:4318",
        }
    }
}

/// The variables that are about one signal or about both.
pub(super) struct Of<'a> {
    variables: Variables<'a>,
    signal: &'a str,
}

impl Of<'_> {
    /// The variable of a signal, and that of both, which it goes before.
    pub(super) fn names(&self, name: &str) -> [String; 2] {
        [format!("OTEL_EXPORTER_OTLP_{}_{name}", self.signal), format!("OTEL_EXPORTER_OTLP_{name}")]
    }

    /// What a variable says.
    pub(super) fn set(&self, variable: &str) -> Option<String> {
        set(self.variables, variable)
    }

    /// What is said of the signal, or else of both, with the variable that says it.
    fn either(&self, name: &str) -> Option<(String, String)> {
        self.names(name).into_iter().find_map(|variable| Some((self.set(&variable)?, variable)))
    }
}

impl Endpoint {
    pub(super) fn read(variables: Variables<'_>, signal: &str, path: &str) -> Result<Option<Self>, Invalid> {
        let exporter = format!("OTEL_{signal}_EXPORTER");
        match set(variables, &exporter).as_deref() {
            None | Some("otlp") => {}
            Some("none") => return Ok(None),
            Some(other) => return Err(invalid(&exporter, format!("{other:?} is neither otlp nor none"))),
        }
        let of = Of { variables, signal };
        let Some((endpoint, variable)) = of.either("ENDPOINT") else { return Ok(None) };
        let protocol = protocol(&of)?;
        let path = match protocol {
            // An address of one signal is taken as it is.
            Protocol::Http if variable.contains(signal) => None,
            Protocol::Http => Some(path),
            Protocol::Grpc => None,
        };
        let url = address(&of, &endpoint, protocol, path).map_err(|problem| invalid(&variable, problem))?;
        let authorities =
            of.either("CERTIFICATE").map(|(path, variable)| file(&variable, &path)).transpose()?;
        let own = milliseconds(variables, &format!("OTEL_EXPORTER_OTLP_{signal}_TIMEOUT"))?;
        let timeout = match own {
            Some(timeout) => timeout,
            None => milliseconds(variables, "OTEL_EXPORTER_OTLP_TIMEOUT")?.unwrap_or(Duration::from_secs(10)),
        };
        let headers = headers::read(&of)?;
        Ok(Some(Self { url, protocol, headers, timeout, is_compressed: is_compressed(&of)?, authorities }))
    }

    /// The address for people to read, without its query: some have a key there.
    pub(crate) fn shown(&self) -> String {
        without_query(&self.url.to_string()).to_owned()
    }
}

fn protocol(of: &Of<'_>) -> Result<Protocol, Invalid> {
    match of.either("PROTOCOL") {
        None => Ok(Protocol::Http),
        Some((name, _)) if name == "http/protobuf" => Ok(Protocol::Http),
        Some((name, _)) if name == "grpc" => Ok(Protocol::Grpc),
        Some((name, variable)) => {
            Err(invalid(&variable, format!("{name:?} is neither http/protobuf nor grpc")))
        }
    }
}

fn is_compressed(of: &Of<'_>) -> Result<bool, Invalid> {
    match of.either("COMPRESSION") {
        None => Ok(false),
        Some((name, _)) if name == "none" => Ok(false),
        Some((name, _)) if name == "gzip" => Ok(true),
        Some((name, variable)) => Err(invalid(&variable, format!("{name:?} is neither gzip nor none"))),
    }
}

fn without_query(address: &str) -> &str {
    address.split_once('?').map_or(address, |(address, _)| address)
}

/// The address that a text says, with a path behind it.
fn address(of: &Of<'_>, text: &str, protocol: Protocol, path: Option<&str>) -> Result<Uri, String> {
    let example = protocol.example();
    let problem = || match text.split_once('@') {
        // It may hold a password.
        Some(_) => format!(
            "an address has no user or password in it, as {example} has none; who sends is said by \
             OTEL_EXPORTER_OTLP_HEADERS_FILE"
        ),
        None => format!("{:?} is no address; write it as {example}", without_query(text)),
    };
    let base = text.trim_end_matches('/');
    let whole = match (protocol, path) {
        (Protocol::Http, Some(path)) => format!("{base}{path}"),
        (Protocol::Http, None) => text.to_owned(),
        (Protocol::Grpc, _) if base.contains("://") => base.to_owned(),
        // HOST:PORT says nothing of TLS: another variable does, and by default it is TLS.
        (Protocol::Grpc, _) if base.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) => {
            let is_insecure = of.either("INSECURE").is_some_and(|(value, _)| is_true(&value));
            format!("{}://{base}", if is_insecure { "http" } else { "https" })
        }
        (Protocol::Grpc, _) => return Err(problem()),
    };
    let url: Uri = whole.parse().map_err(|_| problem())?;
    let is_one = matches!(url.scheme_str(), Some("http" | "https"))
        && url.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    if is_one { Ok(url) } else { Err(problem()) }
}
