//! Which sessions a list asks for, and by what they are found.

use crate::session::{Id, Session};

/// Which sessions are wanted: those that meet every condition that is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// See [`crate::session::IndexedFields::conversation_id`].
    pub conversation_id: Option<String>,
    /// See [`crate::session::IndexedFields::customer_id`].
    pub customer_id: Option<String>,
    /// See [`crate::session::IndexedFields::channel_type`].
    pub channel_type: Option<String>,
    /// See [`crate::session::IndexedFields::active`].
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

    /// How many index entries to scan for a page of up to `limit` sessions; none if all that the index finds is wanted. A
    /// store then reads the page at once. Otherwise it scans without the documents first, and reads those of the page: a
    /// thousand documents of two megabytes would have no room anywhere.
    #[must_use]
    pub fn scan_limit(&self, limit: usize) -> Option<usize> {
        let given = [self.conversation_id.is_some(), self.customer_id.is_some(), self.channel_type.is_some()];
        let conditions = given.into_iter().chain([self.active.is_some()]).filter(|given| *given).count();
        (conditions > 1).then(|| limit.max(Self::MIN_SCANNED))
    }
}

/// The ids of a page, found by a scan along an index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scan {
    /// Those of the sessions that meet the whole filter, in the order of their bytes.
    pub ids: Vec<Id>,
    /// Where the next page starts: behind this id. None after the last page.
    pub next: Option<Id>,
}

impl Scan {
    /// The first `limit` of the scanned sessions that meet the filter. Each comes with whether it does, in order. `is_last`
    /// says that no others follow.
    #[must_use]
    pub fn of(scanned: Vec<(Id, bool)>, limit: usize, is_last: bool) -> Self {
        let mut scan = Self::default();
        for (id, is_wanted) in scanned {
            if scan.ids.len() == limit {
                return scan;
            }
            scan.next = Some(id.clone());
            scan.ids.extend(is_wanted.then_some(id));
        }
        if is_last {
            scan.next = None;
        }
        scan
    }
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
    /// The page of the first sessions that an index has found, at most `limit`, in order.
    #[must_use]
    pub fn of_first(sessions: Vec<Session>, limit: usize) -> Self {
        let next = sessions.last().filter(|_| sessions.len() == limit).map(|last| last.id.clone());
        Self { sessions, next }
    }
}

#[cfg(test)]
mod tests;
