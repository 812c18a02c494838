//! `ListChannelSessionHistory`. Changes have the members that they have in events.

pub(crate) mod event;

use channel_session_api::v1::ListChannelSessionHistoryRequest;
use domain::attribute::Attribute;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::PathId,
    off_network,
    openapi::rules,
    problem::Problem,
    query::Query,
    reply::Reply,
    upstream::{Call, Effect},
};

use event::Event;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Parameters {
    #[schemars(length(max = Attribute::MAX_KEY_CHARS), extend("pattern" = rules::KEY))]
    key: String,
    #[schemars(range(min = 0))]
    page_size: i32,
    page_token: String,
}

/// A page of a session's past.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "HistoryPage")]
pub(crate) struct Page {
    /// What happened, newest first.
    events: Vec<Event>,
    /// Left out on the last page.
    #[serde(skip_serializing_if = "String::is_empty")]
    next_page_token: String,
}

pub(crate) async fn history(
    call: Call,
    PathId(id): PathId,
    Query(Parameters { key, page_size, page_token }): Query<Parameters>,
) -> Result<Reply<Page>, Problem> {
    let channel_session_id = id.as_str().to_owned();
    let request = ListChannelSessionHistoryRequest { channel_session_id, key, page_size, page_token };
    off_network::is_long(&call.parts.extensions).found().await;
    let response = call
        .make(Effect::Read, request, |mut client, request| async move {
            client.list_channel_session_history(request).await
        })
        .await?;
    Reply::long(&call.gateway, response, |response| {
        let events = response.events.into_iter().map(Event::from).collect();
        Ok(Page { events, next_page_token: response.next_page_token })
    })
}
