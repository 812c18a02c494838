//! Which sessions a list asks for, and by what they are found.

use crate::session::{Id, Revision, Session};

/// Which sessions are wanted: those that meet every condition that is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// The conversation: the document's `conversationId`, or `topicId` where that is absent.
    pub conversation_id: Option<String>,
    /// The customer: the `_id` of the document's `customer`.
    pub customer_id: Option<String>,
    /// The channel's type: the name of the document's `channel.channelType`, such as `WEB`.
    pub channel_type: Option<String>,
    /// Whether the session is active.
    pub active: Option<bool>,
}

/// The condition whose index a store scans; what it finds there is held to the other conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexChoice {
    /// [`Filter::conversation_id`]
    Conversation,
    /// [`Filter::customer_id`]
    Customer,
    /// [`Filter::channel_type`]
    ChannelType,
    /// [`Filter::active`]
    Active,
    /// There is no condition.
    None,
}

impl Filter {
    /// How many sessions are scanned for a page at least, where the condition of the index is not the only one. It is what
    /// bounds a page's time, whatever the others leave.
    const MIN_SCANNED: usize = 1000;

    /// The condition whose index leaves the fewest sessions.
    #[must_use]
    pub fn index_choice(&self) -> IndexChoice {
        match (&self.conversation_id, &self.customer_id, &self.channel_type, self.active) {
            (Some(_), ..) => IndexChoice::Conversation,
            (None, Some(_), ..) => IndexChoice::Customer,
            // Those that are active are fewer than those that were.
            (None, None, _, Some(true)) | (None, None, None, Some(false)) => IndexChoice::Active,
            (None, None, Some(_), _) => IndexChoice::ChannelType,
            (None, None, None, None) => IndexChoice::None,
        }
    }

    /// How many sessions to look at for a page of up to `limit`.
    #[must_use]
    pub fn scanned(&self, limit: usize) -> usize {
        let given = [self.conversation_id.is_some(), self.customer_id.is_some(), self.channel_type.is_some()];
        let conditions = given.into_iter().chain([self.active.is_some()]).filter(|given| *given).count();
        if conditions <= 1 { limit } else { limit.max(Self::MIN_SCANNED) }
    }
}

/// A session that was looked at: its document is there if it meets the whole filter.
#[derive(Debug)]
pub struct Scanned {
    /// Its id.
    pub id: Id,
    /// Its revision.
    pub revision: Revision,
    /// Its document, if it is wanted.
    pub document: Option<String>,
}

/// Some sessions in the order of their ids' bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The sessions.
    pub sessions: Vec<Session>,
    /// Where the next page starts: behind this id. None after the last page.
    pub next: Option<Id>,
}

impl Page {
    /// The page of up to `limit` sessions that was found by looking at these, in order. `is_last` says that there are no
    /// others behind them.
    #[must_use]
    pub fn of(scanned: Vec<Scanned>, limit: usize, is_last: bool) -> Self {
        let mut page = Self::default();
        for Scanned { id, revision, document } in scanned {
            if page.sessions.len() == limit {
                return page;
            }
            page.next = Some(id.clone());
            page.sessions.extend(document.map(|document| Session { id, revision, document }));
        }
        if is_last {
            page.next = None;
        }
        page
    }
}

/// The fields of a document that are indexed: what a session can be found by. What is no text, or longer than
/// [`IndexedFields::MAX_CHARS`], is nothing to be found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedFields {
    /// See [`Filter::conversation_id`].
    pub conversation_id: Option<String>,
    /// See [`Filter::customer_id`].
    pub customer_id: Option<String>,
    /// See [`Filter::channel_type`].
    pub channel_type: Option<String>,
    /// See [`Filter::active`].
    pub active: bool,
}

impl IndexedFields {
    /// The longest text that a session is found by, in characters: an index has no room for more.
    pub const MAX_CHARS: usize = 255;
}

#[cfg(test)]
mod tests;
