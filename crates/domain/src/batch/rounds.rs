//! The loop of a batch's rounds: read, decide, write, for every store.

use async_trait::async_trait;

use super::{Batch, Key, SessionCache, SessionState, SessionWrite};
use crate::{
    command::{Command, CommandResult},
    error::Error,
};

/// What a store does in the rounds of a batch: it reads sessions and writes them, and decides nothing. One value serves one
/// batch.
#[async_trait]
pub trait Storage: Send {
    /// Begins a round: reads a state for each session, in order, with the idempotency records that these commands name.
    /// The sessions come in the order of their keys, each once. There are none where the cache knows all of the round's.
    ///
    /// Returns once it is ready to write. Whatever has to be waited for before, such as a connection, is waited for here:
    /// when the commands are decided they pass the commit point, and can no longer be cancelled.
    ///
    /// # Errors
    /// One that concerns the whole round. Nothing has been written in it then.
    async fn read(
        &mut self,
        sessions: &[Key<'_>],
        commands: &[&Command],
    ) -> Result<Vec<Result<SessionState, Error>>, Error>;

    /// Writes in one atomic step, each session only if its revision is still the expected one and none of the request ids
    /// whose records it adds has one, and says of each whether it was written. Either all of them are [updates](SessionWrite::is_update) or none is.
    ///
    /// # Errors
    /// Nothing was written, as far as is known.
    async fn write(&mut self, group: &[SessionWrite]) -> Result<Vec<bool>, Refusal>;
}

/// Why a group of writes was not written.
#[derive(Debug)]
pub enum Refusal {
    /// For what somebody else has just written, or is writing.
    Conflict,
    /// Somebody else has locked sessions: for each write of the group, whether its session is among them.
    Locked(Vec<bool>),
    /// There is room only for what [erases](SessionWrite::erase), and not all of the group does.
    NoRoom(Error),
    /// Neither these nor others can be written in this round, such as for a connection that is lost. Nothing was sent.
    Disconnected(Error),
    /// For this.
    Error(Error),
}

/// Executes a batch of commands. Gives a result for each, in order: none for what is left as it is, since somebody else has
/// locked its session.
///
/// The cache is that of the store, which no other store may share.
pub async fn execute(
    storage: &mut impl Storage,
    cache: &SessionCache,
    commands: &[Command],
) -> Vec<Option<Result<CommandResult, Error>>> {
    let mut batch = Batch::new(commands, cache);
    while let Some(open) = batch.next_round() {
        let generation = cache.generation();
        let (mut writes, unknown) = batch.assume(open);
        let sessions: Vec<_> = unknown.keys().copied().collect();
        let to_decide: Vec<_> = unknown.values().flatten().map(|index| &commands[*index]).collect();
        match storage.read(&sessions, &to_decide).await {
            Ok(states) => {
                batch.generation = cache.generation();
                // What was assumed is forgotten if the cache was cleared meanwhile, and read in the next round.
                writes.retain(|write| batch.generation == generation && batch.commit_assumed(write));
                writes.extend(batch.decide(unknown, states));
                writes.sort_unstable_by(|a, b| (&a.tenant, &a.id).cmp(&(&b.tenant, &b.id)));
                write_all(storage, &mut batch, writes).await;
            }
            Err(error) => batch.fail(&error),
        }
    }
    batch.into_results()
}

async fn write_all(storage: &mut impl Storage, batch: &mut Batch<'_>, writes: Vec<SessionWrite>) {
    // Updates are nearly all writes, and take a store the least: together with others they would take it more.
    let (updates, others): (Vec<_>, Vec<_>) = writes.into_iter().partition(SessionWrite::is_update);
    let mut groups = vec![others, updates];
    while let Some(group) = groups.pop() {
        if group.is_empty() {
            continue;
        }
        match storage.write(&group).await {
            Ok(written) => batch.commit(group, &written),
            Err(Refusal::Disconnected(error)) => {
                groups.push(group);
                groups.drain(..).for_each(|group| batch.fail_group(group, &error));
            }
            Err(refusal) => groups.extend(batch.split_or_fail(group, refusal)),
        }
    }
}
