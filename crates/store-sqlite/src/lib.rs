//! The port to the store on SQLite: one file on one machine, the default.
//!
//! There is one connection that writes. Other ones read, and see what the last commit left. What was decided on is written
//! only where it is still as it was read, whoever else, in this process or in another one, writes to the same file.

mod clock;
mod columns;
mod connections;
mod error;
mod event;
mod events;
mod execute;
mod file;
mod get;
mod health;
mod history;
mod list;
mod load;
mod open;
mod position;
mod reserve;
mod retention;
mod update;
mod write;

use async_trait::async_trait;
use batcher::Batcher;
use domain::{
    Error, Outcome,
    command::{Command, CommandResult},
    event::{Event, Position, Scope},
    health::Health,
    list::{Filter, Page},
    session::{Id, Revision, Session, TenantId},
    store::{self, Events, Expired},
    time::Timestamp,
};
use sqlx::SqlitePool;

use clock::Clock;
use connections::Connections;
use file::File;
use health::Writes;
use reserve::Reserve;

pub use open::migrate;

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
    file: File,
    reserve: Reserve,
    writes: Writes,
    clock: Clock,
}

#[async_trait]
impl store::Store for Store {
    async fn execute(&self, commands: Vec<Command>) -> Vec<Result<CommandResult, Error>> {
        self.commands.submit(commands).await
    }

    async fn get(&self, tenant: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>> {
        get::run(&self.readers, tenant, ids).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        filter: &Filter,
        after: Option<&Id>,
        limit: usize,
    ) -> Result<Page, Error> {
        list::run(&self.readers, tenant, filter, after, limit).await
    }

    async fn history(
        &self,
        tenant: &TenantId,
        id: &Id,
        key: Option<&str>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Event>, Error> {
        history::run(&self.readers, tenant, id, key, before, limit).await
    }

    async fn position(&self) -> Result<Position, Error> {
        position::now(&self.events).await
    }

    async fn events(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        after: &Position,
        until: Option<&Position>,
        limit: usize,
    ) -> Result<Events, Error> {
        events::run(&self.events, tenant, scope, after, until, limit).await
    }

    async fn expire(&self, expired: Expired, limit: usize) -> Result<usize, Error> {
        self.file.check_for_changes(Outcome::NotApplied)?;
        retention::expire(&self.writer, &self.reserve, expired, limit).await
    }

    async fn ended(&self, before: Timestamp, limit: usize) -> Result<Vec<(TenantId, Id, Revision)>, Error> {
        retention::ended(&self.readers, before, limit).await
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
        self.clock.now(&self.writer).await
    }

    async fn close(&self) {
        self.commands.finish().await;
        self.writes.note(false);
        self.command_readers.close().await;
        self.events.close().await;
        self.readers.close().await;
        // Last, so that it can fold the log of writes into the file.
        self.writer.close().await;
    }
}
