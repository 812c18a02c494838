//! An event's row, as the columns that are written.

use domain::{
    event::{EventWrite, changes_to_text},
    request_id::RequestId,
};
use sqlx::{Sqlite, query::Query, query_builder::Separated, sqlite::SqliteArguments};

/// The columns of an event, in the order in which they are bound. By default all are null.
#[derive(Default)]
pub(crate) struct EventColumns<'a> {
    tenant_id: Option<&'a str>,
    session_id: Option<&'a str>,
    revision: Option<i64>,
    name: Option<&'a str>,
    at: Option<i64>,
    conversation_id: Option<&'a str>,
    requester: Option<&'a str>,
    request_id: Option<&'a str>,
    trace_id: Option<String>,
    changes: Option<String>,
    document_before: Option<&'a str>,
    document_bytes: Option<i64>,
    left_conversation_id: Option<&'a str>,
}

impl<'a> EventColumns<'a> {
    /// The columns of an event.
    pub(crate) fn of(
        EventWrite { event, before, left_conversation_id, document_bytes }: &'a EventWrite,
    ) -> Self {
        Self {
            tenant_id: Some(event.tenant.as_str()),
            session_id: Some(event.session_id.as_str()),
            revision: Some(event.revision.get()),
            name: Some(event.name.as_str()),
            at: Some(event.at.millis()),
            conversation_id: event.conversation_id.as_deref(),
            requester: Some(event.requester.as_str()),
            request_id: event.request_id.as_ref().map(RequestId::as_str),
            trace_id: event.trace_id.map(|id| id.to_string()),
            changes: Some(changes_to_text(&event.changes)),
            document_before: before.as_deref(),
            document_bytes: i64::try_from(*document_bytes).ok(),
            left_conversation_id: left_conversation_id.as_deref(),
        }
    }

    /// Binds them to a statement that takes them and nothing else.
    pub(crate) fn bind(
        self,
        query: Query<'a, Sqlite, SqliteArguments>,
    ) -> Query<'a, Sqlite, SqliteArguments> {
        query
            .bind(self.tenant_id)
            .bind(self.session_id)
            .bind(self.revision)
            .bind(self.name)
            .bind(self.at)
            .bind(self.conversation_id)
            .bind(self.requester)
            .bind(self.request_id)
            .bind(self.trace_id)
            .bind(self.changes)
            .bind(self.document_before)
            .bind(self.document_bytes)
            .bind(self.left_conversation_id)
    }

    /// Binds them as one row of a list of updates, none of which takes a session out of its conversation.
    pub(crate) fn bind_row(self, mut row: Separated<'_, Sqlite, &'static str>) {
        row.push_bind(self.tenant_id)
            .push_bind(self.session_id)
            .push_bind(self.revision)
            .push_bind(self.name)
            .push_bind(self.at)
            .push_bind(self.conversation_id)
            .push_bind(self.requester)
            .push_bind(self.request_id)
            .push_bind(self.trace_id)
            .push_bind(self.changes)
            .push_bind(self.document_before)
            .push_bind(self.document_bytes);
    }
}
