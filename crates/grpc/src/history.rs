//! `ListChannelSessionHistory`: returns a page of what changed in a session, newest first.

use channel_session_api::v1::{ListChannelSessionHistoryRequest, ListChannelSessionHistoryResponse};
use domain::{
    Error,
    attribute::key_problem,
    caller::Caller,
    session::{Id, Revision},
    violation::Violation,
};

use crate::{
    Service,
    page::{self, Listing, MAX_LOOKS, Page},
    view,
};

pub(crate) async fn run(
    service: &Service,
    request: ListChannelSessionHistoryRequest,
    caller: Caller,
) -> Result<ListChannelSessionHistoryResponse, Error> {
    let tenant = &caller.tenant;
    let id = Id::parse(&request.channel_session_id)?;
    let key = key(&request.key)?;
    let mut page = Page::parse(request.page_size)?;
    let listing = Listing::new("history", &[Some(tenant.as_str()), Some(id.as_str()), key]);
    let last = listing.last(&request.page_token)?;
    let mut before = last.map(|last| last.parse().map_err(|_| page::invalid_token())).transpose()?;
    let mut looks = 0;
    let next = 'page: loop {
        let before_this = before.map(Revision::new);
        let found = service.store.history(tenant, &id, key, before_this, page.step()).await?;
        looks += 1;
        for event in found.events {
            if !page.push(view::event::past(&event, key)) {
                break 'page before;
            }
            before = Some(event.revision.get());
        }
        let Some(next) = found.next else { break None };
        before = Some(next.get());
        if looks == MAX_LOOKS || page.is_full() {
            break before;
        }
    };
    // Asked last: so nothing is returned of a session that was erased in the meantime.
    service.get(tenant, id).await?;
    Ok(ListChannelSessionHistoryResponse {
        events: page.into_items(),
        next_page_token: next.map(|revision: i64| listing.token(&revision.to_string())).unwrap_or_default(),
    })
}

fn key(key: &str) -> Result<Option<&str>, Error> {
    if key.is_empty() {
        return Ok(None);
    }
    match key_problem(key) {
        Some((rule, description)) => Err(Error::InvalidParameter(Violation::new("key", rule, description))),
        None => Ok(Some(key)),
    }
}

#[cfg(test)]
mod tests;
