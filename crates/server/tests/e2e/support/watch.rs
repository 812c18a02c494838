//! A watch over gRPC.

use channel_session_api::v1::{
    ChannelSessionEvent, WatchChannelSessionsRequest, WatchChannelSessionsResponse,
};
use tonic::{Status, Streaming};

use super::{service::Client, timeout::within};

/// A watch that has begun. Dropped, it ends.
pub(crate) struct Watch {
    stream: Streaming<WatchChannelSessionsResponse>,
    /// Behind everything that has been delivered: where another watch goes on.
    pub(crate) position: String,
}

impl Watch {
    /// Begins a watch; what is changed from then on is delivered.
    pub(crate) async fn start(client: &Client, request: WatchChannelSessionsRequest) -> Self {
        Self::try_start(client, request).await.unwrap_or_else(|status| panic!("{status:?}"))
    }

    /// The same, unless it is refused.
    pub(crate) async fn try_start(
        client: &Client,
        request: WatchChannelSessionsRequest,
    ) -> Result<Self, Status> {
        let mut client = client.clone();
        within("the beginning of a watch", async {
            let mut stream = client.watch_channel_sessions(request).await?.into_inner();
            let first = stream.message().await?.expect("a watch has no end of its own");
            assert_eq!(first.event, None, "the first message says where the watch begins");
            Ok(Self { stream, position: first.position })
        })
        .await
    }

    /// The next event.
    pub(crate) async fn next(&mut self) -> ChannelSessionEvent {
        self.try_next().await.unwrap_or_else(|status| panic!("{status:?}"))
    }

    /// The next event, or why the watch has ended.
    pub(crate) async fn try_next(&mut self) -> Result<ChannelSessionEvent, Status> {
        within("an event", async {
            loop {
                let received = self.stream.message().await?.expect("a watch has no end of its own");
                self.position = received.position;
                if let Some(event) = received.event {
                    return Ok(event);
                }
            }
        })
        .await
    }

    /// The next events.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<ChannelSessionEvent> {
        let mut events = Vec::with_capacity(count);
        while events.len() < count {
            events.push(self.next().await);
        }
        events
    }
}

/// A watch of everything, from a position on; from now on, if that is empty.
pub(crate) fn everything(position: &str) -> WatchChannelSessionsRequest {
    WatchChannelSessionsRequest { position: position.to_owned(), ..Default::default() }
}

/// A watch of one session from now on.
pub(crate) fn session(id: &str) -> WatchChannelSessionsRequest {
    WatchChannelSessionsRequest { channel_session_id: id.to_owned(), ..Default::default() }
}

/// A watch of one conversation from now on.
pub(crate) fn conversation(id: &str) -> WatchChannelSessionsRequest {
    WatchChannelSessionsRequest { conversation_id: id.to_owned(), ..Default::default() }
}
