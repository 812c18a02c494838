//! What pages in browsers may do.

use clap::Args;
use gateway::{Host, Hosts, Origin, Origins};

use super::HttpAddr;

/// What pages in browsers may do.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Browsers")]
pub struct Browsers {
    /// By which names REST is called, separated by commas, such as sessions.example, *.sessions.example, or * for any. Where
    /// callers need neither TLS nor credentials, requests for other hosts are refused, since a page can lead its own name here
    /// and read everything; addresses, names of one word and those of private domains are always taken
    #[arg(
        long,
        env = "ALLOWED_HOSTS",
        value_name = "HOST",
        value_delimiter = ',',
        value_parser = Host::parse,
        hide_env_values = true
    )]
    allowed_hosts: Vec<Host>,

    /// The origins whose pages may call REST, separated by commas, such as https://app.example. Without any, only the service's
    /// own pages may
    #[arg(
        long,
        env = "CORS_ORIGINS",
        value_name = "ORIGIN",
        value_delimiter = ',',
        value_parser = Origin::parse,
        hide_env_values = true
    )]
    cors_origins: Vec<Origin>,
}

impl Browsers {
    /// The same for the gateway, which listens there, over TLS or not.
    pub(crate) fn of(&self, address: &HttpAddr, are_over_tls: bool) -> gateway::Browsers {
        gateway::Browsers {
            hosts: Hosts::new(self.allowed_hosts.clone(), &address.http_addr),
            origins: Origins::new(self.cors_origins.clone()),
            are_over_tls,
        }
    }
}
