//! Executing commands: what this store does in the rounds of a batch.

use async_trait::async_trait;
use batcher::{LockWait, Verdict};
use domain::{
    Error,
    batch::{self, Key, Refusal, SessionState, SessionWrite, Storage},
    command::Command,
};
use telemetry::{Statement, lost_races, replays, statement};

use crate::{
    connections::{Connections, Lease},
    error, load, locked, write,
};

/// Executes a batch of commands, and gives a verdict on each, in order.
pub(crate) async fn run(
    connections: &Connections,
    commands: Vec<Command>,
    wait: LockWait,
    keeps_answers: bool,
) -> Vec<Verdict<Command>> {
    let mut rounds = Rounds { connections, wait, keeps_answers, connection: None };
    let results = batch::execute(&mut rounds, &commands).await;
    replays(&results);
    batcher::verdicts(commands, results)
}

struct Rounds<'a> {
    connections: &'a Connections,
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
        connection.wait_for_locks(self.wait).await.map_err(error::of_read)?;
        statement(Statement::Load, load::run(connection, sessions, commands)).await
    }

    async fn write(&mut self, group: &[SessionWrite]) -> Result<Vec<bool>, Refusal> {
        let Some(connection) = self.connection.as_mut().filter(|connection| connection.is_sound()) else {
            return Err(Refusal::Disconnected(error::connection_lost()));
        };
        match statement(Statement::Write, write::run(connection, group, self.keeps_answers)).await {
            Ok(written) => {
                lost_races(&written);
                Ok(written)
            }
            Err(error) if error::is_locked(&error) => {
                Err(Refusal::Locked(locked::run(connection, group).await))
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
