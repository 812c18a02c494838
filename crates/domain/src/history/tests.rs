//! Where a page ends, and where the next one starts.

use super::*;
use crate::{
    caller::Requester,
    event::Name,
    session::{Id, TenantId},
    time::Timestamp,
};

fn event(revision: i64) -> Event {
    Event {
        tenant: TenantId::only(),
        session_id: Id::parse("a").expect("an id"),
        revision: Revision::new(revision),
        name: Name::DataUpdated,
        at: Timestamp::default(),
        conversation_id: None,
        requester: Requester::anonymous(),
        request_id: None,
        trace_id: None,
        changes: Vec::new(),
        document: None,
    }
}

#[test]
fn a_page_goes_on_behind_its_last_event_or_where_the_store_stopped_looking() {
    for (found, limit, end, expected, next) in [
        (&[][..], 3, None, &[][..], None),
        (&[], 3, Some(7), &[], Some(7)),
        (&[9, 8], 3, None, &[9, 8], None),
        (&[9, 8], 3, Some(5), &[9, 8], Some(5)),
        (&[9, 8, 6], 3, None, &[9, 8, 6], None),
        // One more than there is room for: the next page starts with that.
        (&[9, 8, 6, 4], 3, None, &[9, 8, 6], Some(5)),
        (&[9, 8, 6, 4], 3, Some(2), &[9, 8, 6], Some(5)),
        (&[9], 0, None, &[], Some(10)),
    ] {
        let events = found.iter().copied().map(event).collect();
        let page = Page::of(events, limit, end.map(Revision::new));
        let revisions: Vec<_> = page.events.iter().map(|event| event.revision.get()).collect();
        let returned = (&*revisions, page.next.map(Revision::get));
        assert_eq!(returned, (expected, next), "{found:?} in a page of {limit}, up to {end:?}");
    }
}
