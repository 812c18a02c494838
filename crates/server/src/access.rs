//! Who may call, as the configuration says it: the file that names them, read again when it changes, and whether the addresses
//! are safe to listen on.

use std::{net::IpAddr, path::Path};

use access::{
    Access, Method,
    credentials::Credentials,
    oidc::Oidc,
    watched::{Changed, Watched},
};
use tokio_util::sync::CancellationToken;

use crate::config::{self, Authn};

/// Who may call, and the file that is to be followed for it.
pub(crate) struct Callers {
    pub(crate) access: Access,
    followed: Option<(Credentials, Watched)>,
}

impl Callers {
    /// # Errors
    /// Settings that contradict each other, or a file that is not as it has to be: which, and what to do.
    pub(crate) fn read(settings: &config::Access) -> Result<Self, String> {
        settings.check()?;
        let followed = settings.credentials_file.as_deref().map(credentials).transpose()?;
        let mut methods: Vec<Box<dyn Method>> = Vec::new();
        if let Some((credentials, _)) = &followed {
            methods.push(credentials.api_keys());
        }
        if settings.takes(Authn::Oidc) {
            let oidc = settings.oidc().and_then(Oidc::new).map_err(|invalid| invalid.to_string())?;
            methods.push(Box::new(oidc));
        }
        Ok(Self { access: Access::by(methods), followed })
    }

    /// Follows the file until the process stops. One that is wrong is told of, and what was there before goes on to hold.
    pub(crate) async fn follow(self, stopping: CancellationToken) {
        let Some((credentials, mut watched)) = self.followed else { return };
        let mut ticks = tokio::time::interval(Watched::INTERVAL);
        while stopping.run_until_cancelled(ticks.tick()).await.is_some() {
            // A file system may be slow, and must not hold up calls.
            let looked = tokio::task::spawn_blocking(move || (watched.look(), watched)).await;
            let Ok((changed, again)) = looked else { return };
            watched = again;
            let content = match changed {
                Changed::Not => continue,
                Changed::Unreadable(why) => Err(why),
                Changed::To(content) => String::from_utf8(content).map_err(|error| error.to_string()),
            };
            match content.and_then(|text| credentials.replace(&text).map_err(|error| error.to_string())) {
                Ok(()) => tracing::info!(?credentials, "the credentials file was read again"),
                Err(error) => tracing::error!(
                    error,
                    "the credentials file is wrong; what it said before goes on to hold"
                ),
            }
        }
    }
}

/// The callers that a file names.
fn credentials(path: &Path) -> Result<(Credentials, Watched), String> {
    let cannot = |error: &dyn std::fmt::Display| format!("--credentials-file {}: {error}", path.display());
    warn_if_others_may_write(path);
    let watched = Watched::open(path).map_err(|error| cannot(&error))?;
    let text = std::str::from_utf8(watched.content()).map_err(|error| cannot(&error))?;
    let credentials = Credentials::parse(text).map_err(|error| cannot(&error))?;
    Ok((credentials, watched))
}

/// Whoever may write it may be anybody.
fn warn_if_others_may_write(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    let others = 0o022;
    if std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & others != 0) {
        tracing::warn!(path = %path.display(), "the credentials file can be written by others than its owner: chmod go-w");
    }
}

/// Whether an address is one that only this machine reaches.
pub(crate) fn is_of_this_machine(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_this_machine_or_not() {
        for (address, is_own) in [
            ("127.0.0.1:8080", true),
            ("127.1.2.3:0", true),
            ("[::1]:8080", true),
            ("localhost:8080", true),
            ("0.0.0.0:8080", false),
            ("[::]:8080", false),
            ("192.0.2.1:8080", false),
            ("example.com:8080", false),
        ] {
            assert_eq!(is_of_this_machine(address), is_own, "{address}");
        }
    }
}
