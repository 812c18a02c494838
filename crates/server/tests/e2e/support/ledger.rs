//! What callers were answered about their updates, held against the events that are kept of the sessions.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use channel_session_api::v1::{ChannelSessionEvent, GetChannelSessionRequest};

use super::{Client, Failure, caller::Session, document::value_text, history::history};

/// What a caller knows of an update.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answered {
    /// It was made, and left the session with this revision.
    Made(i64),
    /// It failed for this reason and changed nothing.
    NotMade(String),
    /// It failed for this reason, and may have been made all the same.
    OutcomeUnknown(String),
    /// Nothing: no answer came, or nobody waited for it.
    Nothing,
}

impl Answered {
    /// What an answer says, if one came.
    pub(crate) fn by(answer: Option<Result<Session, Failure>>) -> Self {
        match answer {
            Some(Ok(session)) => Self::Made(session.revision),
            Some(Err(failure)) if failure.outcome_unknown => Self::OutcomeUnknown(failure.reason),
            Some(Err(failure)) => Self::NotMade(failure.reason),
            None => Self::Nothing,
        }
    }
}

/// A value that no other update has, so that it is recognised wherever it turns up.
pub(crate) fn new_value() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Updates, each of one attribute and with a value of its own, and what their callers were answered.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    id: String,
    value: u64,
    answered: Answered,
}

impl Ledger {
    pub(crate) fn enter(&mut self, id: &str, value: u64, answered: Answered) {
        self.0.push(Entry { id: id.to_owned(), value, answered });
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// How many callers were answered what is meant.
    pub(crate) fn count(&self, is_meant: impl Fn(&Answered) -> bool) -> usize {
        self.0.iter().filter(|entry| is_meant(&entry.answered)).count()
    }

    /// Every acknowledged update is among the events once, with the revision that its caller was answered, and one that
    /// failed never; whatever callers do not know of is there once or not at all. And there is nothing else. Returns
    /// how many of the updates of which the outcome is unknown or nothing was answered have been made.
    pub(crate) async fn is_kept(&self, client: &Client, ids: &[String]) -> usize {
        self.is_kept_beside(client, ids, None).await
    }

    /// The same beside updates that give this value, of which nothing is in the ledger.
    pub(crate) async fn is_kept_beside(&self, client: &Client, ids: &[String], beside: Option<u64>) -> usize {
        let mut kept = HashMap::new();
        for id in ids {
            let past = past(client, id).await;
            for (revision, value) in past.into_iter().filter(|(_, value)| Some(*value) != beside) {
                let before = kept.insert(value, (id.as_str(), revision));
                assert_eq!(
                    before, None,
                    "{value} was made twice, and again with revision {revision} of {id}"
                );
            }
        }
        let mut unheard_of = 0;
        for Entry { id, value, answered } in &self.0 {
            let made = kept.remove(value);
            match answered {
                Answered::Made(revision) => {
                    assert_eq!(made, Some((&**id, *revision)), "of {value} that was made");
                }
                Answered::NotMade(reason) => assert_eq!(made, None, "of {value} that failed: {reason}"),
                Answered::OutcomeUnknown(_) | Answered::Nothing => {
                    assert!(made.is_none_or(|(of, _)| of == id), "{value} was made of {made:?}, not of {id}");
                    unheard_of += usize::from(made.is_some());
                }
            }
        }
        assert!(kept.is_empty(), "nobody asked for {kept:?}");
        unheard_of
    }
}

/// The values that a session was given, each with the revision. The revisions have no gap, and the last one is the session's.
async fn past(client: &Client, id: &str) -> Vec<(i64, u64)> {
    let request = GetChannelSessionRequest { channel_session_id: id.to_owned(), ..Default::default() };
    let session = client.clone().get_channel_session(request).await.unwrap().into_inner();
    let mut events = history(client, id, "", 1000).await;
    let revisions: Vec<_> = events.iter().map(|event| event.revision).collect();
    let last = session.channel_session.unwrap().revision;
    assert_eq!(revisions, (1..=last).rev().collect::<Vec<_>>(), "of {id}");
    // The oldest is that of its creation.
    events.pop();
    events.iter().map(|event| (event.revision, value(event))).collect()
}

/// The value that an event's one change gave an attribute.
fn value(event: &ChannelSessionEvent) -> u64 {
    let [change] = &event.changes[..] else { panic!("not one change: {event:?}") };
    let text = value_text(change.after.as_ref().unwrap()).unwrap();
    text.parse().unwrap_or_else(|error| panic!("{error}: {event:?}"))
}

/// How many callers were answered what.
impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts = BTreeMap::new();
        for entry in &self.0 {
            let answered = match &entry.answered {
                Answered::Made(_) => "made".to_owned(),
                Answered::NotMade(reason) => format!("not made, {reason}"),
                Answered::OutcomeUnknown(reason) => format!("outcome unknown, {reason}"),
                Answered::Nothing => "nothing".to_owned(),
            };
            *counts.entry(answered).or_insert(0) += 1;
        }
        write!(f, "{counts:?}")
    }
}
