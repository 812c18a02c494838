//! Who may call, as the configuration says it.

use std::{fmt, path::Path, str};

use access::{
    Access, Method,
    credentials::{Changes, Credentials},
    oidc::Oidc,
    watched::Watched,
};

use crate::{
    config::{self, Authn},
    followed::Followed,
};

/// Who may call, and the file that is to be followed for it.
pub(crate) struct Callers {
    pub(crate) access: Access,
    pub(crate) followed: Option<Followed>,
}

impl Callers {
    /// # Errors
    /// A file or an address that is not as it has to be: which, and what to do.
    pub(crate) fn read(settings: &config::Access) -> Result<Self, String> {
        let mut methods: Vec<Box<dyn Method>> = Vec::new();
        let mut followed = None;
        if let Some(path) = &settings.credentials_file {
            let (credentials, watched) = credentials(path)?;
            let path = path.clone();
            if settings.takes(Authn::ApiKeys) {
                methods.push(credentials.api_keys());
            }
            if settings.takes(Authn::ClientCertificates) {
                methods.push(credentials.client_certificates());
            }
            let take = move |contents: &[&[u8]]| {
                let changes = replace(&credentials, contents[0]).map_err(|error| cannot(&path, &error))?;
                Ok(format!("{credentials:?}; {changes}"))
            };
            followed = Some(Followed::new("the credentials file", vec![watched], take));
        }
        if settings.takes(Authn::Oidc) {
            let oidc = settings.oidc().and_then(Oidc::new).map_err(|invalid| invalid.to_string())?;
            methods.push(Box::new(oidc));
        }
        Ok(Self { access: Access::by(methods), followed })
    }
}

/// The callers that a file names.
pub(crate) fn credentials(path: &Path) -> Result<(Credentials, Watched), String> {
    warn_if_others_may_write(path);
    let watched = Watched::open(path).map_err(|error| cannot(path, &error))?;
    let credentials = Credentials::default();
    replace(&credentials, watched.content()).map_err(|error| cannot(path, &error))?;
    Ok((credentials, watched))
}

fn cannot(path: &Path, error: &dyn fmt::Display) -> String {
    format!("--credentials-file {}: {error}", path.display())
}

fn replace(credentials: &Credentials, content: &[u8]) -> Result<Changes, String> {
    let text = str::from_utf8(content).map_err(|error| error.to_string())?;
    credentials.replace(text).map_err(|error| error.to_string())
}

/// Whoever may write it may be anybody.
fn warn_if_others_may_write(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    let others = 0o022;
    if std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & others != 0) {
        tracing::warn!(path = %path.display(), "the credentials file can be written by others than its owner: chmod go-w");
    }
}
