//! `GET /channel-sessions/{channelSessionId}/history`: `ListChannelSessionHistory`. Changes have the members that they
//! have in events.

mod event;

use axum::{extract::State, response::Response};
use channel_session_api::v1::ListChannelSessionHistoryRequest;
use http::request::Parts;
use serde::Serialize;

use crate::{Gateway, id::PathId, problem::Problem, query, reply, upstream::Effect};

use event::Event;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    events: Vec<Event>,
    /// Left out on the last page.
    #[serde(skip_serializing_if = "String::is_empty")]
    next_page_token: String,
}

pub(crate) async fn history(
    State(gateway): State<Gateway>,
    PathId(id): PathId,
    parts: Parts,
) -> Result<Response, Problem> {
    let request = query::read(&parts, |query| {
        Ok(ListChannelSessionHistoryRequest {
            channel_session_id: id.as_str().to_owned(),
            key: query.text("key")?,
            page_size: query.number("pageSize")?,
            page_token: query.text("pageToken")?,
        })
    })?;
    let response = gateway
        .call(&parts, Effect::Read, request, |mut client, request| async move {
            client.list_channel_session_history(request).await
        })
        .await?;
    reply::long(&gateway, response, |response| {
        reply::json(&Page {
            events: response.events.into_iter().map(Event::from).collect(),
            next_page_token: response.next_page_token,
        })
    })
    .await
}
