//! Which server a database URL names: one, or the one of several that takes writes.

use std::{
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::store::OpenError;
use sqlx::{
    ConnectOptions, PgConnection, Row,
    postgres::{PgConnectOptions, PgRow},
};
use url::Url;

use crate::connections::bounded;

/// How long to connect to one host may take, where the URL does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What the driver understands of a URL's parameters. It ignores what it does not know.
const DRIVERS_PARAMETERS: [&str; 14] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// What a database URL names.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// At least one, in the order of the URL.
    hosts: Vec<PgConnectOptions>,
    /// Which of them took writes when last asked: it is asked first, lest each connection wait for one that is gone.
    writable: Arc<AtomicUsize>,
    connect_timeout: Duration,
    needs_writable: bool,
}

impl Target {
    /// Reads a URL as PostgreSQL's own clients do: also with several hosts, `connect_timeout` and `target_session_attrs`.
    ///
    /// # Errors
    /// What is wrong with it. The URL itself is not repeated: it may hold a password.
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        let (mut url, mut hosts) = split_hosts(url)?;
        let mut target = Self {
            hosts: Vec::new(),
            writable: Arc::default(),
            connect_timeout: CONNECT_TIMEOUT,
            needs_writable: false,
        };
        let mut ports = Vec::new();
        let mut parameters = Vec::new();
        for (name, value) in url.query_pairs() {
            match &*name {
                "connect_timeout" => target.connect_timeout = connect_timeout(&value)?,
                "target_session_attrs" => target.needs_writable = needs_writable(&value)?,
                "host" | "hostaddr" => hosts = value.split(',').map(str::to_owned).collect(),
                "port" => ports = value.split(',').map(str::to_owned).collect(),
                known if DRIVERS_PARAMETERS.contains(&known) || known.starts_with("options[") => {
                    parameters.push((name.into_owned(), value.into_owned()));
                }
                unknown => {
                    let message = format!(
                        "the database URL's parameter {unknown} is not supported; there are host, port, \
                         connect_timeout, target_session_attrs, sslmode, sslrootcert, sslcert, sslkey, dbname, user, \
                         password, application_name and options"
                    );
                    return Err(OpenError::new(message));
                }
            }
        }
        url.set_query(None);
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        for (at, host) in hosts.iter().enumerate() {
            let port = ports.get(at).or(ports.first()).map(String::as_str);
            target.hosts.push(one_host(&url, host, port)?);
        }
        Ok(target)
    }

    /// The hosts, for people: `db-1:5432, db-2:5432`.
    pub(crate) fn hosts(&self) -> String {
        let host = |options: &PgConnectOptions| format!("{}:{}", options.get_host(), options.get_port());
        self.hosts.iter().map(host).collect::<Vec<_>>().join(", ")
    }

    /// The same with statements that leave nothing prepared at the server: a pooler may hand it to somebody else.
    pub(crate) fn unprepared(mut self) -> Self {
        self.hosts = self.hosts.into_iter().map(|options| options.statement_cache_capacity(0)).collect();
        self
    }

    /// Connects to the first host that takes writes, from the last one that did. Where none does, the first that answers
    /// will do for reading, unless the URL asks for one that takes writes.
    ///
    /// # Errors
    /// Why the last of them could not be used.
    pub(crate) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let (mut reading, mut last) = (None, sqlx::Error::PoolClosed);
        let begin = self.writable.load(Ordering::Relaxed);
        for at in (begin..self.hosts.len()).chain(0..begin) {
            match bounded(self.connect_timeout, connect(&self.hosts[at])).await {
                Ok((connection, false)) => {
                    self.writable.store(at, Ordering::Relaxed);
                    return Ok(connection);
                }
                Ok((connection, true)) if !self.needs_writable => reading = reading.or(Some(connection)),
                Ok(_) => last = sqlx::Error::Io(std::io::Error::other("the server is read-only")),
                Err(error) => last = error,
            }
        }
        reading.ok_or(last)
    }
}

/// A connection, and whether it is to a server that takes no writes.
async fn connect(host: &PgConnectOptions) -> Result<(PgConnection, bool), sqlx::Error> {
    let mut connection = host.connect().await?;
    let is_read_only = is_read_only(&mut connection).await?;
    Ok((connection, is_read_only))
}

/// Whether a server takes no writes: a standby, or a database that is set so.
async fn is_read_only(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    // Not prepared: it is the first thing that is asked, also through a pooler that does not know prepared statements.
    let row: PgRow = sqlx::raw_sql("SHOW transaction_read_only").fetch_one(connection).await?;
    Ok(row.try_get::<&str, _>("transaction_read_only")? == "on")
}

/// Takes the hosts out of a URL, since a standard URL has one of them.
fn split_hosts(text: &str) -> Result<(Url, Vec<String>), OpenError> {
    let (scheme, rest) = text.split_once("://").ok_or_else(|| not_understood("it has no ://"))?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if text.matches('@').count() > 1 {
        // What stands between them may be part of a password, and would be taken for a host and be shown.
        let message = "the database URL holds more than one @: in a user or a password, write @ as %40, / as %2F, \
                       : as %3A and % as %25";
        return Err(OpenError::new(message));
    }
    let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
    let at = if user.is_empty() { "" } else { "@" };
    let url = Url::parse(&format!("{scheme}://{user}{at}localhost{path}")).map_err(not_understood)?;
    Ok((url, hosts.split(',').map(str::to_owned).collect()))
}

fn one_host(url: &Url, host: &str, port: Option<&str>) -> Result<PgConnectOptions, OpenError> {
    let is_socket = host.starts_with('/');
    let mut url = url.clone();
    let authority = if host.is_empty() || is_socket { "localhost" } else { host };
    // The URL's own parser takes host and port apart, brackets of IPv6 and all.
    let parsed = Url::parse(&format!("postgres://{authority}/")).map_err(not_understood)?;
    url.set_host(parsed.host_str()).map_err(not_understood)?;
    let port = match port {
        Some(port) => Some(port.parse().map_err(|_| not_understood("a port is not a number"))?),
        None => parsed.port(),
    };
    url.set_port(port).map_err(|()| not_understood("it has a port and no host"))?;
    let options = PgConnectOptions::from_str(url.as_str()).map_err(not_understood)?;
    let options = match options.get_host().strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        // The driver looks up what it is given, and no name has brackets.
        Some(address) => options.clone().host(address),
        None if is_socket => options.socket(host),
        None => options,
    };
    let name = options.get_application_name().unwrap_or("channel-sessions").to_owned();
    Ok(options
        .application_name(&name)
        // PgBouncer refuses a connection that asks for it, and nothing here is a float.
        .extra_float_digits(None)
        .disable_statement_logging())
}

/// In seconds, as PostgreSQL's own clients have it; 0 is no limit there, and there is none without one here.
fn connect_timeout(text: &str) -> Result<Duration, OpenError> {
    match text.parse() {
        Ok(seconds @ 1..) => Ok(Duration::from_secs(seconds)),
        Ok(0) | Err(_) => {
            let message = "the database URL's connect_timeout must be a number of seconds, at least 1";
            Err(OpenError::new(message))
        }
    }
}

fn needs_writable(text: &str) -> Result<bool, OpenError> {
    match text {
        "any" => Ok(false),
        "read-write" | "primary" => Ok(true),
        other => {
            let message = format!(
                "the database URL's target_session_attrs is {other}: the service writes, so it must be read-write, \
                 primary or any"
            );
            Err(OpenError::new(message))
        }
    }
}

fn not_understood(cause: impl Into<domain::error::Source>) -> OpenError {
    let message = "the database URL is not understood; it looks like postgres://user:password@host:5432/database, \
                   also with several hosts, host-1:5432,host-2:5432";
    OpenError::because(message, cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_tried_in_the_order_of_the_url() {
        for (url, expected) in [
            ("postgres://u:p@one/db", "one:5432"),
            ("postgres://u:p@one:1,two:2,[::1]:3/db", "one:1, two:2, ::1:3"),
            ("postgresql://one:1,two/db?target_session_attrs=read-write", "one:1, two:5432"),
            ("postgres:///db?host=one,two&port=1,2", "one:1, two:2"),
            ("postgres://u@/db?host=one,two&port=6", "one:6, two:6"),
        ] {
            assert_eq!(Target::parse(url).expect(url).hosts(), expected, "{url}");
        }
    }

    #[test]
    fn what_the_url_asks_for_is_done_or_refused_by_name() {
        let target =
            Target::parse("postgres://h/db?connect_timeout=3&target_session_attrs=primary").expect("fine");
        assert_eq!((target.connect_timeout, target.needs_writable), (Duration::from_secs(3), true));
        for (url, named) in [
            ("postgres://h/db?connect_timeout=soon", "connect_timeout"),
            ("postgres://h/db?connect_timeout=0", "connect_timeout"),
            ("postgres://h/db?target_session_attrs=standby", "target_session_attrs"),
            ("postgres://h/db?keepalives_idle=5", "keepalives_idle"),
            ("postgres://h/db?port=x", "port"),
            ("postgres://u:p@ss@h/db", "%40"),
            ("postgres:h", "://"),
        ] {
            let error = Target::parse(url).expect_err(url).to_string();
            assert!(error.contains(named) && !error.contains("p@ss"), "{url}: {error}");
        }
    }
}
