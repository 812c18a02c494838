//! A session's past, page by page.

use channel_session_api::v1::{ChannelSessionEvent, ListChannelSessionHistoryRequest};

use super::service::Client;

/// All that is kept of a session's past, newest first; of one key, if it is not empty.
pub(crate) async fn history(
    client: &Client,
    id: &str,
    key: &str,
    page_size: i32,
) -> Vec<ChannelSessionEvent> {
    let mut request = ListChannelSessionHistoryRequest {
        channel_session_id: id.to_owned(),
        key: key.to_owned(),
        page_size,
        ..Default::default()
    };
    let mut events = Vec::new();
    loop {
        let page = client.clone().list_channel_session_history(request.clone()).await.unwrap().into_inner();
        events.extend(page.events);
        if page.next_page_token.is_empty() {
            return events;
        }
        request.page_token = page.next_page_token;
    }
}
