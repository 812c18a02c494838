//! Where the sessions are.

use clap::Args;

/// Where the sessions are.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct Database {
    /// Where the sessions are kept: sqlite:FILE, or postgres://USER:PASSWORD@HOST:PORT/DATABASE
    #[arg(
        long = "database-url",
        env = "DATABASE_URL",
        default_value = "sqlite:channel-sessions.db",
        hide_env_values = true
    )]
    pub url: String,

    /// How many connections to PostgreSQL are opened at most, beside up to three that read events. Too few, and calls wait
    /// for each other; too many, and the database spends its time on switching between them
    #[arg(
        long = "database-max-connections",
        env = "DATABASE_MAX_CONNECTIONS",
        default_value_t = 16,
        value_parser = clap::value_parser!(u32).range(1..),
        allow_negative_numbers = true,
        hide_env_values = true
    )]
    pub max_connections: u32,
}
