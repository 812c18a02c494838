//! Who may call.

use std::path::PathBuf;

use access::oidc::Settings;
use clap::{Args, ValueEnum};

/// A way in which callers say who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Authn {
    /// Nobody has to say who they are
    None,
    /// By tokens of an OpenID Connect issuer, such as Keycloak
    Oidc,
    /// By API keys of the credentials file
    ApiKeys,
    /// By client certificates whose names are in the credentials file
    ClientCertificates,
}

/// Who may call.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Access")]
pub struct Access {
    /// How callers say who they are; several ways are separated by commas. Without any, everybody who reaches the ports reads
    /// and writes everything: nobody but this machine may, unless --insecure is given
    #[arg(
        long,
        env = "AUTHN",
        value_enum,
        value_delimiter = ',',
        default_value = "none",
        hide_env_values = true
    )]
    pub(crate) authn: Vec<Authn>,

    /// The file that names callers: API keys, as digests that `create-key` prints, and names of client certificates, each with
    /// its tenant and scopes. It is read again when it changes; whoever is removed is refused within seconds
    #[arg(long, env = "CREDENTIALS_FILE", value_name = "FILE", hide_env_values = true)]
    pub(crate) credentials_file: Option<PathBuf>,

    /// Who issues tokens, exactly as they bear it in `iss`; several are separated by commas
    #[arg(long, env = "OIDC_ISSUER", value_name = "URL", value_delimiter = ',', hide_env_values = true)]
    pub(crate) oidc_issuer: Vec<String>,

    /// For whom tokens have to be meant: it has to be in `aud`
    #[arg(long, env = "OIDC_AUDIENCE", value_name = "NAME", hide_env_values = true)]
    pub(crate) oidc_audience: Option<String>,

    /// An address or a file of the issuers' keys (JWKS); without it, each issuer's discovery document says where they are
    #[arg(long, env = "OIDC_JWKS", value_name = "URL or FILE", hide_env_values = true)]
    pub(crate) oidc_jwks: Option<String>,

    /// The claim that names the tenant: a name, a path such as realm_access.tenant, or `iss` for the last segment of the
    /// issuer's path
    #[arg(
        long,
        env = "OIDC_TENANT_CLAIM",
        value_name = "CLAIM",
        default_value = Settings::TENANT_CLAIM,
        hide_env_values = true
    )]
    pub(crate) oidc_tenant_claim: String,

    /// The claim that lists the scopes, as text or as a list: a name, or a path such as realm_access.roles
    #[arg(
        long,
        env = "OIDC_SCOPE_CLAIM",
        value_name = "CLAIM",
        default_value = Settings::SCOPE_CLAIM,
        hide_env_values = true
    )]
    pub(crate) oidc_scope_claim: String,
}

impl Access {
    /// Whether callers may say who they are in this way.
    pub(crate) fn takes(&self, authn: Authn) -> bool {
        self.authn.contains(&authn)
    }

    /// # Errors
    /// Settings that contradict each other, or of which one is missing.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.takes(Authn::None) && self.authn.len() > 1 {
            return Err(
                "--authn none says that nobody has to say who they are; it cannot be one of several ways"
                    .into(),
            );
        }
        let has_issuer = !self.oidc_issuer.is_empty();
        let are_in_file = [Authn::ApiKeys, Authn::ClientCertificates].iter().any(|&authn| self.takes(authn));
        match (are_in_file, &self.credentials_file) {
            (false, Some(_)) => {
                return Err(
                    "--credentials-file has no effect without --authn api-keys or client-certificates".into(),
                );
            }
            (true, None) => {
                return Err("--authn api-keys and client-certificates need --credentials-file".into());
            }
            _ => {}
        }
        match (self.takes(Authn::Oidc), has_issuer, &self.oidc_audience) {
            (false, true, _) | (false, _, Some(_)) => {
                Err("--oidc-issuer and --oidc-audience have no effect without --authn oidc".into())
            }
            (true, false, _) => Err("--authn oidc needs --oidc-issuer".into()),
            (true, _, None) => Err(
                "--authn oidc needs --oidc-audience: without it, tokens that are meant for others would do"
                    .into(),
            ),
            _ => Ok(()),
        }
    }

    /// What is set for bearer tokens.
    pub(crate) fn oidc(&self) -> Result<Settings, access::oidc::Invalid> {
        let jwks = self.oidc_jwks.as_deref().map(access::oidc::Source::parse).transpose()?;
        Ok(Settings {
            issuers: self.oidc_issuer.iter().map(|issuer| issuer.trim().to_owned()).collect(),
            audience: self.oidc_audience.clone().unwrap_or_default(),
            jwks,
            tenant_claim: self.oidc_tenant_claim.clone(),
            scope_claim: self.oidc_scope_claim.clone(),
        })
    }
}
