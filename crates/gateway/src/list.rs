//! `GET /channel-sessions`: `ListChannelSessions`. Each document as it is stored, beside what `GET` of it has in headers.

use axum::{extract::State, response::Response};
use channel_session_api::v1::{ChannelSession, ChannelSessionView, ListChannelSessionsRequest};
use http::request::Parts;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Gateway, problem::Problem, query, reply, upstream::Effect};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    channel_sessions: Vec<Item>,
    /// Left out on the last page.
    #[serde(skip_serializing_if = "String::is_empty")]
    next_page_token: String,
}

#[derive(Serialize)]
struct Item {
    id: Option<String>,
    revision: i64,
    etag: String,
    document: Box<RawValue>,
}

pub(crate) async fn list(State(gateway): State<Gateway>, parts: Parts) -> Result<Response, Problem> {
    let request = query::read(&parts, |query| {
        Ok(ListChannelSessionsRequest {
            page_size: query.number("pageSize")?,
            page_token: query.text("pageToken")?,
            view: ChannelSessionView::Json.into(),
            conversation_id: query.text("conversationId")?,
            customer_id: query.text("customerId")?,
            channel_type: query.text("channelType")?,
            active: query.boolean("active")?,
        })
    })?;
    let response = gateway
        .call(&parts, Effect::Read, request, |mut client, request| async move {
            client.list_channel_sessions(request).await
        })
        .await?;
    reply::long(&gateway, response, |response| {
        let sessions = response.channel_sessions.into_iter().map(item);
        reply::json(&Page {
            channel_sessions: sessions.collect::<Result<_, _>>()?,
            next_page_token: response.next_page_token,
        })
    })
    .await
}

fn item(session: ChannelSession) -> Result<Item, Problem> {
    let document = reply::within(session.id.as_deref(), session.document_json)?;
    Ok(Item { id: session.id, revision: session.revision, etag: session.etag, document })
}
