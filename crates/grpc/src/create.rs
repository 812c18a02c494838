//! `CreateChannelSession`: checks a document, has the store keep it, returns the session.

use channel_session_api::v1::{CreateChannelSessionRequest, CreateChannelSessionResponse};
use domain::{
    Error,
    attempt::Attempt,
    json::Path,
    session::{Document, Id, TenantId},
    store::Create,
    violation::Violation,
};

use crate::{Service, update_data::only, value, view};

pub(crate) async fn run(
    service: Service,
    request: CreateChannelSessionRequest,
    attempt: Attempt,
) -> Result<CreateChannelSessionResponse, Error> {
    if !request.channel_session_id.is_empty() {
        Id::parse(&request.channel_session_id)?;
    }
    let document = match (request.document, request.document_json) {
        (None, Some(text)) => Document::parse(&text)?,
        (Some(fields), None) => {
            let problems = |problem| Error::InvalidDocument(vec![Violation::from(problem)]);
            Document::try_from(value::object(fields, &Path::root("")).map_err(problems)?)?
        }
        (None, None) => {
            let message = "a document is required, in document or in document_json";
            return Err(Error::MalformedBody(message.to_owned()));
        }
        (Some(_), Some(_)) => {
            let message = "a request has either document or document_json, not both";
            return Err(Error::MalformedBody(message.to_owned()));
        }
    };
    let id = document.id(&request.channel_session_id)?;
    let create = Create { tenant: TenantId::default(), id, document, attempt };
    let session = only(service.store.create(vec![create]).await)?;
    Ok(CreateChannelSessionResponse { channel_session: Some(view::session(session, request.view)) })
}
