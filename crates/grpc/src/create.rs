//! `CreateChannelSession`: checks a document, has the store keep it, returns the session.

use budget::Share;
use channel_session_api::v1::{
    CreateChannelSessionRequest, CreateChannelSessionResponse, ExistingChannelSession,
};
use domain::{
    Error,
    caller::Caller,
    command::{Create, Existing, Operation},
    session::{Document, Id},
    violation::Violation,
};
use json::Path;
use prost_types::Struct;

use crate::{Service, command::Terms, value, view};

pub(crate) async fn run(
    service: &Service,
    request: CreateChannelSessionRequest,
    caller: Caller,
) -> Result<(CreateChannelSessionResponse, Share), Error> {
    if !request.channel_session_id.is_empty() {
        Id::parse(&request.channel_session_id)?;
    }
    // What the document becomes while it is read is many parts, each with a size of its own.
    let mut share = service.options.budget.requests.share_of(service.options.sharer(&caller.tenant));
    share.grow(size_as_value(request.document_json.as_deref())).map_err(|_| Error::Overloaded)?;
    let document = document(request.document, request.document_json)?;
    drop(share);
    let id = document.id(&request.channel_session_id)?;
    let (existing, view) = (existing(request.existing)?, view::parse(request.view)?);
    let (etag, request_id) = (&*request.etag, &*request.request_id);
    let terms = Terms { etag, request_id, validate_only: request.validate_only };
    // The answer has the document that was sent, or the one that is there.
    let kept = if existing == Existing::Keep { service.documents.expected(id.as_str()) } else { 0 };
    let bytes = kept.max(document.text().len());
    let command = terms.command(id.clone(), Operation::Create(Create { document, existing }), &caller)?;
    let room = service.documents.room_for_changes(&caller.tenant, bytes).await;
    let changed = service.execute_one(command).await?;
    let has_changed = changed.changed;
    let session = view::changed(changed, id, view)?;
    Ok((CreateChannelSessionResponse { channel_session: Some(session), changed: has_changed }, room))
}

/// What a document's text takes as a value in memory, in bytes, up to what the largest document takes.
fn size_as_value(text: Option<&str>) -> usize {
    const BYTES_OF_PART: usize = 48;
    let text = text.unwrap_or_default();
    let parts = text.bytes().filter(|byte| matches!(byte, b',' | b':' | b'[' | b'{')).count();
    BYTES_OF_PART * parts.min(Document::MAX_BYTES / 2)
}

fn existing(named: i32) -> Result<Existing, Error> {
    match ExistingChannelSession::try_from(named).map_err(|_| view::unknown("existing"))? {
        ExistingChannelSession::Unspecified | ExistingChannelSession::Refuse => Ok(Existing::Refuse),
        ExistingChannelSession::Keep => Ok(Existing::Keep),
        ExistingChannelSession::Replace => Ok(Existing::Replace),
    }
}

/// Takes the document in whichever of its two forms it was given.
fn document(fields: Option<Struct>, text: Option<String>) -> Result<Document, Error> {
    match (fields, text) {
        (None, Some(text)) => Document::parse(&text),
        (Some(fields), None) => {
            let problems = |problem| Error::InvalidDocument(vec![Violation::from(problem)]);
            Document::try_from(value::object(fields, &Path::root("")).map_err(problems)?)
        }
        (None, None) => {
            let message = "a document is required, in document or in document_json";
            Err(Error::MalformedBody(message.to_owned()))
        }
        (Some(_), Some(_)) => {
            let message = "a request has either document or document_json, not both";
            Err(Error::MalformedBody(message.to_owned()))
        }
    }
}
