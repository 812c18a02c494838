//! What one caller asked of one session, and what it was answered.

use std::fmt;

use domain::{
    command::{Command, Operation},
    list::Filter,
};
use json::Value;

use super::Answer;

/// A call of one session, or a part of a call that was about it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) task: usize,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) did: Did,
}

/// What was asked for, and what was answered.
#[derive(Debug, Clone)]
pub(crate) enum Did {
    Command(Box<Command>, Result<Answer, String>),
    /// A session that was fetched: its revision and document.
    Get(Result<(i64, Value), String>),
    /// A list, and the session where it was in it.
    List(Filter, Option<(i64, Value)>),
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}..{} task {}] ", self.start, self.end, self.task)?;
        match &self.did {
            Did::Command(command, answered) => {
                match &command.operation {
                    Operation::Create(create) => {
                        write!(f, "create {:?} {}", create.existing, create.document.text())?;
                    }
                    Operation::End(_) => f.write_str("end")?,
                    Operation::Delete(delete) => write!(f, "{delete:?}")?,
                    Operation::Update(update) => write!(
                        f,
                        "update {} remove {:?} if {:?} at most {}",
                        update.attributes.to_value(),
                        update.remove_keys,
                        update.preconditions,
                        update.max_attributes
                    )?,
                }
                let only = if command.validate_only { "only validated, " } else { "" };
                write!(f, " ({only}request {:?}, revision {:?}) -> ", command.request_id, command.revision)?;
                match answered {
                    Ok(Answer { revision, document, changed }) => {
                        let document = document.as_ref().map(Value::to_text).unwrap_or_default();
                        write!(f, "revision {revision}, changed {changed}: {document}")
                    }
                    Err(error) => write!(f, "{error}"),
                }
            }
            Did::Get(answered) => write!(f, "get -> {answered:?}"),
            Did::List(filter, answered) => write!(f, "list {filter:?} -> {answered:?}"),
        }
    }
}
