//! `UpdateData`: checks a request, has the store apply it, returns the session.

use channel_session_api::v1::{UpdateDataRequest, UpdateDataResponse};
use domain::{
    Error,
    attempt::Attempt,
    attribute::Attributes,
    session::{Id, TenantId},
    store::UpdateData,
};
use prost::Message;

use crate::{Service, attributes, view};

pub(crate) async fn run(
    service: Service,
    request: UpdateDataRequest,
    attempt: Attempt,
) -> Result<UpdateDataResponse, Error> {
    let id = Id::parse(&request.channel_session_id)?;
    let (found, limit) = (size(&request), Attributes::MAX_REQUEST_BYTES);
    if found > limit {
        return Err(Error::RequestTooLarge { what: "size in bytes", found, limit });
    }
    let attributes =
        attributes::parse(request.attributes, request.attributes_json, service.options.value_rules)?;
    let max_attributes = service.options.max_attributes;
    let update = UpdateData { tenant: TenantId::default(), id, attributes, max_attributes, attempt };
    let updated = only(service.store.update_data(vec![update]).await)?;
    Ok(UpdateDataResponse {
        channel_session: Some(view::session(updated.session, request.view)),
        changed: updated.changed,
    })
}

/// What a request takes, in bytes: its list, in whichever form it was given.
fn size(request: &UpdateDataRequest) -> usize {
    let list: usize = request.attributes.iter().map(Message::encoded_len).sum();
    list + request.attributes_json.as_ref().map_or(0, String::len)
}

/// The result for the one item that was given to the store.
pub(crate) fn only<T>(results: Vec<Result<T, Error>>) -> Result<T, Error> {
    results.into_iter().next().unwrap_or_else(|| Err(Error::Internal("the store returned no result".into())))
}
