//! The contract's errors: one table of cases, driven over gRPC and over REST, which have to agree.

mod cases;
mod described;
mod framework;
mod general;
mod rest_only;
mod trailers;

use std::sync::Arc;

use channel_session_api::v1::UpdateDataRequest;
use http::Method;
use tonic::{Code, Status};

use crate::support::{
    Client, Description, Failure, Front, Rest, Service, Sse, Store, Watch, also_with_row_level_security,
    caller,
    rest::{Answer, JSON, encode},
};

use cases::{Call, ONE, SESSIONS, USED, case, cases, update};

also_with_row_level_security!(the_table_holds_in_one_process, the_table_holds_through_a_gateway_alone);

async fn the_table_holds_in_one_process(store: Store) {
    hold(&Service::start(store).await).await;
}

async fn the_table_holds_through_a_gateway_alone(store: Store) {
    hold(&Service::with(store, Front::Alone, &[]).await).await;
}

async fn hold(service: &Service) {
    let description = Arc::new(Description::of(&service.rest()).await);
    hold_to(service, &service.rest().described(&description)).await;
}

/// Runs the table, over this client of the service's.
async fn hold_to(service: &Service, rest: &Rest) {
    for (id, document) in SESSIONS {
        service.create(id, document).await;
    }
    // What an update makes of a document can also be too large: 2 MiB less what is not enough for an attribute.
    let almost = format!(r#"{{"id":"almost","x":"{}"}}"#, "x".repeat((2 << 20) - 60));
    service.create("almost", &almost).await;
    let outgrown =
        case("an update over 2 MiB", update("almost", ONE), Code::InvalidArgument, "DOCUMENT_TOO_LARGE", 400);

    let mut grpc = service.grpc().await;
    let (channel_session_id, request_id) = ("there".to_owned(), USED.to_owned());
    let used = UpdateDataRequest { channel_session_id, request_id, ..Default::default() };
    grpc.update_data(used).await.unwrap();
    for case in cases().into_iter().chain([outgrown]) {
        let name = case.name;
        let status = over_grpc(&mut grpc, &case.call).await.expect_err(name);
        assert_eq!(status.code(), case.code, "{name}: {status:?}");
        let failure = Failure::from_status(&status);
        assert_eq!(failure.reason, case.reason, "{name}: {failure:?}");
        assert_eq!(failure.rules(), case.violations, "{name}");
        assert_eq!(failure.total, case.violations.len(), "{name}");
        assert!(!failure.detail.is_empty() && !failure.outcome_unknown, "{name}: {failure:?}");

        let answer = over_rest(rest, &case.call).await;
        assert_eq!(answer.status, case.http, "{name}: {answer:?}");
        let problem = answer.failure();
        // Sizes are reported as each transport measures them; all else is the same.
        if case.reason == "REQUEST_TOO_LARGE" {
            assert_eq!((problem.reason, problem.violations), (failure.reason, failure.violations), "{name}");
        } else {
            assert_eq!(problem, failure.in_words_of_rest(!matches!(case.call, Call::End(_))), "{name}");
        }
    }
}

async fn over_grpc(client: &mut Client, call: &Call) -> Result<(), Status> {
    match call.clone() {
        Call::Update(request) => client.update_data(request).await.map(drop),
        Call::Create(request) => client.create_channel_session(request).await.map(drop),
        Call::Get(request) => client.get_channel_session(request).await.map(drop),
        Call::List(request) => client.list_channel_sessions(request).await.map(drop),
        Call::End(request) => client.end_channel_session(request).await.map(drop),
        Call::Delete(request) => client.delete_channel_session(request).await.map(drop),
        Call::History(request) => client.list_channel_session_history(request).await.map(drop),
        Call::Watch(request) => Watch::try_start(client, request).await.map(drop),
    }
}

async fn over_rest(rest: &Rest, call: &Call) -> Answer {
    let send = async |method, id: &str, rest_of_path: &str, body: String, headers: &[(&str, &str)]| {
        let path = format!("/channel-sessions/{}{rest_of_path}", encode(id));
        rest.send(method, &path, body, headers).await
    };
    match call {
        Call::Update(request) => caller::send(rest, request).await.expect("an answer"),
        Call::Create(request) => rest.create(request.document_json.clone().unwrap()).await,
        Call::Get(request) => rest.get(&request.channel_session_id).await,
        Call::List(request) => {
            let path = format!(
                "/channel-sessions?{}",
                query(&[
                    ("pageToken", &request.page_token),
                    ("conversationId", &request.conversation_id),
                    ("pageSize", &request.page_size.to_string()),
                ])
            );
            rest.send(Method::GET, &path, "", &[]).await
        }
        Call::End(request) => {
            let body = serde_json::json!({
                "reasonCode": request.reason_code,
                "state": request.state,
                "etag": request.etag,
                "requestId": request.request_id,
            });
            send(Method::POST, &request.channel_session_id, "/end", body.to_string(), &JSON).await
        }
        Call::Delete(request) => {
            let headers = [("if-match", &*request.etag)];
            let headers = if request.etag.is_empty() { &[][..] } else { &headers };
            send(Method::DELETE, &request.channel_session_id, "", String::new(), headers).await
        }
        Call::History(request) => {
            let query = query(&[
                ("key", &request.key),
                ("pageToken", &request.page_token),
                ("pageSize", &request.page_size.to_string()),
            ]);
            let path = format!("/history?{query}");
            send(Method::GET, &request.channel_session_id, &path, String::new(), &[]).await
        }
        Call::Watch(request) => {
            let mut parameters = vec![
                ("channelSessionId", &*request.channel_session_id),
                ("conversationId", &request.conversation_id),
                ("position", &request.position),
            ];
            parameters.extend(request.keys.iter().map(|key| ("key", &**key)));
            let stream = Sse::try_open(rest, &query(&parameters), None).await;
            stream.err().expect("a problem")
        }
    }
}

/// A query of what is given.
fn query(parameters: &[(&str, &str)]) -> String {
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    given.map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}
