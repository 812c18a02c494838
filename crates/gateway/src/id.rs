//! The session id in a path.

use axum::extract::{FromRequestParts, Path};
use domain::{Error, session::Id, violation::Violation};
use http::request::Parts;

use crate::problem::Problem;

/// A session id as the path has it, percent-decoded. It is checked before a body is looked at, as the order of checks
/// asks for.
pub(crate) struct PathId(pub(crate) Id);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(text)) => Id::parse(&text),
            Err(_) => {
                let description = "a channel session id in a path must be percent-encoded UTF-8";
                Err(Error::InvalidId(Violation::new("channelSessionId", "unicode", description)))
            }
        };
        id.map(Self).map_err(|error| Problem::from(&error))
    }
}
