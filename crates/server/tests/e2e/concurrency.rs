//! Many callers of one session at once, over both transports.

use channel_session_api::v1::{ChannelSessionView, UpdateDataRequest};

use crate::support::{
    Front, Service, Store, also_with_row_level_security, document::value_of, json, service::connect,
};

also_with_row_level_security!(no_acknowledged_key_is_lost);

const CALLERS: usize = 64;
const ROUNDS: usize = 5;

async fn no_acknowledged_key_is_lost(store: Store) {
    let flags = ["--max-attributes", "80"];
    let service = Service::with(store, Front::Combined, &flags).await;
    // A second server on the same database and a gateway of its own: whoever makes the change, it counts.
    let other = service.another(&flags);
    service.create("hot", r#"{"channelData":{"additionalAttributes":[{"key":"shared"}]}}"#).await;

    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let rest = service.rest();
            let address = [&service.server, &other][caller / 2 % 2].address("grpc");
            tokio::spawn(async move {
                let mut grpc = connect(address).await;
                for round in 0..ROUNDS {
                    // Its own key, first added and then overridden, and one that all of them override.
                    let value = caller * ROUNDS + round;
                    let body = format!(
                        r#"[{{"key":"own-{caller}","type":"Number","value":{value}}},
                            {{"key":"shared","type":"Number","value":{value}}}]"#
                    );
                    let document = if caller % 2 == 0 {
                        rest.update("hot", body).await.document().to_owned()
                    } else {
                        let request = UpdateDataRequest {
                            channel_session_id: "hot".to_owned(),
                            attributes_json: Some(body),
                            view: ChannelSessionView::Json.into(),
                            ..Default::default()
                        };
                        let response = grpc.update_data(request).await.unwrap().into_inner();
                        assert!(response.changed);
                        response.channel_session.unwrap().document_json
                    };
                    // The reply is the session as this update left it, not as a later one did.
                    let value = value.to_string();
                    assert_eq!(value_of(&json(&document), &format!("own-{caller}")), value);
                    assert_eq!(value_of(&json(&document), "shared"), value);
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }

    let answer = service.rest().get("hot").await;
    let changes = i64::try_from(CALLERS * ROUNDS).unwrap();
    assert_eq!(answer.revision(), 1 + changes);
    for caller in 0..CALLERS {
        let last = caller * ROUNDS + ROUNDS - 1;
        assert_eq!(value_of(&json(answer.document()), &format!("own-{caller}")), last.to_string());
    }
}
