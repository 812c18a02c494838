//! The contract's errors: one table of cases, driven over gRPC and over REST, which have to agree.

mod cases;
mod framework;
mod rest_only;

use channel_session_api::v1::{
    CreateChannelSessionRequest, GetChannelSessionRequest, UpdateDataRequest,
    channel_session_service_client::ChannelSessionServiceClient,
};
use tonic::{Code, Status, transport::Channel};

use crate::support::{Failure, Front, Rest, Service, Store, on_both_stores};

use cases::{Call, ONE, SESSIONS, case, cases, update};

on_both_stores!(the_table_holds_in_one_process, the_table_holds_through_a_gateway_alone);

async fn the_table_holds_in_one_process(store: Store) {
    hold(&Service::start(store).await).await;
}

async fn the_table_holds_through_a_gateway_alone(store: Store) {
    hold(&Service::with(store, Front::Alone, &[]).await).await;
}

async fn hold(service: &Service) {
    for (id, document) in SESSIONS {
        service.create(id, document).await;
    }
    // What an update makes of a document can also be too large: 2 MiB less what is not enough for an attribute.
    let almost = format!(r#"{{"id":"almost","x":"{}"}}"#, "x".repeat((2 << 20) - 60));
    service.create("almost", &almost).await;
    let outgrown =
        case("an update over 2 MiB", update("almost", ONE), Code::InvalidArgument, "DOCUMENT_TOO_LARGE", 400);

    let (mut grpc, rest) = (service.grpc().await, service.rest());
    for case in cases().into_iter().chain([outgrown]) {
        let name = case.name;
        let status = over_grpc(&mut grpc, &case.call).await.expect_err(name);
        assert_eq!(status.code(), case.code, "{name}: {status:?}");
        let failure = Failure::from_status(&status);
        assert_eq!(failure.reason, case.reason, "{name}: {failure:?}");
        assert_eq!(failure.rules(), case.violations, "{name}");
        assert_eq!(failure.total, case.violations.len(), "{name}");
        assert!(!failure.detail.is_empty() && !failure.outcome_unknown, "{name}: {failure:?}");

        let answer = over_rest(&rest, &case.call).await;
        assert_eq!(answer.status, case.http, "{name}: {answer:?}");
        let problem = answer.failure();
        // Sizes are told as each transport measures them; all else is the same.
        if case.reason == "REQUEST_TOO_LARGE" {
            assert_eq!((problem.reason, problem.violations), (failure.reason, failure.violations), "{name}");
        } else {
            assert_eq!(problem, failure, "{name}");
        }
    }
}

async fn over_grpc(client: &mut ChannelSessionServiceClient<Channel>, call: &Call) -> Result<(), Status> {
    match call {
        Call::Update { id, body } => {
            let (channel_session_id, attributes_json) = (id.clone(), Some(body.clone()));
            let request = UpdateDataRequest { channel_session_id, attributes_json, ..Default::default() };
            client.update_data(request).await.map(drop)
        }
        Call::Create { document } => {
            let document_json = Some(document.clone());
            let request = CreateChannelSessionRequest { document_json, ..Default::default() };
            client.create_channel_session(request).await.map(drop)
        }
        Call::Get { id } => {
            let request = GetChannelSessionRequest { channel_session_id: id.clone(), view: 0 };
            client.get_channel_session(request).await.map(drop)
        }
    }
}

async fn over_rest(rest: &Rest, call: &Call) -> crate::support::rest::Answer {
    match call {
        Call::Update { id, body } => rest.update(id, body.clone()).await,
        Call::Create { document } => rest.create(document.clone()).await,
        Call::Get { id } => rest.get(id).await,
    }
}
