//! The session id in a path.

use axum::extract::{FromRequestParts, Path};
use domain::{Error, Reason, session::Id, violation::Violation};
use http::request::Parts;
use telemetry::call::Notes;

use crate::{
    body::malformed,
    operation::{Describe, Operation},
    percent::has_broken_escape,
    problem::Problem,
};

/// The parameter, as paths and bodies call it.
const NAME: &str = "channelSessionId";

/// A session id as the path has it, percent-decoded: `a%2Fb` is the id `a/b`. It is checked before a body is looked at,
/// as the order of checks asks for.
pub(crate) struct PathId(pub(crate) Id);

impl PathId {
    /// The id, where a body may name it too.
    pub(crate) fn or_same(self, in_body: &str) -> Result<String, Problem> {
        let id = self.0.as_str();
        if in_body.is_empty() || in_body == id {
            return Ok(id.to_owned());
        }
        Err(malformed("channelSessionId of the body must be the id in the path, or be left out".to_owned()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(text)) if !has_broken_escape(parts.uri.path()) => {
                Notes::of(&parts.extensions).is_about(&text);
                Id::parse(&text).map_err(Error::from)
            }
            Ok(_) | Err(_) => {
                let description = "a channel session id in a path must be percent-encoded UTF-8";
                Err(Error::InvalidId(Violation::new(NAME, "percent_encoding", description)))
            }
        };
        id.map(Self).map_err(|mut error| {
            if let Error::InvalidId(violation) = &mut error {
                violation.field = NAME.to_owned();
            }
            Problem::from(&error)
        })
    }
}

impl Describe for PathId {
    fn describe(operation: &mut Operation) {
        operation.reasons.push(Reason::InvalidChannelSessionId);
    }
}
