//! Executing commands: what this store does in the rounds of a batch.
//!
//! Reading and deciding take no lock: while one batch is written, the next one is read and decided.

use async_trait::async_trait;
use batcher::Verdict;
use domain::{
    Error, Outcome,
    batch::{self, Key, Refusal, SessionCache, SessionState, SessionWrite, Storage},
    command::Command,
};
use sqlx::SqliteConnection;
use telemetry::{Statement, lost_races, replays, session_cache, statement, write_statement};

use crate::{
    backfill::Backfill,
    connections::{Connections, Lease},
    epoch::Epoch,
    error,
    file::File,
    health::Writes,
    load,
    reserve::Reserve,
    update, write,
};

/// Executes a batch of commands, and gives a verdict on each, in order, once all of them are durable.
pub(crate) async fn run(target: &Target, commands: Vec<Command>) -> Vec<Verdict<Command>> {
    let mut rounds = Rounds { target, connection: None, was_full: false };
    let mut results = batch::execute(&mut rounds, &target.cache, &commands).await;
    rounds.release();
    // What was written to a file that nobody will find again is not acknowledged.
    if let Err(error) = target.file.check_for_changes(Outcome::Unknown) {
        for result in results.iter_mut().flatten().filter(|result| result.is_ok()) {
            *result = Err(error.clone());
        }
    }
    replays(&results);
    session_cache(&target.cache);
    batcher::verdicts(commands, results)
}

/// What commands are executed on.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) readers: Connections,
    pub(crate) writer: Connections,
    pub(crate) cache: SessionCache,
    pub(crate) file: File,
    pub(crate) reserve: Reserve,
    pub(crate) writes: Writes,
    pub(crate) backfill: Backfill,
    pub(crate) epoch: Epoch,
    pub(crate) keeps_answers: bool,
}

struct Rounds<'a> {
    target: &'a Target,
    /// The connection that writes, as long as no statement has failed on it in this round.
    connection: Option<Lease>,
    /// Whether the disk was found full in this round.
    was_full: bool,
}

#[async_trait]
impl Storage for Rounds<'_> {
    async fn read(
        &mut self,
        sessions: &[Key<'_>],
        commands: &[&Command],
    ) -> Result<Vec<Result<SessionState, Error>>, Error> {
        self.release();
        self.was_full = false;
        self.target.file.check_for_changes(Outcome::NotApplied)?;
        let states = match sessions {
            [] => Vec::new(),
            _ => {
                let mut reader = self.target.readers.get().await?;
                let states = statement(Statement::Load, load::run(&mut reader, sessions, commands)).await?;
                reader.keep();
                states
            }
        };
        self.connection = Some(self.target.writer.get().await?);
        Ok(states)
    }

    async fn write(&mut self, group: &[SessionWrite]) -> Result<Vec<bool>, Refusal> {
        let Target { writer, reserve, writes, backfill, .. } = self.target;
        loop {
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => writer.get().await.map_err(Refusal::Disconnected)?,
            };
            // While the disk is full, what is left of it is for what erases.
            if !group.iter().all(|write| write.erase)
                && let Err(error) = reserve.check(&mut connection).await
            {
                self.connection = Some(connection);
                return Err(Refusal::NoRoom(error));
            }
            let written = write_statement(write(&mut connection, group, self.target)).await;
            let error = match written {
                Ok(written) => {
                    lost_races(&written);
                    writes.note(true);
                    backfill.wrote(group);
                    self.connection = Some(connection);
                    return Ok(written);
                }
                Err(error) => error,
            };
            self.connection = undo(connection).await;
            let erases = group.iter().any(|write| write.erase);
            if error::is_full(&error) && (reserve.spend() || (erases && !self.was_full)) {
                self.was_full = true;
                self.connection = None;
                reserve.make_room(writer).await.map_err(Refusal::Disconnected)?;
                continue;
            }
            let refusal = error::refusal(error);
            let is_conflict = matches!(refusal, Refusal::Conflict);
            if is_conflict && group.len() == 1 {
                lost_races(&[false]);
            }
            writes.note(is_conflict);
            return Err(refusal);
        }
    }
}

impl Rounds<'_> {
    /// Keeps the connection that writes for whoever comes next. It would be closed otherwise.
    fn release(&mut self) {
        self.connection.take().into_iter().for_each(Lease::keep);
    }
}

/// Writes a group in one transaction, and says of each whether it was written. Leaves the transaction open where it fails.
async fn write(
    connection: &mut SqliteConnection,
    group: &[SessionWrite],
    target: &Target,
) -> Result<Vec<bool>, sqlx::Error> {
    target.epoch.begin(connection).await?;
    if group.iter().all(SessionWrite::is_update) {
        update::run(connection, group).await.map(|()| vec![true; group.len()])
    } else {
        write::run(connection, group, target.keeps_answers).await
    }
}

/// Leaves no transaction open. Where SQLite has undone it by itself, as on a full disk, there is none to undo, and the
/// connection is given up: it costs little to open another one.
async fn undo(mut connection: Lease) -> Option<Lease> {
    sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await.ok().map(|_| connection)
}

#[cfg(test)]
mod tests;
