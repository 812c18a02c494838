//! `ListChannelSessions`. Each document as it is stored, beside what `GET` of it has in headers.

use channel_session_api::v1::{ChannelSession, ChannelSessionView, ListChannelSessionsRequest};
use domain::session::IndexedFields;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    off_network,
    openapi::ChannelSessionDocument,
    problem::Problem,
    query::Query,
    reply::{self, Reply},
    upstream::{Call, Effect},
};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Parameters {
    #[schemars(range(min = 0))]
    page_size: i32,
    page_token: String,
    #[schemars(length(max = IndexedFields::MAX_CHARS))]
    conversation_id: String,
    #[schemars(length(max = IndexedFields::MAX_CHARS))]
    customer_id: String,
    #[schemars(length(max = IndexedFields::MAX_CHARS))]
    channel_type: String,
    active: Option<bool>,
}

/// A page of sessions.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ChannelSessionPage")]
pub(crate) struct Page {
    /// The sessions, in the order of their ids' bytes.
    channel_sessions: Vec<Item>,
    /// Left out on the last page.
    #[serde(skip_serializing_if = "String::is_empty")]
    next_page_token: String,
}

/// A session, its document as it is stored.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ListedChannelSession")]
struct Item {
    id: Option<String>,
    revision: i64,
    etag: String,
    #[schemars(with = "ChannelSessionDocument")]
    document: Box<RawValue>,
}

pub(crate) async fn list(call: Call, Query(parameters): Query<Parameters>) -> Result<Reply<Page>, Problem> {
    let request = ListChannelSessionsRequest {
        page_size: parameters.page_size,
        page_token: parameters.page_token,
        view: ChannelSessionView::Json.into(),
        conversation_id: parameters.conversation_id,
        customer_id: parameters.customer_id,
        channel_type: parameters.channel_type,
        active: parameters.active,
    };
    off_network::is_long(&call.parts.extensions).found().await;
    let response = call
        .make(Effect::Read, request, |mut client, request| async move {
            client.list_channel_sessions(request).await
        })
        .await?;
    Reply::long(&call.gateway, response, |response| {
        let sessions = response.channel_sessions.into_iter().map(item).collect::<Result<_, _>>()?;
        Ok(Page { channel_sessions: sessions, next_page_token: response.next_page_token })
    })
}

fn item(session: ChannelSession) -> Result<Item, Problem> {
    let document = reply::within(session.id.as_deref(), session.document_json)?;
    Ok(Item { id: session.id, revision: session.revision, etag: session.etag, document })
}
