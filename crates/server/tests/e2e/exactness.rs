//! Documents come back exact, whatever is in them and whatever their ids look like.

use channel_session_api::v1::{ChannelSessionView, UpdateDataRequest};
use domain::{
    attribute::Attributes,
    batch::SessionState,
    command::Operation,
    session::{Id, Revision, TenantId},
    update::Update,
    value_type::ValueRules,
};
use json::Value;
use proptest::{
    prelude::{ProptestConfig, Strategy, any},
    test_runner::TestRunner,
};
use store_testkit::generate::{any_attributes, any_document};

use crate::support::{Failure, Front, Service, Store, json, on_both_stores};

on_both_stores!(
    odd_documents_survive_an_update,
    odd_ids_survive_the_way,
    whatever_is_sent_does_what_the_rule_says
);

const ATTRIBUTES: &str = r#"[{"key":"a","type":"Number","value":12345678901234567890.10},
                             {"key":"🦀","type":"String50","value":"\ud83e\udd80\u0001\\"}]"#;

async fn odd_documents_survive_an_update(store: Store) {
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(63), "]".repeat(63));
    let long = format!(r#"{{"a":{},"b":1e399,"c":-0.0}}"#, "9".repeat(400));
    let documents = [
        "{}",
        r#"{"state":"STARTED","topicId":"t","isActive":true,"x":{"y":[{"z":null},[],{},""]}}"#,
        r#"{"channelData":null,"customer":{"any":{"member":[1]}},"roomInfo":null}"#,
        r#"{"channelData":{"additionalAttributes":null,"other":0.10},"active":true,"isActive":null}"#,
        r#"{"channelData":{"additionalAttributes":[{"key":"a","value":1,"more":[1.0]},5,null,{"key":"a"},{"key":7}]}}"#,
        r#"{"n":[12345678901234567890,9007199254740993,0.10,1.000,-1e-7,1E+3,0.0000001,100000000000000000000.5]}"#,
        r#"{"$serde_json::private::Number":"1","":{"":[]},"a\"b\\c\/":"\u0007\b\f\n\r\t"}"#,
        "{\"\u{7ff}\":\"\u{ffff}\u{10ffff}\u{e000}\u{1f468}\u{200d}\u{1f469}\u{5d0}\u{301}\u{20000}\u{e0001}\"}",
        &deep,
        &long,
    ];
    let service = Service::start(store).await;
    let (mut grpc, rest) = (service.grpc().await, service.rest());
    for (at, document) in documents.into_iter().enumerate() {
        let id = format!("document-{at}");
        service.create(&id, document).await;
        assert_eq!(json(rest.get(&id).await.document()), json(document));

        let expected = rule(&id, json(document), &Attributes::parse(ATTRIBUTES, ValueRules::Strict).unwrap());
        let answer = rest.update(&id, ATTRIBUTES).await;
        assert_eq!((json(answer.document()), answer.revision()), (expected.clone(), 2), "{document}");

        let request = UpdateDataRequest {
            channel_session_id: id.clone(),
            attributes_json: Some(ATTRIBUTES.to_owned()),
            view: ChannelSessionView::Full.into(),
            ..Default::default()
        };
        let again = grpc.update_data(request).await.unwrap().into_inner();
        assert!(!again.changed);
        assert_eq!(json(&again.channel_session.unwrap().document_json), expected, "{document}");
    }
}

async fn odd_ids_survive_the_way(store: Store) {
    let long = "🦀".repeat(Id::MAX_CHARS);
    let ids = [
        "GQLAJRxeLTC7rVOhclj79Q..",
        "...",
        "a/b",
        "/",
        "//",
        "100%",
        "%2F",
        "a b",
        " ",
        "+",
        "a?b#c",
        "é",
        "e\u{301}",
        "💬",
        "a\\b\"c'd",
        "{x},NULL",
        &long,
    ];
    let service = Service::with(store, Front::Alone, &[]).await;
    let rest = service.rest();
    for id in ids {
        let document = format!(r#"{{"id":{}}}"#, Value::String(id.to_owned().into()));
        let created = rest.create(document.clone()).await;
        assert_eq!(created.status, 201, "{id}: {created:?}");
        let location = created.headers["location"].to_str().unwrap();
        let got = rest.send(http::Method::GET, location, "", &[]).await;
        assert_eq!(json(got.document()), json(&document), "{id}");
        assert_eq!(rest.update(id, ATTRIBUTES).await.revision(), 2, "{id}");
    }
    // Each of them is another session.
    for id in ids {
        assert_eq!(rest.get(id).await.revision(), 2, "{id}");
    }
}

async fn whatever_is_sent_does_what_the_rule_says(store: Store) {
    let service = Service::with(store, Front::Combined, &["--value-rules", "lenient"]).await;
    let grpc = service.grpc().await;
    let rest = service.rest();
    let runtime = tokio::runtime::Handle::current();
    let one = (any_attributes(), any::<bool>());
    let many = (any_document(), proptest::collection::vec(one, 1..4));
    let count = std::cell::Cell::new(0);
    // The runner is not async and the calls are, so it runs where blocking is allowed.
    tokio::task::block_in_place(|| {
        TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(120) })
            .run(&many.no_shrink(), |(document, updates)| {
                count.set(count.get() + 1);
                let id = format!("case-{}", count.get());
                let mut document = json(document.text());
                if let Value::Object(members) = &mut document {
                    members.insert("id", Value::String(id.clone().into()));
                }
                runtime.block_on(async {
                    service.create(&id, &document.to_text()).await;
                    let mut model = (document.clone(), 1);
                    for (attributes, over_rest) in updates {
                        let expected = expect(&id, &mut model, &attributes);
                        let found = if over_rest {
                            let answer = rest.update(&id, attributes.to_value().to_text()).await;
                            if answer.status.is_success() {
                                Ok((json(answer.document()), answer.revision()))
                            } else {
                                Err(answer.failure().reason)
                            }
                        } else {
                            let request = UpdateDataRequest {
                                channel_session_id: id.clone(),
                                attributes_json: Some(attributes.to_value().to_text()),
                                view: ChannelSessionView::Full.into(),
                                ..Default::default()
                            };
                            match grpc.clone().update_data(request).await {
                                Ok(response) => {
                                    let session = response.into_inner().channel_session.unwrap();
                                    Ok((json(&session.document_json), session.revision))
                                }
                                Err(status) => Err(Failure::from_status(&status).reason),
                            }
                        };
                        assert_eq!(found, expected, "{id}: {document} {attributes:?}");
                    }
                });
                Ok(())
            })
            .unwrap();
    });
}

/// What the domain's rule makes of a document.
fn rule(id: &str, document: Value, attributes: &Attributes) -> Value {
    let mut model = (document, 1);
    expect(id, &mut model, attributes).unwrap();
    model.0
}

/// What an update should answer, by the rule; the model is changed alike.
fn expect(id: &str, model: &mut (Value, i64), attributes: &Attributes) -> Result<(Value, i64), String> {
    let (id, revision) = (Id::parse(id).unwrap(), Revision::new(model.1));
    let mut session =
        SessionState::stored(TenantId::only(), id.clone(), revision, Some(model.0.to_text())).unwrap();
    let change =
        store_testkit::parsed::command(id, Operation::Update(Update::attach(attributes.clone(), 10)));
    let changed = session.apply(&change).map_err(|error| error.reason().as_str().to_owned())?;
    *model = (json(&changed.document.unwrap()), changed.revision.get());
    Ok(model.clone())
}
