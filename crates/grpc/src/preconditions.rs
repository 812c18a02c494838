//! From a request's preconditions on attributes to the domain's drafts, which are held to their rules there.

use channel_session_api::v1::{AttributePrecondition, attribute_precondition::Expected};
use domain::{attribute::Member, precondition::PreconditionDraft};

use crate::attributes::{from_message, from_text};

pub(crate) fn drafts(list: Vec<AttributePrecondition>) -> Vec<PreconditionDraft> {
    list.into_iter().map(draft).collect()
}

fn draft(precondition: AttributePrecondition) -> PreconditionDraft {
    let (value, absent) = match precondition.expected {
        Some(Expected::Value(value)) => (from_message(value), false),
        Some(Expected::ValueJson(text)) => (from_text(&text), false),
        // To say that an attribute need not be absent says nothing of it.
        Some(Expected::Absent(absent)) => (Member::Missing, absent),
        None => (Member::Missing, false),
    };
    PreconditionDraft { key: precondition.key, value, absent }
}
