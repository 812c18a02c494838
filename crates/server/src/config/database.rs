//! Where the sessions are.

use std::time::Duration;

use clap::{Args, ValueEnum};
use humantime::Duration as HumanDuration;

use super::{Bytes, Secret, bytes, duration::positive, number};

/// Where the sessions are.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct Database {
    /// Where the sessions are kept: sqlite:FILE, or postgres://USER:PASSWORD@HOST:PORT/DATABASE, also with several hosts, of
    /// which the one that takes writes is used. Others on the machine can read a password in it: see --database-url-file
    #[arg(
        long = "database-url",
        env = "DATABASE_URL",
        value_name = "DATABASE_URL",
        default_value = "sqlite:channel-sessions.db",
        value_parser = Secret::parse,
        hide_env_values = true
    )]
    url: Secret,

    /// The file that holds what --database-url would say, in its place
    #[arg(
        long = "database-url-file",
        env = "DATABASE_URL_FILE",
        value_name = "FILE",
        value_parser = Secret::of_file,
        conflicts_with = "url",
        hide_env_values = true
    )]
    url_file: Option<Secret>,

    /// How many connections to PostgreSQL are opened at most, half of them for changes, beside up to three that read events.
    /// Too few, and calls wait for each other; too many, and the database spends its time on switching between them
    #[arg(
        long = "database-max-connections",
        // The field's own name is that of another setting.
        value_name = "DATABASE_MAX_CONNECTIONS",
        env = "DATABASE_MAX_CONNECTIONS",
        default_value_t = 16,
        value_parser = number::<1>,
        hide_env_values = true
    )]
    pub max_connections: u32,

    /// How long PostgreSQL may take for one statement. After it the connection is closed, and the outcome of a change is
    /// unknown. Too short, and statements fail that would have been done; too long, and a database that is gone without a
    /// word keeps calls waiting for so long
    #[arg(
        long = "database-timeout",
        env = "DATABASE_TIMEOUT",
        default_value = "5s",
        value_parser = positive,
        hide_env_values = true
    )]
    pub timeout: HumanDuration,

    /// How many bytes, or such as 32MiB, those sessions take in memory that were written last: the next update of one of
    /// them is written without being read first. 0 for none. Too little, and most updates take a second round trip to the
    /// database; too much, and memory is taken for sessions that nobody writes any more
    #[arg(long, env = "SESSION_CACHE", default_value = "32MiB", value_parser = bytes, hide_env_values = true)]
    pub(crate) session_cache: Bytes,

    /// Whether the tables in PostgreSQL have row-level security, a second line between tenants: each statement then says whose
    /// rows it is about, and the database holds it to that. `migrate` switches it on or off where this says so; all others take
    /// it for off where nothing is said, and refuse to start where it is otherwise. On, a batch takes more round trips and is of
    /// one tenant; switch it while no instance runs
    #[arg(long, env = "ROW_LEVEL_SECURITY", value_enum, hide_env_values = true)]
    row_level_security: Option<RowLevelSecurity>,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RowLevelSecurity {
    /// The database shows a statement the rows of one tenant
    On,
    /// The conditions of the statements alone keep tenants apart
    Off,
}

impl Database {
    /// Where the sessions are kept. It may hold a password.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url_file.as_ref().unwrap_or(&self.url).expose()
    }

    /// How long PostgreSQL may take for one statement.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout.into()
    }

    /// Whether the tables have row-level security.
    #[must_use]
    pub fn row_level_security(&self) -> bool {
        self.row_level_security == Some(RowLevelSecurity::On)
    }

    /// What it is to be switched to, where that is said.
    #[must_use]
    pub fn switch_of_row_level_security(&self) -> Option<bool> {
        self.row_level_security.map(|wanted| wanted == RowLevelSecurity::On)
    }

    /// How many bytes the sessions may take in memory that were written last.
    #[must_use]
    pub fn session_cache(&self) -> usize {
        self.session_cache.0
    }
}
