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
    page::{self, Listing, Page},
    view,
};

pub(crate) async fn run(
    service: Service,
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
    let next = 'page: loop {
        let step = page.step();
        let before_this = before.map(Revision::new);
        // One more than there is room for, which says whether there is another page.
        let events = service.store.history(tenant, &id, key, before_this, step + 1).await?;
        let is_last = events.len() <= step;
        for event in events {
            if !page.push(view::event::past(&event, key)) {
                break 'page before;
            }
            before = Some(event.revision.get());
        }
        if is_last {
            break None;
        }
    };
    // Asked last: so nothing is told of a session that was erased in the meantime.
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
