//! Server-Sent Events, read as a browser reads them (WHATWG HTML, section 9.2.6).

use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::{Rest, rest::Answer, timeout::within};

/// An open stream. Dropped, its connection is closed.
pub(crate) struct Sse {
    body: Incoming,
    /// What has arrived and not been read.
    arrived: Vec<u8>,
    /// What a browser would come back with.
    pub(crate) last_event_id: String,
}

/// An event with data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) event: String,
    pub(crate) data: String,
}

impl Sse {
    /// Opens a stream with a query, from now on. What is changed from then on is delivered.
    pub(crate) async fn open(rest: &Rest, query: &str) -> Self {
        Self::try_open(rest, query, None).await.unwrap_or_else(|answer| panic!("{answer:?}"))
    }

    /// Opens a stream as a browser does that comes back.
    pub(crate) async fn resume(rest: &Rest, query: &str, last_event_id: &str) -> Self {
        let stream = Self::try_open(rest, query, Some(last_event_id)).await;
        stream.unwrap_or_else(|answer| panic!("{answer:?}"))
    }

    /// Opens a stream, unless the answer is another one.
    pub(crate) async fn try_open(
        rest: &Rest,
        query: &str,
        last_event_id: Option<&str>,
    ) -> Result<Self, Answer> {
        Self::begin(rest, query, last_event_id).await.expect("an answer")
    }

    /// Opens a stream over a network that may fail; none if it does.
    pub(crate) async fn reach(rest: &Rest, query: &str, last_event_id: &str) -> Option<Self> {
        match Self::begin(rest, query, Some(last_event_id)).await? {
            Ok(stream) => Some(stream),
            Err(answer) => panic!("{answer:?}"),
        }
    }

    async fn begin(rest: &Rest, query: &str, last_event_id: Option<&str>) -> Option<Result<Self, Answer>> {
        let path = format!("/events?{query}");
        let headers: Vec<_> = last_event_id.map(|id| ("last-event-id", id)).into_iter().collect();
        within("the beginning of a stream", async {
            let response = rest.request(http::Method::GET, &path, "", &headers).await.ok()?;
            if response.status() != 200 {
                let answer = Answer::read(response).await.ok()?;
                rest.check(&http::Method::GET, &path, &answer);
                return Some(Err(answer));
            }
            for (name, value) in [("content-type", "text/event-stream"), ("cache-control", "no-store")] {
                assert_eq!(response.headers()[name], value);
            }
            let (body, arrived) = (response.into_body(), Vec::new());
            let mut stream = Self { body, arrived, last_event_id: String::new() };
            // The first thing that is sent says where the stream begins.
            while stream.last_event_id.is_empty() {
                assert_eq!(stream.block().await?, None);
            }
            Some(Ok(stream))
        })
        .await
    }

    /// The next event.
    pub(crate) async fn next(&mut self) -> Message {
        self.try_next().await.expect("the stream goes on")
    }

    /// The next event; none if the stream has ended, in whatever way.
    pub(crate) async fn try_next(&mut self) -> Option<Message> {
        within("an event", async {
            loop {
                if let Some(message) = self.block().await? {
                    return Some(message);
                }
            }
        })
        .await
    }

    /// The next events.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<Message> {
        let mut messages = Vec::with_capacity(count);
        while messages.len() < count {
            messages.push(self.next().await);
        }
        messages
    }

    /// Reads to the next blank line: an event, if there is data in it. None at the end of the stream.
    async fn block(&mut self) -> Option<Option<Message>> {
        let block = loop {
            if let Some(end) = self.arrived.windows(2).position(|two| two == b"\n\n") {
                let rest = self.arrived.split_off(end + 2);
                break String::from_utf8(std::mem::replace(&mut self.arrived, rest)).unwrap();
            }
            let frame = self.body.frame().await?.ok()?;
            self.arrived.extend_from_slice(&frame.into_data().unwrap_or_default());
        };
        let mut event = String::new();
        let mut data: Vec<&str> = Vec::new();
        for (field, value) in block.lines().filter_map(|line| line.split_once(':')) {
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "id" => self.last_event_id = value.to_owned(),
                "event" => event = value.to_owned(),
                "data" => data.push(value),
                "retry" | "" => {}
                other => panic!("there is no field {other}: {block}"),
            }
        }
        Some((!data.is_empty()).then(|| Message { event, data: data.join("\n") }))
    }
}
