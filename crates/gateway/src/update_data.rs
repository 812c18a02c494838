//! The full form of `UpdateData`, with its request as JSON.

mod request;

use channel_session_api::v1::UpdateDataRequest;
use http::StatusCode;

use crate::{
    body::Body,
    headers::{Change, Headers, Preference},
    id::PathId,
    problem::Problem,
    query::{Nothing, Query},
    reply::{Reply, Session},
    upstream::{Call, Effect},
};

pub(crate) use request::Update;

pub(crate) async fn update_data(
    call: Call,
    id: PathId,
    Query(Nothing {}): Query<Nothing>,
    Headers(mut change): Headers<Change>,
    Headers(preference): Headers<Preference>,
    Body(update, _share): Body<Update>,
) -> Result<Reply<Session>, Problem> {
    let request = update.into_request("", &preference)?;
    let request = UpdateDataRequest {
        channel_session_id: id.or_same(&request.channel_session_id)?,
        etag: change.etag(request.etag)?,
        request_id: change.request_id(request.request_id)?,
        ..request
    };
    let effect = Effect::of(request.validate_only);
    let (response, counted) = call
        .make_counted(effect, request, |mut client, request| async move { client.update_data(request).await })
        .await?;
    Ok(Reply::session(StatusCode::OK, response.channel_session, &preference).made_with(counted))
}
