//! Why a call failed, by the names that callers branch on.

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
    AttributeMismatch,
    RevisionMismatch,
    RequestIdReused,
    InvalidParameter,
    PositionExpired,
    NotSupported,
    Unauthenticated,
    PermissionDenied,
}

impl Reason {
    /// All of them, in the order of the proto's enum.
    pub const ALL: [Self; 29] = [
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
        Self::AttributeMismatch,
        Self::RevisionMismatch,
        Self::RequestIdReused,
        Self::InvalidParameter,
        Self::PositionExpired,
        Self::NotSupported,
        Self::Unauthenticated,
        Self::PermissionDenied,
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
            Self::AttributeMismatch => "ATTRIBUTE_MISMATCH",
            Self::RevisionMismatch => "REVISION_MISMATCH",
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::InvalidParameter => "INVALID_PARAMETER",
            Self::PositionExpired => "POSITION_EXPIRED",
            Self::NotSupported => "NOT_SUPPORTED",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::PermissionDenied => "PERMISSION_DENIED",
        }
    }

    /// The reason with this name on the wire.
    #[must_use]
    pub fn from_wire(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}
