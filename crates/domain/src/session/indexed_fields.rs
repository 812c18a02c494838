//! What sessions are found by.

/// The fields of a document that are indexed: what a session can be found by. What is no text, or longer than
/// [`IndexedFields::MAX_CHARS`], is nothing to be found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedFields {
    /// The conversation: the document's `conversationId`, or `topicId` where that is absent.
    pub conversation_id: Option<String>,
    /// The customer: the `_id` of the document's `customer`.
    pub customer_id: Option<String>,
    /// The channel's type: the name of the document's `channel.channelType`, such as `WEB`.
    pub channel_type: Option<String>,
    /// Whether the session is active.
    pub active: bool,
}

impl IndexedFields {
    /// The longest text that a session is found by, in characters: an index has no room for more.
    pub const MAX_CHARS: usize = 255;
}

#[cfg(test)]
mod tests;
