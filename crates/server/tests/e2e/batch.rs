//! Many updates in one call, and in one stream: each is answered as it would have been alone, in order, and one that is
//! refused harms no other.

mod many;
mod streamed;

use channel_session_api::v1::{StreamUpdateDataRequest, UpdateDataRequest};
use http::{Method, StatusCode};
use json::Value;

use crate::support::{
    Client, Failure, Rest, Service, Store, also_with_row_level_security,
    batch::{Became, from_response, from_result, in_a_batch},
    caller::{Session, expect, patch, set},
    json,
    rest::JSON,
};

also_with_row_level_security!(each_is_answered_as_it_would_be_alone);

/// Sessions with this prefix, and updates of them of every kind that can be refused, between ones that are not.
async fn updates(service: &Service, prefix: &str) -> Vec<UpdateDataRequest> {
    for (id, document) in [
        ("ok", "{}"),
        ("full", r#"{"channelData":{"additionalAttributes":[1,2,3,4,5,6,7,8,9,10]}}"#),
        ("ended", r#"{"isActive":false}"#),
        ("no-list", r#"{"channelData":{"additionalAttributes":{}}}"#),
    ] {
        service.create(&format!("{prefix}{id}"), document).await;
    }
    let set = |id: &str, key: &str, value: &str| set(&format!("{prefix}{id}"), key, "Number", value);
    let with = |request: UpdateDataRequest, change: fn(&mut UpdateDataRequest)| {
        let mut request = request;
        change(&mut request);
        request
    };
    vec![
        set("ok", "k", "1"),
        with(set("ok", "k", "1"), |it| it.channel_session_id = "..".to_owned()),
        with(set("ok", "k", "1"), |it| it.channel_session_id = String::new()),
        set("ok", "k", "\"many\""),
        with(set("ok", "k", "1"), |it| it.attributes_json = Some("{".to_owned())),
        with(set("ok", "k", "1"), |it| it.attributes_json = Some(format!("[{}]", ["{}"; 101].join(",")))),
        set("nobody", "k", "1"),
        set("ended", "k", "1"),
        set("full", "k", "1"),
        set("no-list", "k", "1"),
        set("ok", "k", "0.10"),
        set("ok", "k", "0.10"),
        with(set("ok", "k", "2"), |it| it.preconditions = vec![expect("k", "0.1")]),
        with(set("ok", "k", "2"), |it| it.etag = "\"1\"".to_owned()),
        with(set("ok", "k", "2"), |it| it.etag = "1".to_owned()),
        with(set("ok", "l", "1"), |it| it.request_id = "r".to_owned()),
        set("ok", "l", "2"),
        with(set("ok", "l", "1"), |it| it.request_id = "r".to_owned()),
        with(set("ok", "l", "3"), |it| it.request_id = "r".to_owned()),
        with(set("ok", "m", "1"), |it| it.validate_only = true),
        with(set("ok", "m", "1"), |it| it.remove_keys = vec!["k".to_owned()]),
        with(set("ok", "n", "1"), |it| it.preconditions = vec![expect("m", "1")]),
    ]
}

async fn alone(client: &Client, requests: Vec<UpdateDataRequest>) -> Vec<Became> {
    let mut became = Vec::new();
    for request in requests {
        let response = client.clone().update_data(request).await;
        became.push(match response {
            Ok(response) => Ok(from_response(response.into_inner())),
            Err(status) => Err(Failure::from_status(&status)),
        });
    }
    became
}

async fn in_a_stream(client: &Client, requests: Vec<UpdateDataRequest>) -> Vec<Became> {
    let requests = requests.into_iter().map(|request| StreamUpdateDataRequest { request: Some(request) });
    let requests = futures_util::stream::iter(requests.collect::<Vec<_>>());
    let mut results = client.clone().stream_update_data(requests).await.unwrap().into_inner();
    let mut became = Vec::new();
    while let Some(response) = results.message().await.unwrap() {
        became.push(from_result(response.result.unwrap()));
    }
    became
}

/// The body of `POST /batch-update-data`.
fn body(requests: &[UpdateDataRequest]) -> String {
    let requests = requests.iter().map(|request| {
        let mut body: serde_json::Value =
            serde_json::from_str(&patch(&UpdateDataRequest { attributes_json: None, ..request.clone() }))
                .unwrap();
        let members = body.as_object_mut().unwrap();
        members.remove("attributes");
        // What is no JSON would make the whole body none.
        members.insert("attributesJson".to_owned(), request.attributes_json.clone().into());
        members.insert("channelSessionId".to_owned(), request.channel_session_id.clone().into());
        members.insert("etag".to_owned(), request.etag.clone().into());
        members.insert("requestId".to_owned(), request.request_id.clone().into());
        body.to_string()
    });
    format!(r#"{{"requests":[{}]}}"#, requests.collect::<Vec<_>>().join(","))
}

async fn post(rest: &Rest, requests: &[UpdateDataRequest]) -> Vec<Value> {
    let answer = rest.send(Method::POST, "/batch-update-data", body(requests), &JSON).await;
    let results = json(answer.document());
    let Some(Value::Array(results)) = results.as_object().unwrap().get("results") else {
        panic!("{results}")
    };
    results.clone()
}

async fn over_rest(rest: &Rest, requests: &[UpdateDataRequest]) -> Vec<Became> {
    let results = post(rest, requests).await.into_iter().map(|result| {
        let result = result.as_object().unwrap();
        if let Some(error) = result.get("error") {
            let status: u16 = error.as_object().unwrap().get("status").unwrap().to_text().parse().unwrap();
            return Err(Failure::from_problem(StatusCode::from_u16(status).unwrap(), &error.to_text()));
        }
        let revision = result.get("etag").unwrap().as_str().unwrap().trim_matches('"').parse().unwrap();
        let document = result.get("channelSession").unwrap().clone();
        Ok((Session { revision, document }, result.get("changed") == Some(&Value::Bool(true))))
    });
    results.collect()
}

async fn each_is_answered_as_it_would_be_alone(store: Store) {
    let service = Service::start(store).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let without_prefix = |became: Vec<Became>, prefix: &str| -> Vec<Became> {
        let strip = |mut failure: Failure| {
            failure.detail = failure.detail.replace(prefix, "");
            failure
        };
        became.into_iter().map(|became| became.map_err(strip)).collect()
    };
    let expected = alone(&grpc, updates(&service, "alone-").await).await;
    let expected = without_prefix(expected, "alone-");
    let reasons: Vec<_> = expected.iter().filter_map(|it| it.as_ref().err()).map(|it| &*it.reason).collect();
    assert_eq!((expected.len(), reasons.len()), (22, 13), "{reasons:?}");

    let found = in_a_batch(&grpc, updates(&service, "batch-").await).await;
    assert_eq!(without_prefix(found, "batch-"), expected);
    let found = in_a_stream(&grpc, updates(&service, "stream-").await).await;
    assert_eq!(without_prefix(found, "stream-"), expected);
    let found = over_rest(&rest, &updates(&service, "rest-").await).await;
    let expected = expected.into_iter().map(|it| it.map_err(|failure| failure.in_words_of_rest(false)));
    assert_eq!(without_prefix(found, "rest-"), expected.collect::<Vec<_>>());
    // And so they left the sessions.
    for id in ["ok", "full", "ended", "no-list"] {
        let left = Session::from(&rest.get(&format!("alone-{id}")).await);
        for prefix in ["batch-", "stream-", "rest-"] {
            assert_eq!(Session::from(&rest.get(&format!("{prefix}{id}")).await), left, "{prefix}{id}");
        }
    }
    assert_eq!(in_a_batch(&grpc, Vec::new()).await, []);
    assert_eq!(over_rest(&rest, &[]).await, []);
    assert_eq!(in_a_stream(&grpc, Vec::new()).await, []);
}
