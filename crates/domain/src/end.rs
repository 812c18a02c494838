//! Ending a session: what it sets, each in the shape that the document has.

use crate::{command::End, error::Error, session::Document, violation::Violation};
use json::Value;

impl End {
    /// The state of a session that has ended, where a caller does not name another.
    pub const STATE: &'static str = "ENDED";
    /// The longest name of a state or a reason, in characters.
    pub const MAX_CHARS: usize = 100;

    /// Takes an end from a call. Without a state's name it is [`Self::STATE`].
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if the reason is missing, or one of the two is blank, longer than 100 characters
    /// or holds control characters.
    pub fn parse(state: &str, reason_code: &str) -> Result<Self, Error> {
        let state = if state.is_empty() { Self::STATE } else { state };
        const REASONS: &str = "CUSTOMER, AGENT, INACTIVITY, NETWORK or FORCE_CLOSED";
        for (field, name, examples) in [("state", state, Self::STATE), ("reason_code", reason_code, REASONS)]
        {
            let is_fine = (1..=Self::MAX_CHARS).contains(&name.chars().count())
                && !name.chars().any(char::is_control)
                && !name.trim().is_empty();
            if !is_fine {
                let description = format!(
                    "must have 1 to 100 characters, not only white space and no control character, such as {examples}"
                );
                return Err(Error::InvalidParameter(Violation::new(field, "name", description)));
            }
        }
        Ok(Self { state: state.to_owned(), reason_code: reason_code.to_owned() })
    }

    /// The document of a session after its end: `state` as text or as an object, as the document has it, and every
    /// member that says whether the session is active. A state that is text has no place for the reason.
    ///
    /// # Errors
    /// [`Error::DocumentTooLarge`]; [`Error::Internal`] if the document is not one that the service stored.
    pub(crate) fn apply(&self, document: &Document) -> Result<Document, Error> {
        let mut document = document.value()?.as_object().cloned().unwrap_or_default();
        let name = Value::String(self.state.clone().into());
        let state = document.get("state");
        let state = if state.and_then(Value::as_str).is_some() {
            name
        } else {
            let mut state = state.and_then(Value::as_object).cloned().unwrap_or_default();
            state.insert("name", name);
            state.insert("reasonCode", Value::String(self.reason_code.clone().into()));
            Value::Object(state)
        };
        document.insert("state", state);
        let (has_is_active, has_active) =
            (document.get("isActive").is_some(), document.get("active").is_some());
        if has_active {
            document.insert("active", Value::Bool(false));
        }
        if has_is_active || !has_active {
            document.insert("isActive", Value::Bool(false));
        }
        Document::try_from(Value::Object(document))
    }
}

#[cfg(test)]
mod tests;
