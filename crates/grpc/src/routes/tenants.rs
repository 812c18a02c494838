//! Two tenants with sessions of the same ids, each call in the name of one of them, which has an API key.

use access::{
    Access,
    credentials::{Credentials, Digest},
};
use channel_session_api::v1::{
    BatchUpdateDataRequest, ChannelSessionEvent, DeleteChannelSessionRequest, EndChannelSessionRequest,
    GetChannelSessionRequest, ListChannelSessionHistoryRequest, ListChannelSessionsRequest,
    StreamUpdateDataRequest, UpdateDataRequest, WatchChannelSessionsRequest,
    channel_session_service_client::ChannelSessionServiceClient, update_data_result::Result as Outcome,
};
use futures_util::stream;
use store_testkit::memory::Memory;
use tonic::{Code, Request, Streaming};

use super::tests::{Transport, client};
use crate::{
    Options, Service,
    over_memory::{over, update},
};

const TENANTS: [&str; 2] = ["blue", "green"];

/// The key of a tenant's only caller.
fn key(tenant: &str) -> String {
    format!("chs_{tenant}")
}

fn service() -> Service {
    let callers: Vec<_> = TENANTS.map(caller_of).into();
    let file = serde_json::json!({ "callers": callers }).to_string();
    let credentials = Credentials::parse(&file).expect("a file");
    let access = Access::by(vec![credentials.api_keys()]);
    over(Memory::default(), Options { access, ..Options::default() })
}

fn caller_of(tenant: &str) -> serde_json::Value {
    serde_json::json!({
        "name": format!("a caller of {tenant}"),
        "tenant": tenant,
        "scopes": ["channel-sessions:read", "channel-sessions:write", "channel-sessions:delete"],
        "keys": [Digest::of(&key(tenant)).to_string()],
    })
}

/// One who calls in a tenant's name.
struct Caller {
    tenant: &'static str,
    client: ChannelSessionServiceClient<Transport>,
}

impl Caller {
    fn of(service: &Service, tenant: &'static str) -> Self {
        Self { tenant, client: client(service) }
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let header = format!("Bearer {}", key(self.tenant)).parse().expect("a header");
        request.metadata_mut().insert("authorization", header);
        request
    }

    async fn create(&mut self, id: &str) {
        let request = channel_session_api::v1::CreateChannelSessionRequest {
            channel_session_id: id.to_owned(),
            document_json: Some(format!(r#"{{"of":"{}"}}"#, self.tenant)),
            ..Default::default()
        };
        self.client.create_channel_session(self.request(request)).await.expect("a new session");
    }

    async fn update(&mut self, request: UpdateDataRequest) -> Result<i64, Code> {
        let answer = self.client.update_data(self.request(request)).await.map_err(|status| status.code())?;
        Ok(answer.into_inner().channel_session.expect("the session").revision)
    }

    async fn get(&mut self, id: &str) -> Result<String, Code> {
        let request = GetChannelSessionRequest {
            channel_session_id: id.to_owned(),
            view: channel_session_api::v1::ChannelSessionView::Json.into(),
        };
        let answer = self.client.get_channel_session(self.request(request)).await;
        let session = answer.map_err(|status| status.code())?.into_inner().channel_session;
        Ok(session.expect("the session").document_json)
    }

    async fn listed(&mut self) -> Vec<String> {
        let request = self.request(ListChannelSessionsRequest::default());
        let page = self.client.list_channel_sessions(request).await.expect("a page").into_inner();
        page.channel_sessions.into_iter().filter_map(|session| session.id).collect()
    }

    async fn history(&mut self, id: &str) -> Result<Vec<ChannelSessionEvent>, Code> {
        let request =
            ListChannelSessionHistoryRequest { channel_session_id: id.to_owned(), ..Default::default() };
        let page = self.client.list_channel_session_history(self.request(request)).await;
        Ok(page.map_err(|status| status.code())?.into_inner().events)
    }

    async fn watch(&mut self) -> Streaming<channel_session_api::v1::WatchChannelSessionsResponse> {
        let request = self.request(WatchChannelSessionsRequest::default());
        let mut watch = self.client.watch_channel_sessions(request).await.expect("a watch").into_inner();
        assert!(watch.message().await.expect("a checkpoint").expect("a checkpoint").event.is_none());
        watch
    }
}

/// The next event of a watch.
async fn next(
    watch: &mut Streaming<channel_session_api::v1::WatchChannelSessionsResponse>,
) -> ChannelSessionEvent {
    loop {
        if let Some(event) = watch.message().await.expect("it goes on").expect("it goes on").event {
            return event;
        }
    }
}

#[tokio::test]
async fn what_one_tenant_has_is_not_there_for_another() {
    let service = service();
    let [mut blue, mut green] = TENANTS.map(|tenant| Caller::of(&service, tenant));
    blue.create("same").await;
    green.create("same").await;
    green.create("green only").await;
    assert_eq!(blue.get("same").await.as_deref(), Ok(r#"{"of":"blue"}"#));
    assert_eq!(green.get("same").await.as_deref(), Ok(r#"{"of":"green"}"#));
    assert_eq!(blue.listed().await, ["same"]);
    assert_eq!(green.listed().await, ["green only", "same"]);

    // Every call of blue's for what is green's finds nothing, and changes nothing.
    let id = "green only";
    assert_eq!(blue.get(id).await, Err(Code::NotFound));
    assert_eq!(blue.history(id).await.err(), Some(Code::NotFound));
    assert_eq!(blue.update(update(id, "k", "1")).await, Err(Code::NotFound));
    let end = EndChannelSessionRequest {
        channel_session_id: id.to_owned(),
        reason_code: "AGENT".to_owned(),
        ..Default::default()
    };
    let ended = blue.client.end_channel_session(blue.request(end)).await;
    assert_eq!(ended.expect_err("it is not there").code(), Code::NotFound);
    let delete = DeleteChannelSessionRequest { channel_session_id: id.to_owned(), ..Default::default() };
    let deleted = blue.client.delete_channel_session(blue.request(delete)).await;
    assert_eq!(deleted.expect_err("it is not there").code(), Code::NotFound);
    let batch = BatchUpdateDataRequest { requests: vec![update(id, "k", "1"), update("same", "k", "1")] };
    let answer = blue.client.batch_update_data(blue.request(batch)).await.expect("results").into_inner();
    let made: Vec<_> =
        answer.results.iter().map(|result| matches!(result.result, Some(Outcome::Response(_)))).collect();
    assert_eq!(made, [false, true]);
    let one = StreamUpdateDataRequest { request: Some(update(id, "k", "1")) };
    let stream = blue.request(stream::iter([one]));
    let mut results = blue.client.stream_update_data(stream).await.expect("a stream").into_inner();
    let result = results.message().await.expect("a result").expect("a result").result.expect("a result");
    assert!(matches!(result.result, Some(Outcome::Failure(_))));
    assert_eq!(green.get(id).await.as_deref(), Ok(r#"{"of":"green"}"#));
    assert_eq!(green.update(update("same", "k", "2")).await, Ok(2));

    // What was done was done in the name of whoever asked for it.
    let requesters = |events: Vec<ChannelSessionEvent>| -> Vec<String> {
        events.into_iter().map(|event| event.requester).collect()
    };
    assert_eq!(requesters(blue.history("same").await.expect("events")), ["a caller of blue"; 2]);
    assert_eq!(requesters(green.history("same").await.expect("events")), ["a caller of green"; 2]);
}

#[tokio::test]
async fn one_hub_tells_each_tenant_of_its_own() {
    let service = service();
    let [mut blue, mut green] = TENANTS.map(|tenant| Caller::of(&service, tenant));
    let (mut of_blue, mut of_green) = (blue.watch().await, green.watch().await);
    for round in 1..=3 {
        for caller in [&mut blue, &mut green] {
            if round == 1 {
                caller.create("same").await;
            } else {
                assert_eq!(caller.update(update("same", "k", &round.to_string())).await, Ok(round));
            }
        }
        for (watch, tenant) in [(&mut of_blue, "blue"), (&mut of_green, "green")] {
            let event = next(watch).await;
            assert_eq!((event.revision, &*event.requester), (round, &*format!("a caller of {tenant}")));
            assert!(event.json.contains(&format!(r#""of":"{tenant}""#)), "{}", event.json);
        }
    }
}
