//! What is written, as columns: an array for each, as `unnest` takes them.

use domain::{
    batch::{Ended, SessionWrite},
    event::{EventWrite, changes_to_text},
    request_id::{IdempotencyRecord, RequestId},
};
use sqlx::{Postgres, postgres::PgArguments};

type Query<'a> = sqlx::query::Query<'a, Postgres, PgArguments>;

/// The columns of some writes, collected in one pass.
#[derive(Default)]
pub(crate) struct Columns<'a> {
    sessions: Sessions<'a>,
    events: Events<'a>,
    records: Records<'a>,
}

/// One item for each session.
#[derive(Default)]
struct Sessions<'a> {
    tenant_id: Vec<&'a str>,
    id: Vec<&'a str>,
    expected: Vec<i64>,
    revision: Vec<i64>,
    document: Vec<Option<&'a str>>,
    conversation_id: Vec<Option<&'a str>>,
    customer_id: Vec<Option<&'a str>>,
    channel_type: Vec<Option<&'a str>>,
    active: Vec<Option<bool>>,
    ended_at: Vec<Option<i64>>,
    sets_ended_at: Vec<bool>,
    erase: Vec<bool>,
}

/// One item for each event of all sessions.
#[derive(Default)]
struct Events<'a> {
    /// Which of the sessions it is about, counted from 1.
    ordinal: Vec<i64>,
    revision: Vec<i64>,
    name: Vec<&'a str>,
    at: Vec<i64>,
    conversation_id: Vec<Option<&'a str>>,
    requester: Vec<&'a str>,
    request_id: Vec<Option<&'a str>>,
    trace_id: Vec<Option<String>>,
    changes: Vec<String>,
    document_before: Vec<Option<&'a str>>,
    document_bytes: Vec<i32>,
    left_conversation_id: Vec<Option<&'a str>>,
}

/// One item for each idempotency record of all sessions.
#[derive(Default)]
struct Records<'a> {
    /// Which of the sessions it is about, counted from 1.
    ordinal: Vec<i64>,
    request_id: Vec<&'a str>,
    digest: Vec<&'a [u8]>,
    revision: Vec<i64>,
    changed: Vec<bool>,
    document: Vec<Option<&'a str>>,
    at: Vec<i64>,
}

impl<'a> Columns<'a> {
    /// The columns of some writes. Whether answers are kept with all idempotency records, or where they cannot be rebuilt.
    pub(crate) fn of(group: &'a [SessionWrite], keeps_answers: bool) -> Self {
        let mut columns = Self::default();
        for (ordinal, write) in (1..).zip(group) {
            columns.sessions.push(write);
            for event in &write.events {
                columns.events.push(ordinal, event);
            }
            for record in &write.idempotency_records {
                columns.records.push(ordinal, record, keeps_answers || record.keeps_document);
            }
        }
        columns
    }

    /// Binds what an update takes: the sessions' data, and the events without what the session's row has of them.
    pub(crate) fn bind_update(self, query: Query<'a>) -> Query<'a> {
        let Self { sessions, events, records: _ } = self;
        query
            .bind(sessions.tenant_id)
            .bind(sessions.id)
            .bind(sessions.expected)
            .bind(sessions.revision)
            .bind(sessions.document)
            .bind(events.ordinal)
            .bind(events.revision)
            .bind(events.name)
            .bind(events.at)
            .bind(events.requester)
            .bind(events.request_id)
            .bind(events.trace_id)
            .bind(events.changes)
            .bind(events.document_before)
            .bind(events.document_bytes)
    }

    /// Binds all columns, in the order in which they are declared.
    pub(crate) fn bind_all(self, query: Query<'a>) -> Query<'a> {
        let Self { sessions, events, records } = self;
        query
            .bind(sessions.tenant_id)
            .bind(sessions.id)
            .bind(sessions.expected)
            .bind(sessions.revision)
            .bind(sessions.document)
            .bind(sessions.conversation_id)
            .bind(sessions.customer_id)
            .bind(sessions.channel_type)
            .bind(sessions.active)
            .bind(sessions.ended_at)
            .bind(sessions.sets_ended_at)
            .bind(sessions.erase)
            .bind(events.ordinal)
            .bind(events.revision)
            .bind(events.name)
            .bind(events.at)
            .bind(events.conversation_id)
            .bind(events.requester)
            .bind(events.request_id)
            .bind(events.trace_id)
            .bind(events.changes)
            .bind(events.document_before)
            .bind(events.document_bytes)
            .bind(events.left_conversation_id)
            .bind(records.ordinal)
            .bind(records.request_id)
            .bind(records.digest)
            .bind(records.revision)
            .bind(records.changed)
            .bind(records.document)
            .bind(records.at)
    }
}

impl<'a> Sessions<'a> {
    fn push(&mut self, write: &'a SessionWrite) {
        let fields = write.indexed_fields.as_ref();
        self.tenant_id.push(write.tenant.as_str());
        self.id.push(write.id.as_str());
        self.expected.push(write.expected.get());
        self.revision.push(write.revision.get());
        self.document.push(write.document.as_deref());
        self.conversation_id.push(fields.and_then(|fields| fields.conversation_id.as_deref()));
        self.customer_id.push(fields.and_then(|fields| fields.customer_id.as_deref()));
        self.channel_type.push(fields.and_then(|fields| fields.channel_type.as_deref()));
        self.active.push(fields.map(|fields| fields.active));
        self.ended_at.push(write.ended_at());
        self.sets_ended_at.push(write.ended != Ended::AsStored);
        self.erase.push(write.erase);
    }
}

impl<'a> Events<'a> {
    fn push(&mut self, ordinal: i64, write: &'a EventWrite) {
        let EventWrite { event, before, left_conversation_id, document_bytes } = write;
        self.ordinal.push(ordinal);
        self.revision.push(event.revision.get());
        self.name.push(event.name.as_str());
        self.at.push(event.at.millis());
        self.conversation_id.push(event.conversation_id.as_deref());
        self.requester.push(event.requester.as_str());
        self.request_id.push(event.request_id.as_ref().map(RequestId::as_str));
        self.trace_id.push(event.trace_id.map(|id| id.to_string()));
        self.changes.push(changes_to_text(&event.changes));
        self.document_before.push(before.as_deref());
        self.document_bytes.push(i32::try_from(*document_bytes).unwrap_or(i32::MAX));
        self.left_conversation_id.push(left_conversation_id.as_deref());
    }
}

impl<'a> Records<'a> {
    fn push(&mut self, ordinal: i64, record: &'a IdempotencyRecord, keeps_document: bool) {
        self.ordinal.push(ordinal);
        self.request_id.push(record.request_id.as_str());
        self.digest.push(record.digest.as_bytes());
        self.revision.push(record.revision.get());
        self.changed.push(record.changed);
        self.document.push(keeps_document.then_some(record.document.as_str()));
        self.at.push(record.at.millis());
    }
}
