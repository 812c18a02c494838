//! Everything that can go wrong, as a closed set: each error has a reason for machines, a message for the caller
//! and, where there is one, a source for the log.

mod chain;
mod reason;
mod source;

pub use chain::chain;
pub use reason::Reason;
pub use source::Source;

use std::{fmt, time::Duration};

use crate::{
    entry::Entry,
    id::{Id, InvalidId},
    request_id::RequestId,
    revision::Revision,
    violation::Violation,
};

/// Why a call failed. Transports turn it into their own codes, each in one place.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No session id was given.
    #[error("a channel session id is required: 1 to 255 characters")]
    IdRequired,
    /// The session id breaks its rule.
    #[error("{}", .0.description)]
    InvalidId(Violation),
    /// The request is larger than allowed.
    #[error("the request's {what} may be at most {limit}; this is {found}")]
    RequestTooLarge {
        /// What was measured, with its unit.
        what: &'static str,
        /// How much there is, in that unit.
        found: usize,
        /// How much is allowed.
        limit: usize,
    },
    /// Not JSON, or not of the form that the call takes.
    #[error("{0}")]
    MalformedBody(String),
    /// Attributes break rules; never empty.
    #[error("{}", first(.0))]
    InvalidAttributes(Vec<Violation>),
    /// A document to store breaks rules; never empty.
    #[error("{}", first(.0))]
    InvalidDocument(Vec<Violation>),
    /// The document is, or would become, too large.
    #[error(
        "a session's document may be at most {limit} bytes of JSON without white space; this would be {found} or more"
    )]
    DocumentTooLarge {
        /// Its size in bytes, as far as it was looked at.
        found: usize,
        /// The largest size in bytes.
        limit: usize,
    },
    /// The list of attributes would outgrow its limit.
    #[error("the session may hold at most {limit} attributes; with this update it would hold {found}")]
    TooManyAttributes {
        /// How many entries the list would hold.
        found: usize,
        /// How many it may.
        limit: usize,
    },
    /// There is no such session.
    #[error("there is no channel session with the id {0}")]
    NotFound(Id),
    /// There is such a session already.
    #[error("a channel session with the id {0} exists already")]
    Exists(Id),
    /// The session has ended.
    #[error("the channel session {0} is not active any more")]
    NotActive(Id),
    /// The stored document has no place for attributes.
    #[error("the stored session's {0}; whoever owns the document has to fix it first")]
    ChannelDataMalformed(Malformed),
    /// An attribute is not as it is required to be.
    #[error("{0}")]
    AttributeMismatch(Box<Present>),
    /// The session's revision is not the one that is required.
    #[error("the session's revision is {}, which is not what the request requires", .revision.get())]
    RevisionMismatch {
        /// The revision that it has.
        revision: Revision,
    },
    /// The request id was used for something else.
    #[error(
        "the request id {0} was used before for this session, with other content; use a new one for each request"
    )]
    RequestIdReused(RequestId),
    /// A part of the request that is no attribute and no document breaks a rule.
    #[error("{} {}", .0.field, .0.description)]
    InvalidParameter(Violation),
    /// Events behind the position are not kept any longer, or it is another database's, or of a past that a restore or a failover
    /// undid.
    #[error(
        "what came behind this position is not known any longer: re-read the sessions, and watch from now on"
    )]
    PositionExpired,
    /// What the deployment's store has nothing for, and will not have later. Says what there is instead.
    #[error("{0}")]
    NotSupported(&'static str),
    /// It is not known who calls. Why is for the log alone.
    #[error("this call needs valid credentials: a bearer token in the Authorization header")]
    Unauthenticated,
    /// Who calls is known, and may not do this.
    #[error("this caller may not do this: it needs the scope {0}")]
    PermissionDenied(&'static str),
    /// Too much is waiting already.
    #[error("the service has too much to do; try again shortly")]
    Overloaded,
    /// The tenant makes more calls than it may.
    #[error("this tenant has made as many calls as it may {what}; try again shortly")]
    OverQuota {
        /// Of what there are too many: a second, or at once.
        what: &'static str,
        /// After how long there may be another, where that is known.
        retry_after: Option<Duration>,
    },
    /// The store does not answer.
    #[error("the store cannot do this now; try again shortly")]
    StoreUnavailable {
        /// Whether the change may have been made all the same.
        outcome: Outcome,
        /// For the log.
        cause: Source,
    },
    /// The caller's deadline passed, or it stopped waiting.
    #[error("the deadline passed before the answer was there")]
    DeadlineExceeded(Outcome),
    /// A defect. The source is for the log alone.
    #[error("internal error; the service's log has more, under the request id")]
    Internal(Source),
}

/// A right that the service lacks in its database. It stays away until somebody grants it.
#[derive(Debug, thiserror::Error)]
#[error("{0}; grant the role of the database URL what deploy/README.md lists")]
pub struct Denied(pub String);

/// What is known about a change whose call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was not made, and will not be.
    NotApplied,
    /// It had been sent to the store, so it may have been made.
    Unknown,
}

/// What an attribute that is not as required is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// The attribute's key.
    pub key: String,
    /// The session's revision.
    pub revision: Revision,
    /// The entry, or the first of those that are not as required; none if there is none.
    pub entry: Option<Entry>,
}

impl fmt::Display for Present {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It travels in headers, and so does not repeat a long key.
        const MAX_SHOWN_CHARS: usize = 64;
        let key: String = self.key.chars().take(MAX_SHOWN_CHARS).collect();
        let what = if self.entry.is_some() { "is not as the request requires" } else { "is absent" };
        write!(f, "the attribute {key} {what}; the session's revision is {}", self.revision.get())
    }
}

/// How a stored document has no place for attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// `channelData` is there, and neither null nor an object.
    ChannelData,
    /// `channelData.additionalAttributes` is there, and neither null nor an array.
    AdditionalAttributes,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChannelData => "channelData is not an object",
            Self::AdditionalAttributes => "channelData.additionalAttributes is not a list",
        })
    }
}

impl Error {
    /// The reason as callers see it.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::IdRequired => Reason::ChannelSessionIdRequired,
            Self::InvalidId(_) => Reason::InvalidChannelSessionId,
            Self::RequestTooLarge { .. } => Reason::RequestTooLarge,
            Self::MalformedBody(_) => Reason::MalformedBody,
            Self::InvalidAttributes(_) => Reason::InvalidAttributes,
            Self::InvalidDocument(_) => Reason::InvalidDocument,
            Self::DocumentTooLarge { .. } => Reason::DocumentTooLarge,
            Self::TooManyAttributes { .. } => Reason::TooManyAttributes,
            Self::NotFound(_) => Reason::ChannelSessionNotFound,
            Self::Exists(_) => Reason::ChannelSessionExists,
            Self::NotActive(_) => Reason::ChannelSessionNotActive,
            Self::ChannelDataMalformed(_) => Reason::ChannelDataMalformed,
            Self::Overloaded | Self::OverQuota { .. } => Reason::Overloaded,
            Self::StoreUnavailable { .. } => Reason::StoreUnavailable,
            Self::DeadlineExceeded(_) => Reason::DeadlineExceeded,
            Self::Internal(_) => Reason::Internal,
            Self::AttributeMismatch(_) => Reason::AttributeMismatch,
            Self::RevisionMismatch { .. } => Reason::RevisionMismatch,
            Self::RequestIdReused(_) => Reason::RequestIdReused,
            Self::InvalidParameter(_) => Reason::InvalidParameter,
            Self::PositionExpired => Reason::PositionExpired,
            Self::NotSupported(_) => Reason::NotSupported,
            Self::Unauthenticated => Reason::Unauthenticated,
            Self::PermissionDenied(_) => Reason::PermissionDenied,
        }
    }

    /// The broken rules, where the error is about them.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        match self {
            Self::InvalidId(violation) | Self::InvalidParameter(violation) => std::slice::from_ref(violation),
            Self::InvalidAttributes(violations) | Self::InvalidDocument(violations) => violations,
            Self::IdRequired
            | Self::RequestTooLarge { .. }
            | Self::MalformedBody(_)
            | Self::DocumentTooLarge { .. }
            | Self::TooManyAttributes { .. }
            | Self::NotFound(_)
            | Self::Exists(_)
            | Self::NotActive(_)
            | Self::ChannelDataMalformed(_)
            | Self::AttributeMismatch(_)
            | Self::RevisionMismatch { .. }
            | Self::RequestIdReused(_)
            | Self::PositionExpired
            | Self::NotSupported(_)
            | Self::Unauthenticated
            | Self::PermissionDenied(_)
            | Self::Overloaded
            | Self::OverQuota { .. }
            | Self::StoreUnavailable { .. }
            | Self::DeadlineExceeded(_)
            | Self::Internal(_) => &[],
        }
    }

    /// Whether the store is unavailable until somebody grants the service a right.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::StoreUnavailable { cause, .. } if cause.is::<Denied>())
    }

    /// After how long the same may be answered otherwise, where this error knows it better than its reason does.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        if let Self::OverQuota { retry_after, .. } = self { *retry_after } else { None }
    }

    /// What is known about the change, where the call was one.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if let Self::StoreUnavailable { outcome, .. } | Self::DeadlineExceeded(outcome) = self {
            *outcome
        } else {
            Outcome::NotApplied
        }
    }

    /// Whether it is the service that fails, not the request that asks for what it cannot have.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::Overloaded | Self::StoreUnavailable { .. } | Self::DeadlineExceeded(_) | Self::Internal(_)
        )
    }
}

impl From<InvalidId> for Error {
    fn from(invalid: InvalidId) -> Self {
        match invalid {
            InvalidId::Missing => Self::IdRequired,
            InvalidId::Broken(violation) => Self::InvalidId(violation),
        }
    }
}

/// The first violation as a sentence, and how many more there are.
fn first(violations: &[Violation]) -> String {
    let Some(Violation { field, description, .. }) = violations.first() else { return String::new() };
    match violations.len() - 1 {
        0 => format!("{field} {description}"),
        more => format!("{field} {description}; and {more} more"),
    }
}
