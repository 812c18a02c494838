//! The port to the store on SQLite: one file on one machine, the default.
//!
//! There is one connection that writes. Other ones read, and see what the last commit left. What was decided on is written
//! only where it is still as it was read, or as this process wrote it last, whoever else, in this process or in another
//! one, writes to the same file.

mod backfill;
mod backup;
mod clock;
mod columns;
mod connections;
#[cfg(test)]
mod counted;
mod epoch;
mod error;
mod event;
mod events;
mod execute;
mod file;
mod folder;
mod get;
mod health;
mod history;
mod inspect;
mod list;
mod load;
mod open;
mod options;
mod position;
mod reserve;
mod retention;
mod update;
mod write;

use async_trait::async_trait;
use batcher::{Batcher, Tasks};
use domain::{
    Error, Outcome,
    command::{Command, CommandResult},
    event::{Position, Scope},
    health::Health,
    list::{Filter, Page},
    session::{Id, Revision, Session, TenantId},
    store::{self, Events, Expired},
    time::Timestamp,
};
use sqlx::SqlitePool;
use telemetry::{Statement, statement};

use backfill::Backfill;
use clock::Clock;
use connections::Connections;
use file::File;
use health::Writes;
use reserve::Reserve;

pub use backup::Backup;
pub use inspect::inspect;
pub use open::migrate;
pub use options::Options;

/// Sessions in an SQLite file.
#[derive(Debug, Clone)]
pub struct Store {
    /// One connection.
    writer: Connections,
    /// For reading what commands are about.
    command_readers: Connections,
    readers: SqlitePool,
    /// For reading events.
    events: SqlitePool,
    commands: Batcher<Command>,
    /// Calls on the readers, on those of events, and retention's on the connection that writes.
    reading: Tasks,
    reading_events: Tasks,
    retention: Tasks,
    file: File,
    reserve: Reserve,
    writes: Writes,
    backfill: Backfill,
    clock: Clock,
}

#[async_trait]
impl store::Store for Store {
    async fn execute(&self, commands: Vec<Command>) -> Vec<Result<CommandResult, Error>> {
        self.commands.submit(commands).await
    }

    async fn get(&self, tenant: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>> {
        let (readers, tenant, count) = (self.readers.clone(), tenant.clone(), ids.len());
        let get = async move { Ok(get::run(&readers, &tenant, ids).await) };
        let read = self.reading.run(statement(Statement::Get, get)).await;
        read.unwrap_or_else(|error| vec![Err(error); count])
    }

    async fn list(
        &self,
        tenant: &TenantId,
        filter: &Filter,
        after: Option<&Id>,
        limit: usize,
    ) -> Result<Page, Error> {
        let readers = self.readers.clone();
        let (tenant, filter, after) = (tenant.clone(), filter.clone(), after.cloned());
        let list = async move { list::run(&readers, &tenant, &filter, after.as_ref(), limit).await };
        self.reading.run(statement(Statement::List, list)).await
    }

    async fn history(
        &self,
        tenant: &TenantId,
        id: &Id,
        key: Option<&str>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<domain::history::Page, Error> {
        let readers = self.readers.clone();
        let (tenant, id, key) = (tenant.clone(), id.clone(), key.map(str::to_owned));
        let history =
            async move { history::run(&readers, &tenant, &id, key.as_deref(), before, limit).await };
        self.reading.run(statement(Statement::History, history)).await
    }

    async fn position(&self) -> Result<Position, Error> {
        let readers = self.events.clone();
        let work = async move { position::now(&readers).await };
        self.reading_events.run(statement(Statement::Position, work)).await
    }

    async fn events(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        after: &Position,
        until: Option<&Position>,
        limit: usize,
    ) -> Result<Events, Error> {
        let readers = self.events.clone();
        let (tenant, scope, after, until) = (tenant.clone(), scope.clone(), after.clone(), until.cloned());
        let events =
            async move { events::run(&readers, &tenant, &scope, &after, until.as_ref(), limit).await };
        self.reading_events.run(statement(Statement::Events, events)).await
    }

    async fn expire(&self, expired: Expired, limit: usize) -> Result<usize, Error> {
        self.file.check_for_changes(Outcome::NotApplied)?;
        let (writer, reserve) = (self.writer.clone(), self.reserve.clone());
        let work = async move { retention::expire(&writer, &reserve, expired, limit).await };
        self.retention.run(statement(Statement::Expire, work)).await
    }

    async fn ended(&self, before: Timestamp, limit: usize) -> Result<Vec<(TenantId, Id, Revision)>, Error> {
        let readers = self.readers.clone();
        let work = async move { retention::ended(&readers, before, limit).await };
        self.reading.run(statement(Statement::Ended, work)).await
    }

    async fn health(&self) -> Health {
        health::Probe {
            file: &self.file,
            reserve: &self.reserve,
            writes: &self.writes,
            writer: &self.writer,
            readers: &self.readers,
            events: &self.events,
        }
        .run()
        .await
    }

    async fn now(&self) -> Result<Timestamp, Error> {
        let (clock, writer) = (self.clock.clone(), self.writer.clone());
        let work = async move { clock.now(&writer).await };
        self.retention.run(statement(Statement::Now, work)).await
    }

    async fn close(&self) {
        self.commands.finish().await;
        for tasks in [&self.reading, &self.reading_events, &self.retention] {
            tasks.close().await;
        }
        self.writes.note(false);
        self.command_readers.close().await;
        self.backfill.close().await;
        self.events.close().await;
        self.readers.close().await;
        // Last, so that it can fold the log of writes into the file.
        self.writer.close().await;
    }
}
