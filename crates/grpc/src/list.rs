//! `ListChannelSessions`: returns a page of the sessions that meet a request's conditions.

use channel_session_api::v1::{ListChannelSessionsRequest, ListChannelSessionsResponse};
use domain::{
    Error,
    caller::Caller,
    list::Filter,
    session::{Id, TenantId},
};

use crate::{
    Service, condition,
    page::{self, Listing, MAX_LOOKS, Page},
    view,
};

pub(crate) async fn run(
    service: &Service,
    request: ListChannelSessionsRequest,
    caller: Caller,
) -> Result<ListChannelSessionsResponse, Error> {
    let filter = Filter {
        conversation_id: condition::parse("conversation_id", request.conversation_id)?,
        customer_id: condition::parse("customer_id", request.customer_id)?,
        channel_type: condition::parse("channel_type", request.channel_type)?,
        active: request.active,
    };
    let view = view::parse(request.view)?;
    let mut page = Page::parse(request.page_size)?.expecting(service.documents.largest());
    let listing = listing(&caller.tenant, &filter);
    let last = listing.last(&request.page_token)?;
    let mut after = last.map(|id| Id::parse(&id).map_err(|_| page::invalid_token())).transpose()?;
    let mut looks = 0;
    let next = 'page: loop {
        let found = service.store.list(&caller.tenant, &filter, after.as_ref(), page.step()).await?;
        looks += 1;
        for session in found.sessions {
            service.documents.saw(session.id.as_str(), session.document.len());
            let id = session.id.clone();
            if !page.push(view::session(session, view)) {
                break 'page after;
            }
            after = Some(id);
        }
        let Some(next) = found.next else { break None };
        after = Some(next);
        if looks == MAX_LOOKS || page.is_full() {
            break after;
        }
    };
    Ok(ListChannelSessionsResponse {
        channel_sessions: page.into_items(),
        next_page_token: next.map(|id| listing.token(id.as_str())).unwrap_or_default(),
    })
}

/// Neither the size of the page nor the view is part of it: both may change from page to page.
fn listing(tenant: &TenantId, filter: &Filter) -> Listing {
    let active = filter.active.map(|active| if active { "active" } else { "not active" });
    Listing::new(
        "sessions",
        &[
            Some(tenant.as_str()),
            filter.conversation_id.as_deref(),
            filter.customer_id.as_deref(),
            filter.channel_type.as_deref(),
            active,
        ],
    )
}

#[cfg(test)]
mod tests;
