//! Executing commands: what this store does in the rounds of a batch.

use async_trait::async_trait;
use batcher::{LockWait, Verdict};
use domain::{
    Error,
    batch::{self, Key, Refusal, SessionCache, SessionState, SessionWrite, Storage},
    command::Command,
};
use telemetry::{Statement, lost_races, replays, session_cache, statement, write_statement};

use crate::{
    connections::{Connections, Lease},
    error, load, locked,
    row_security::batches::{Owner, by_owner},
    write,
};

/// Executes a batch of commands, and gives a verdict on each, in order.
pub(crate) async fn run(
    connections: &Connections,
    cache: &SessionCache,
    commands: Vec<Command>,
    wait: LockWait,
    keeps_answers: bool,
) -> Vec<Verdict<Command>> {
    by_owner(connections.is_guarded(), commands, |owner, commands| async move {
        let mut rounds = Rounds { connections, owner, cache, wait, keeps_answers, connection: None };
        let results = batch::execute(&mut rounds, cache, &commands).await;
        replays(&results);
        session_cache(cache);
        batcher::verdicts(commands, results)
    })
    .await
}

struct Rounds<'a> {
    connections: &'a Connections,
    owner: Owner,
    cache: &'a SessionCache,
    wait: LockWait,
    keeps_answers: bool,
    /// The connection of the round.
    connection: Option<Lease>,
}

#[async_trait]
impl Storage for Rounds<'_> {
    async fn read(
        &mut self,
        sessions: &[Key<'_>],
        commands: &[&Command],
    ) -> Result<Vec<Result<SessionState, Error>>, Error> {
        // That of the round before goes back first: whoever held one while it waits for another could wait for itself.
        self.connection = None;
        let connection = self.connection.insert(self.connections.get().await?);
        if connection.is_new() {
            // It may lead to another server, to which the last writes of the one before never came.
            self.cache.clear();
        }
        connection.wait_for_locks(self.wait).await.map_err(error::of_read)?;
        if sessions.is_empty() {
            return Ok(Vec::new());
        }
        statement(Statement::Load, load::run(connection, self.owner.rows(), sessions, commands)).await
    }

    async fn write(&mut self, group: &[SessionWrite]) -> Result<Vec<bool>, Refusal> {
        let Some(connection) = self.connection.as_mut().filter(|connection| connection.is_sound()) else {
            return Err(Refusal::Disconnected(error::connection_lost()));
        };
        let (whose, epoch) = (self.owner.rows(), connection.epoch());
        let known = epoch.id();
        match write_statement(write::run(connection, whose, group, self.keeps_answers)).await {
            Ok(written) => {
                if epoch.id() != known {
                    // It leads to another server by now, as behind a pooler.
                    self.cache.clear();
                }
                lost_races(&written);
                Ok(written)
            }
            Err(error) if error::is_locked(&error) => {
                Err(Refusal::Locked(locked::run(connection, whose, group).await))
            }
            Err(error) => {
                let refusal = error::refusal(error);
                if matches!(refusal, Refusal::Conflict) && group.len() == 1 {
                    lost_races(&[false]);
                }
                Err(refusal)
            }
        }
    }
}
