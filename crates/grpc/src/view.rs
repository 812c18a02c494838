//! A stored session as a message: typed, as its JSON, or both. Beside it, what happened to it.

mod channel;
mod channel_session;
pub(crate) mod event;
mod members;

use channel_session_api::v1::{ChannelSession, ChannelSessionView as View};
use domain::{
    Error,
    command::CommandResult,
    session::{Id, Session},
    violation::Violation,
};
use wire::attribute;

/// The view that a request asks for.
///
/// # Errors
/// [`Error::InvalidParameter`] for one that this version does not know.
pub(crate) fn parse(view: i32) -> Result<View, Error> {
    View::try_from(view).map_err(|_| unknown("view"))
}

/// The error for a value of an enum that this version does not know. Another in its place could be what its caller meant
/// to rule out.
pub(crate) fn unknown(field: &str) -> Error {
    Error::InvalidParameter(Violation::new(field, "enum", "must be a value that the contract names"))
}

/// The session in a view.
pub(crate) fn session(session: Session, view: View) -> ChannelSession {
    let (typed, json) = match view {
        View::Unspecified | View::Typed => (true, false),
        View::Json => (false, true),
        View::Full => (true, true),
        View::Basic => (false, false),
    };
    let mut message = if typed { channel_session::typed(&session) } else { ChannelSession::default() };
    // A document need not hold its id, and a caller of many has to know which is which.
    message.id.get_or_insert_with(|| session.id.as_str().to_owned());
    message.revision = session.revision.get();
    message.etag = session.revision.etag();
    if json {
        message.document_json = session.document;
    }
    message
}

/// The session as a change left it.
///
/// # Errors
/// [`Error::Internal`] if the store left it out.
pub(crate) fn changed(changed: CommandResult, id: Id, view: View) -> Result<ChannelSession, Error> {
    let missing = || Error::Internal("the store returned no document".into());
    changed.session(id).map(|changed| session(changed, view)).ok_or_else(missing)
}

#[cfg(test)]
mod tests;
