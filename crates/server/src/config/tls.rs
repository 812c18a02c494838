//! TLS, and who has to do without.

use std::path::PathBuf;

use clap::{Args, builder::BoolishValueParser};

/// TLS for those who call.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "TLS")]
pub struct Tls {
    /// The certificate that callers are shown, and those of its issuers: a PEM file. It is read again when
    /// it changes, as the other files are: connections that begin from then on have the new one, and none is dropped
    #[arg(long, env = "TLS_CERT", value_name = "FILE", hide_env_values = true)]
    pub(crate) tls_cert: Option<PathBuf>,

    /// The certificate's private key: a PEM file
    #[arg(long, env = "TLS_KEY", value_name = "FILE", hide_env_values = true)]
    pub(crate) tls_key: Option<PathBuf>,

    /// The authorities that issue callers' certificates: a PEM file. With it, nobody is served who shows none (mutual TLS)
    #[arg(long, env = "TLS_CLIENT_CA", value_name = "FILE", hide_env_values = true)]
    pub(crate) tls_client_ca: Option<PathBuf>,

    /// Listen beyond this machine all the same where TLS, authentication or both are missing. Whoever reaches the addresses
    /// then reads what passes, or reads and writes everything
    #[arg(long, env = "INSECURE", value_parser = BoolishValueParser::new(), hide_env_values = true)]
    pub(crate) insecure: bool,
}

/// TLS to the service that a gateway calls.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "TLS to the service")]
pub struct UpstreamTls {
    /// Call the service over TLS: its certificate has to be issued by an authority of this PEM file, or by one that the machine
    /// trusts where it is `system`, for the host of --grpc-addr. The file is read again when it changes
    #[arg(long, env = "UPSTREAM_CA", value_name = "FILE", hide_env_values = true)]
    pub(crate) upstream_ca: Option<PathBuf>,

    /// The gateway's own certificate, for a service that asks its callers for one: a PEM file. It says nothing of who calls the
    /// gateway: the credentials file of the service should not name it
    #[arg(long, env = "UPSTREAM_CERT", value_name = "FILE", hide_env_values = true)]
    pub(crate) upstream_cert: Option<PathBuf>,

    /// The private key of the gateway's own certificate: a PEM file
    #[arg(long, env = "UPSTREAM_KEY", value_name = "FILE", hide_env_values = true)]
    pub(crate) upstream_key: Option<PathBuf>,
}

/// Files of a certificate and its key.
type Pair<'a> = (&'a PathBuf, &'a PathBuf);

impl Tls {
    /// The certificate and its key, if there are to be some.
    ///
    /// # Errors
    /// A setting is missing beside another one.
    pub(crate) fn pair(&self) -> Result<Option<Pair<'_>>, String> {
        let pair = pair((&self.tls_cert, "--tls-cert"), (&self.tls_key, "--tls-key"))?;
        match (pair, &self.tls_client_ca) {
            (None, Some(_)) => Err("--tls-client-ca needs --tls-cert and --tls-key".into()),
            _ => Ok(pair),
        }
    }
}

impl UpstreamTls {
    /// The gateway's own certificate and its key, if there are to be some.
    ///
    /// # Errors
    /// A setting is missing beside another one.
    pub(crate) fn pair(&self) -> Result<Option<Pair<'_>>, String> {
        let pair = pair((&self.upstream_cert, "--upstream-cert"), (&self.upstream_key, "--upstream-key"))?;
        match (pair, &self.upstream_ca) {
            (Some(_), None) => Err("--upstream-cert needs --upstream-ca: without it, there is no TLS".into()),
            _ => Ok(pair),
        }
    }
}

fn pair<'a>(
    (certificate, its_flag): (&'a Option<PathBuf>, &str),
    (key, key_flag): (&'a Option<PathBuf>, &str),
) -> Result<Option<Pair<'a>>, String> {
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(format!("{its_flag} needs {key_flag}")),
        (None, Some(_)) => Err(format!("{key_flag} needs {its_flag}")),
    }
}
