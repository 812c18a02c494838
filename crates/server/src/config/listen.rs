//! Where the process listens.

use clap::Args;

/// Where gRPC is served, or called by a gateway alone.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Addresses")]
pub struct GrpcAddr {
    /// HOST:PORT of gRPC: where `serve` listens (port 0 takes a free one), and what `gateway` calls
    #[arg(long, env = "GRPC_ADDR", default_value = "127.0.0.1:50051", value_parser = host_and_port, hide_env_values = true)]
    pub grpc_addr: String,
}

/// Where REST is served.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Addresses")]
pub struct HttpAddr {
    /// HOST:PORT of REST: where the gateway listens (port 0 takes a free one)
    #[arg(long, env = "HTTP_ADDR", default_value = "127.0.0.1:8080", value_parser = host_and_port, hide_env_values = true)]
    pub http_addr: String,
}

pub(super) fn host_and_port(text: &str) -> Result<String, String> {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    if host.is_empty() || host.contains('/') || port.parse::<u16>().is_err() {
        return Err("expected HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080 or 0.0.0.0:8080".to_owned());
    }
    Ok(text.to_owned())
}
