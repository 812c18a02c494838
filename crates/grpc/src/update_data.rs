//! `UpdateData`: checks a request, has the store apply it, returns the session.

use budget::Share;
use channel_session_api::v1::{ChannelSessionView, UpdateDataRequest, UpdateDataResponse};
use domain::{
    Error,
    attribute::Attributes,
    caller::Caller,
    command::{Command, CommandResult, Operation},
    session::Id,
    update::Update,
};
use prost::Message;
use tenants::Limits;

use crate::{Service, attributes, command::Terms, preconditions, service::Options, view};

pub(crate) async fn run(
    service: &Service,
    request: UpdateDataRequest,
    caller: Caller,
) -> Result<(UpdateDataResponse, Share), Error> {
    let (command, view) = command(request, &service.options, &caller)?;
    let id = command.id.clone();
    let room = service.documents.room_to_change(&caller.tenant, &id).await;
    Ok((response(service.execute_one(command).await?, id, view)?, room))
}

/// The command that a request gives, and the view of what it makes.
///
/// # Errors
/// What is wrong with the request, the first kind in the order that the contract gives them.
pub(crate) fn command(
    request: UpdateDataRequest,
    options: &Options,
    caller: &Caller,
) -> Result<(Command, ChannelSessionView), Error> {
    let id = Id::parse(&request.channel_session_id)?;
    let (found, limit) = (size(&request), Attributes::MAX_REQUEST_BYTES);
    if found > limit {
        return Err(Error::RequestTooLarge { what: "size in bytes", found, limit });
    }
    let attributes = attributes::drafts(request.attributes, request.attributes_json)?;
    let preconditions = preconditions::drafts(request.preconditions);
    let Limits { max_attributes, value_rules, .. } = options.tenants.limits(&caller.tenant);
    let update = Update::check(attributes, request.remove_keys, preconditions, value_rules, max_attributes)?;
    let (etag, request_id) = (&*request.etag, &*request.request_id);
    let terms = Terms { etag, request_id, validate_only: request.validate_only };
    Ok((terms.command(id, Operation::Update(update), caller)?, view::parse(request.view)?))
}

/// The answer to a change that was made.
///
/// # Errors
/// [`Error::Internal`] if the store returned no session.
pub(crate) fn response(
    changed: CommandResult,
    id: Id,
    view: ChannelSessionView,
) -> Result<UpdateDataResponse, Error> {
    let has_changed = changed.changed;
    Ok(UpdateDataResponse { channel_session: Some(view::changed(changed, id, view)?), changed: has_changed })
}

/// What a request takes, in bytes: all that can be many or long in it.
fn size(request: &UpdateDataRequest) -> usize {
    let attributes: usize = request.attributes.iter().map(Message::encoded_len).sum();
    let text = request.attributes_json.as_ref().map_or(0, String::len);
    let keys: usize = request.remove_keys.iter().map(String::len).sum();
    let preconditions: usize = request.preconditions.iter().map(Message::encoded_len).sum();
    attributes + text + keys + preconditions
}
