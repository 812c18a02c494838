//! What can be put into a batch, commands first of all.

use domain::{
    command::{Command, CommandResult, Operation},
    session::{Id, TenantId},
};

/// What can be put into a batch.
pub trait Item: Send + 'static {
    /// What comes of it.
    type Answer: Send + 'static;

    /// What several of them are called, in signals.
    const NAME: &'static str;

    /// Whose it is: tenants take turns.
    fn tenant(&self) -> &TenantId;

    /// The session that may be in one batch at a time; none where several batches may have it.
    fn session(&self) -> Option<(&TenantId, &Id)>;

    /// What it brings to be written, in bytes.
    fn bytes(&self) -> usize {
        0
    }

    /// How large its session is by what came of it, in bytes; none where that does not say.
    fn session_bytes(_: &Self::Answer) -> Option<usize> {
        None
    }

    /// Whether its caller has cancelled it. One whose caller has left needs no mention.
    fn is_cancelled(&self) -> bool {
        false
    }
}

impl Item for Command {
    type Answer = CommandResult;

    const NAME: &'static str = "commands";

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn session(&self) -> Option<(&TenantId, &Id)> {
        Some((&self.tenant, &self.id))
    }

    fn bytes(&self) -> usize {
        match &self.operation {
            Operation::Create(create) => create.document.text().len(),
            Operation::Update(_) | Operation::End(_) | Operation::Delete(_) => 0,
        }
    }

    fn session_bytes(result: &CommandResult) -> Option<usize> {
        Some(result.document.as_ref().map_or(0, String::len))
    }

    fn is_cancelled(&self) -> bool {
        self.cancel_handle.is_cancelled()
    }
}
