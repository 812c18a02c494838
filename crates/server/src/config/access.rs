//! Who may call.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// A way in which callers say who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Authn {
    /// Nobody has to say who they are
    None,
    /// By API keys of the credentials file, as bearer tokens
    ApiKeys,
}

/// Who may call.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Access")]
pub struct Access {
    /// How callers say who they are; several ways are separated by commas. Without any, everybody who reaches the ports reads
    /// and writes everything
    #[arg(
        long,
        env = "AUTHN",
        value_enum,
        value_delimiter = ',',
        default_value = "none",
        hide_env_values = true
    )]
    pub(crate) authn: Vec<Authn>,

    /// The file that names callers: API keys, as digests that `create-key` prints, each with its tenant and scopes. It is read
    /// again when it changes; a key that is removed stops working within seconds
    #[arg(long, env = "CREDENTIALS_FILE", value_name = "FILE", hide_env_values = true)]
    pub(crate) credentials_file: Option<PathBuf>,
}

impl Access {
    /// Whether callers have to say who they are.
    ///
    /// # Errors
    /// Settings that contradict each other.
    pub(crate) fn is_required(&self) -> Result<bool, String> {
        let is_none = self.authn.contains(&Authn::None);
        if is_none && self.authn.len() > 1 {
            return Err(
                "--authn none says that nobody has to say who they are; it cannot be one of several ways"
                    .into(),
            );
        }
        match (&self.credentials_file, is_none) {
            (Some(_), true) => {
                Err("--credentials-file needs --authn api-keys: without it the file has no effect".into())
            }
            (None, false) => Err("--authn api-keys needs --credentials-file".into()),
            (_, is_none) => Ok(!is_none),
        }
    }
}
