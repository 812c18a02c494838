//! What is found out of a call while it is under way, by whoever finds it, for its line and its signal.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Extensions;

/// What is found out of a call: an extension of its request, on all of its way. Clones are the same notes.
#[derive(Debug, Clone, Default)]
pub struct Notes(Arc<Mutex<Noted>>);

/// All that can be noted.
#[derive(Debug, Clone, Default)]
pub(super) struct Noted {
    pub(super) route: Option<&'static str>,
    pub(super) session: Option<Box<str>>,
    pub(super) revision: Option<i64>,
    pub(super) reason: Option<&'static str>,
    pub(super) request_bytes: Option<u64>,
    pub(super) answer_bytes: Option<u64>,
}

/// How much of an id is logged, in characters: no valid one is longer.
const MAX_ID_CHARS: usize = 255;

impl Notes {
    /// Those of a request; of one that no port has seen, notes that nobody reads.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_default()
    }

    /// What is asked for: the path of a route, or the package, the service and the method of gRPC's. Out of a closed set: what is
    /// in a request is not.
    pub fn asks_for(&self, route: &'static str) {
        self.lock().route = Some(route);
    }

    /// The session that it is about, by its id, valid or not.
    pub fn is_about(&self, session: &str) {
        if !session.is_empty() {
            let end = session.char_indices().nth(MAX_ID_CHARS).map_or(session.len(), |(at, _)| at);
            self.lock().session = Some(session[..end].into());
        }
    }

    /// The revision that the session has by it; 0 where it has none.
    pub fn comes_to(&self, revision: i64) {
        self.lock().revision = Some(revision).filter(|revision| *revision > 0);
    }

    /// Why it was refused, or failed.
    pub fn fails_by(&self, reason: &'static str) {
        self.lock().reason = Some(reason);
    }

    /// How much its request was, in bytes: a message, or a body without its head. Within a process a request becomes another
    /// one, and the first of them counts.
    pub fn brought(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).ok();
        let brought = &mut self.lock().request_bytes;
        *brought = brought.or(bytes);
    }

    /// How much more of its answer there is, in bytes.
    pub fn answered(&self, bytes: usize) {
        let answered = &mut self.lock().answer_bytes;
        *answered = Some(answered.unwrap_or(0).saturating_add(u64::try_from(bytes).unwrap_or(0)));
    }

    pub(super) fn route(&self) -> Option<&'static str> {
        self.lock().route
    }

    pub(super) fn noted(&self) -> Noted {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_noted_up_to_what_a_valid_one_has() {
        let notes = Notes::default();
        notes.is_about("");
        assert_eq!(notes.noted().session, None);
        for (id, kept) in [("a", 1), (&"ä".repeat(255), 510), (&"ä".repeat(256), 510)] {
            notes.is_about(id);
            assert_eq!(notes.noted().session.map(|session| session.len()), Some(kept));
        }
    }
}
