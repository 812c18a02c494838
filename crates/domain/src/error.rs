//! Everything that can go wrong, as a closed set: each error has a reason for machines, a message for the caller
//! and, where there is one, a source for the log.

use std::{error::Error as StdError, fmt, sync::Arc};

use crate::{session::Id, violation::Violation};

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
        "a session's document may be at most {limit} bytes of JSON without white space; this would be {found}"
    )]
    DocumentTooLarge {
        /// Its size in bytes.
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
    #[error("the channel session {0} is not active, so no data can be attached to it")]
    NotActive(Id),
    /// The stored document has no place for attributes.
    #[error("the stored session's {0}; whoever owns the document has to mend it first")]
    ChannelDataMalformed(Malformed),
    /// Too much is waiting already.
    #[error("the service has too much to do; try again shortly")]
    Overloaded,
    /// The store does not answer.
    #[error("the store cannot be reached; try again shortly")]
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

/// A cause that stays inside the service. Shared, since several items can fail for one cause.
#[derive(Debug, Clone)]
pub struct Source(Arc<dyn StdError + Send + Sync>);

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Source {
    fn from(cause: E) -> Self {
        Self(cause.into().into())
    }
}

impl fmt::Display for Source {
    /// The whole chain of causes, as a log needs it. Many errors repeat their causes; those are not said twice.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let more = error.to_string();
            if !said.contains(&more) {
                said = format!("{said}: {more}");
            }
            cause = error.source();
        }
        f.write_str(&said)
    }
}

/// What is known about a change whose call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was not made, and will not be.
    NotApplied,
    /// It had been sent to the store, so it may have been made.
    Unknown,
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

/// Reasons as callers see them. The names are fixed: callers branch on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(
    missing_docs,
    reason = "each is described once, at its namesake in proto/channelsession/v1/error.proto"
)]
pub enum Reason {
    ChannelSessionIdRequired,
    InvalidChannelSessionId,
    BodyRequired,
    MalformedBody,
    InvalidAttributes,
    TooManyAttributes,
    InvalidDocument,
    DocumentTooLarge,
    ChannelSessionNotFound,
    NotFound,
    MethodNotAllowed,
    ChannelSessionExists,
    ChannelSessionNotActive,
    ChannelDataMalformed,
    RequestTooLarge,
    UnsupportedMediaType,
    Overloaded,
    Cancelled,
    Internal,
    StoreUnavailable,
    DeadlineExceeded,
}

impl Reason {
    /// All of them, in the order of the proto's enum.
    pub const ALL: [Self; 21] = [
        Self::ChannelSessionIdRequired,
        Self::InvalidChannelSessionId,
        Self::BodyRequired,
        Self::MalformedBody,
        Self::InvalidAttributes,
        Self::TooManyAttributes,
        Self::InvalidDocument,
        Self::DocumentTooLarge,
        Self::ChannelSessionNotFound,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::ChannelSessionExists,
        Self::ChannelSessionNotActive,
        Self::ChannelDataMalformed,
        Self::RequestTooLarge,
        Self::UnsupportedMediaType,
        Self::Overloaded,
        Self::Cancelled,
        Self::Internal,
        Self::StoreUnavailable,
        Self::DeadlineExceeded,
    ];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChannelSessionIdRequired => "CHANNEL_SESSION_ID_REQUIRED",
            Self::InvalidChannelSessionId => "INVALID_CHANNEL_SESSION_ID",
            Self::BodyRequired => "BODY_REQUIRED",
            Self::MalformedBody => "MALFORMED_BODY",
            Self::InvalidAttributes => "INVALID_ATTRIBUTES",
            Self::TooManyAttributes => "TOO_MANY_ATTRIBUTES",
            Self::InvalidDocument => "INVALID_DOCUMENT",
            Self::DocumentTooLarge => "DOCUMENT_TOO_LARGE",
            Self::ChannelSessionNotFound => "CHANNEL_SESSION_NOT_FOUND",
            Self::NotFound => "NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::ChannelSessionExists => "CHANNEL_SESSION_EXISTS",
            Self::ChannelSessionNotActive => "CHANNEL_SESSION_NOT_ACTIVE",
            Self::ChannelDataMalformed => "CHANNEL_DATA_MALFORMED",
            Self::RequestTooLarge => "REQUEST_TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::Overloaded => "OVERLOADED",
            Self::Cancelled => "CANCELLED",
            Self::Internal => "INTERNAL",
            Self::StoreUnavailable => "STORE_UNAVAILABLE",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
        }
    }

    /// The reason with this name on the wire.
    #[must_use]
    pub fn from_wire(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
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
            Self::Overloaded => Reason::Overloaded,
            Self::StoreUnavailable { .. } => Reason::StoreUnavailable,
            Self::DeadlineExceeded(_) => Reason::DeadlineExceeded,
            Self::Internal(_) => Reason::Internal,
        }
    }

    /// The broken rules, where the error is about them.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        match self {
            Self::InvalidId(violation) => std::slice::from_ref(violation),
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
            | Self::Overloaded
            | Self::StoreUnavailable { .. }
            | Self::DeadlineExceeded(_)
            | Self::Internal(_) => &[],
        }
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
}

/// The first violation as a sentence, and how many more there are.
fn first(violations: &[Violation]) -> String {
    let Some(Violation { field, description, .. }) = violations.first() else { return String::new() };
    match violations.len() - 1 {
        0 => format!("{field} {description}"),
        more => format!("{field} {description}; and {more} more"),
    }
}
