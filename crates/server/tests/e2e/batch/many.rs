//! As many updates as a call may hold, and as much as its answer may.

use channel_session_api::v1::{
    BatchUpdateDataRequest, ChannelSessionView, UpdateDataRequest,
    channel_session_service_client::ChannelSessionServiceClient, update_data_result,
};
use http::Method;
use json::Value;
use tonic::Code;

use super::{body, in_a_stream, post};
use crate::support::{
    Failure, Service, Store,
    batch::in_a_batch,
    caller::{expect, set},
    document::value_of,
    on_both_stores,
    rest::JSON,
    service::channel,
};

on_both_stores!(updates_of_one_session_are_made_in_order, an_answer_that_would_be_too_large_is_reduced);

async fn updates_of_one_session_are_made_in_order(store: Store) {
    const MANY: usize = 1000;
    let service = Service::start(store).await;
    let grpc = service.grpc().await;
    for id in ["a", "b", "c"] {
        service.create(id, "{}").await;
    }
    // Each counts on from the one before it of the same session, which it requires to be there.
    let requests = |from: usize| -> Vec<UpdateDataRequest> {
        let request = |at: usize| {
            let (id, count) = (["a", "b", "c"][at % 3], at / 3);
            let mut request = set(id, "n", "Number", count);
            request.preconditions.extend((count > 0).then(|| expect("n", &(count - 1).to_string())));
            request
        };
        (from..from + MANY).map(request).collect()
    };
    let (first, second) = (requests(0), requests(MANY));
    let mut became = in_a_batch(&grpc, first).await;
    became.extend(in_a_stream(&grpc, second).await);
    for (at, became) in became.into_iter().enumerate() {
        let (session, changed) = became.unwrap_or_else(|failure| panic!("{at}: {failure:?}"));
        assert_eq!((value_of(&session.document, "n"), changed), ((at / 3).to_string(), true));
        assert_eq!(session.revision, 2 + i64::try_from(at / 3).unwrap());
    }
    let more = vec![set("a", "n", "Number", 0); MANY + 1];
    let status =
        grpc.clone().batch_update_data(BatchUpdateDataRequest { requests: more.clone() }).await.unwrap_err();
    assert_eq!(
        (status.code(), &*Failure::from_status(&status).reason),
        (Code::OutOfRange, "REQUEST_TOO_LARGE")
    );
    let answer = service.rest().send(Method::POST, "/batch-update-data", body(&more), &JSON).await;
    assert_eq!((answer.status.as_u16(), answer.failure()), (413, Failure::from_status(&status)));
}

async fn an_answer_that_would_be_too_large_is_reduced(store: Store) {
    const UPDATES: usize = 40;
    let service = Service::start(store).await;
    let filler = "x".repeat(200_000);
    service.create("x", &format!(r#"{{"x":"{filler}"}}"#)).await;
    let requests: Vec<_> = (0..UPDATES).map(|at| set("x", "n", "Number", at)).collect();
    // A client as it comes, which takes 4 MiB.
    let mut plain = ChannelSessionServiceClient::new(channel(service.server.address("grpc")).await);
    let mut view = async |view: ChannelSessionView| {
        let mut requests = requests.clone();
        requests.iter_mut().for_each(|request| request.view = view.into());
        plain.batch_update_data(BatchUpdateDataRequest { requests }).await.unwrap().into_inner().results
    };
    let results = view(ChannelSessionView::Json).await;
    let whole = results.iter().take_while(|result| !result.reduced).count();
    assert!((5..UPDATES).contains(&whole), "{whole} were whole");
    for (at, result) in results.into_iter().enumerate() {
        let Some(update_data_result::Result::Response(response)) = result.result else {
            panic!("{result:?}")
        };
        let session = response.channel_session.unwrap();
        // What became of it is answered for each.
        assert_eq!(
            (session.revision, session.id.as_deref(), response.changed),
            (2 + i64::try_from(at).unwrap(), Some("x"), true)
        );
        assert_eq!(session.document_json.is_empty(), at >= whole, "{at}");
        assert_eq!(result.reduced, at >= whole, "{at}");
    }
    // Who needs no sessions gets all of it.
    assert!(view(ChannelSessionView::Basic).await.iter().all(|result| !result.reduced));
    let results = post(&service.rest(), &requests).await;
    let member = |result: &Value, name: &str| result.as_object().unwrap().get(name).cloned();
    let reduced = results.iter().filter(|result| member(result, "reduced") == Some(Value::Bool(true)));
    assert_eq!(reduced.filter(|result| member(result, "channelSession").is_none()).count(), UPDATES - whole);
    assert_eq!(
        member(&results[UPDATES - 1], "etag"),
        Some(Value::String(format!("\"{}\"", 3 * UPDATES + 1).into()))
    );
}
