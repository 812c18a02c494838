//! What goes back: stored documents as they are, and JSON around them.

use axum::response::{AppendHeaders, IntoResponse, Response};
use budget::Counted;
use channel_session_api::v1::ChannelSession;
use domain::Error;
use http::{
    StatusCode,
    header::{CONTENT_TYPE, ETAG},
};
use http_body::Body;
use prost::Message;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Gateway, problem::Problem};

/// Answers with a session's document as it is stored, and its revision as the entity tag.
pub(crate) fn document(status: StatusCode, session: Option<ChannelSession>) -> Response {
    let session = session.unwrap_or_default();
    // A creation that was only validated has no revision, and so no entity tag.
    let etag = (session.revision > 0).then_some(AppendHeaders([(ETAG, session.etag)]));
    (status, etag, [(CONTENT_TYPE, "application/json")], session.document_json).into_response()
}

/// Answers with JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<Response, Problem> {
    let mut text =
        serde_json::to_vec(value).map_err(|error| Problem::from(&Error::Internal(error.into())))?;
    // A text that grew may have twice the room that it needs, for as long as its caller takes to read it.
    text.shrink_to_fit();
    Ok((StatusCode::OK, [(CONTENT_TYPE, "application/json")], text).into_response())
}

/// Answers with JSON that is made of an answer of the service's, off the network, while there is room for both and for what
/// is between them.
pub(crate) async fn long<A: Message>(
    gateway: &Gateway,
    answer: A,
    json: impl FnOnce(A) -> Result<Response, Problem>,
) -> Result<Response, Problem> {
    const COPIES: usize = 3;
    let budget = &gateway.options.budget;
    let overloaded = |_| Problem::from(&Error::Overloaded);
    let mut share = budget.answers.share();
    share.grow(COPIES * answer.encoded_len()).map_err(overloaded)?;
    let mut response = budget.long_work.run(|| json(answer)).await?;
    let mut kept = share.renewed();
    drop(share);
    kept.grow(size(&response)).map_err(overloaded)?;
    response.extensions_mut().insert(Counted::by(kept));
    Ok(response)
}

/// The same answer with its share of the memory: what is left of the one that the service's answer had, or else one of its
/// own. Refused where there is no room: begun without it, it would be cut off.
pub(crate) fn counted(
    gateway: &Gateway,
    mut response: Response,
    counted: Option<Counted>,
) -> Result<Response, Problem> {
    let size = size(&response);
    let counted = match counted {
        Some(counted) => counted.shrunk(size),
        None => {
            let mut share = gateway.options.budget.answers.share();
            share.grow(size).map_err(|_| Problem::from(&Error::Overloaded))?;
            Counted::by(share)
        }
    };
    response.extensions_mut().insert(counted);
    Ok(response)
}

/// What an answer's body takes, in bytes.
fn size(response: &Response) -> usize {
    usize::try_from(response.body().size_hint().lower()).unwrap_or(usize::MAX)
}

/// A stored document that is to stand within other JSON, as it is.
pub(crate) fn within(id: Option<&str>, text: String) -> Result<Box<RawValue>, Problem> {
    RawValue::from_string(text).map_err(|error| {
        let id = id.unwrap_or_default();
        Problem::from(&Error::Internal(format!("the stored document of {id} is no JSON: {error}").into()))
    })
}
