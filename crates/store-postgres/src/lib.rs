//! The port to the store on PostgreSQL 14 and later: documents in JSONB.
//!
//! A command is decided by the domain on what was read, or on what this process wrote last, and written by one statement
//! that takes effect only where that is still the session's revision; otherwise the session is read, and the command
//! decided again. There is never a transaction that is opened and closed from here: there is no moment at which a lost
//! caller could leave a connection inside one. With [row-level security](row_security), each statement has a transaction of its
//! own, in which it says whose rows it is about.

mod columns;
mod connections;
mod engine;
mod epoch;
mod error;
mod event;
mod events;
mod execute;
mod get;
mod health;
mod history;
mod inspect;
mod list;
mod load;
mod locked;
mod migrate;
mod open;
mod position;
mod reachability;
mod retention;
mod row_security;
mod target;
mod warnings;
mod write;

use async_trait::async_trait;
use batcher::{Batcher, Tasks};
use domain::{
    Error,
    command::{Command, CommandResult},
    event::{Position, Scope},
    health::Health,
    list::{Filter, Page},
    session::{Id, Revision, Session, TenantId},
    store::{self, Events, Expired},
    time::Timestamp,
};
use get::Read;
use telemetry::{Statement, statement};

pub use inspect::inspect;
pub use migrate::{RowLevelSecurity, migrate, migrate_with};
pub use open::Options;

/// Sessions in a PostgreSQL database.
#[derive(Debug, Clone)]
pub struct Store {
    connections: open::Purposes,
    commands: Batcher<Command>,
    reads: Batcher<Read>,
    /// Calls on the connections for lists, on those for events, and retention's on those for commands.
    lists: Tasks,
    events: Tasks,
    retention: Tasks,
}

#[async_trait]
impl store::Store for Store {
    async fn execute(&self, commands: Vec<Command>) -> Vec<Result<CommandResult, Error>> {
        self.commands.submit(commands).await
    }

    async fn get(&self, tenant: &TenantId, ids: Vec<Id>) -> Vec<Result<Session, Error>> {
        let read = |id| Read { tenant: tenant.clone(), id };
        self.reads.submit(ids.into_iter().map(read).collect()).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        filter: &Filter,
        after: Option<&Id>,
        limit: usize,
    ) -> Result<Page, Error> {
        let connections = self.connections.lists.clone();
        let (tenant, filter, after) = (tenant.clone(), filter.clone(), after.cloned());
        let list = async move { list::run(&connections, &tenant, &filter, after.as_ref(), limit).await };
        self.lists.run(statement(Statement::List, list)).await
    }

    async fn history(
        &self,
        tenant: &TenantId,
        id: &Id,
        key: Option<&str>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<domain::history::Page, Error> {
        let connections = self.connections.lists.clone();
        let (tenant, id, key) = (tenant.clone(), id.clone(), key.map(str::to_owned));
        let history =
            async move { history::run(&connections, &tenant, &id, key.as_deref(), before, limit).await };
        self.lists.run(statement(Statement::History, history)).await
    }

    async fn position(&self) -> Result<Position, Error> {
        let connections = self.connections.events.clone();
        let work = async move { position::now(&connections).await };
        self.events.run(statement(Statement::Position, work)).await
    }

    async fn events(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        after: &Position,
        until: Option<&Position>,
        limit: usize,
    ) -> Result<Events, Error> {
        let connections = self.connections.events.clone();
        let (tenant, scope, after, until) = (tenant.clone(), scope.clone(), after.clone(), until.cloned());
        let events =
            async move { events::run(&connections, &tenant, &scope, &after, until.as_ref(), limit).await };
        self.events.run(statement(Statement::Events, events)).await
    }

    async fn expire(&self, expired: Expired, limit: usize) -> Result<usize, Error> {
        let connections = self.connections.commands.clone();
        let work = async move { retention::expire(&connections, expired, limit).await };
        self.retention.run(statement(Statement::Expire, work)).await
    }

    async fn ended(&self, before: Timestamp, limit: usize) -> Result<Vec<(TenantId, Id, Revision)>, Error> {
        let connections = self.connections.lists.clone();
        let work = async move { retention::ended(&connections, before, limit).await };
        self.lists.run(statement(Statement::Ended, work)).await
    }

    async fn health(&self) -> Health {
        health::run(&self.connections).await
    }

    async fn now(&self) -> Result<Timestamp, Error> {
        let connections = self.connections.lists.clone();
        let work = async move { retention::now(&connections).await };
        self.lists.run(statement(Statement::Now, work)).await
    }

    async fn close(&self) {
        self.commands.finish().await;
        self.reads.finish().await;
        for tasks in [&self.lists, &self.events, &self.retention] {
            tasks.close().await;
        }
        for connections in self.connections.all() {
            connections.close().await;
        }
    }
}
