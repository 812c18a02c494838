//! Who may call: every call and every route asks for it, what is refused looks alike, tenants see their own sessions only, and a
//! key that is removed stops working, also for what goes on.

use std::fs;

use channel_session_api::{FILE_DESCRIPTOR_SET, v1::WatchChannelSessionsRequest};
use http::Method;
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::{Code, Request};

use crate::support::{
    Description, Failure, Front, Store,
    guarded::{Guarded, key, name},
    http2::Connection,
    on_both_stores,
    timeout::within,
};

on_both_stores!(
    nothing_is_served_without_a_key,
    a_key_does_what_its_scopes_say,
    the_description_names_the_scope_that_each_operation_needs,
    tenants_see_their_own_sessions,
    a_key_that_is_removed_stops_working,
    who_shows_two_keys_is_nobody,
);

const ALL: &[&str] = &["channel-sessions:read", "channel-sessions:write", "channel-sessions:delete"];

/// The service's methods, by their names.
fn methods() -> Vec<String> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let services = set.file.into_iter().filter(|file| file.package() == "channelsession.v1");
    let methods = services.flat_map(|file| file.service).flat_map(|service| service.method);
    methods.map(|method| method.name().to_owned()).collect()
}

const WRONG: [&str; 6] = [
    "Bearer chs_nobody",
    "Bearer chs_",
    "Bearer a.b.c",
    "Basic Y2hzX2l2cjo=",
    "chs_ivr",
    "Bearer chs_ivr chs_ivr",
];

async fn nothing_is_served_without_a_key(store: Store) {
    let guarded = Guarded::start(store, Front::Combined, &[("ivr", "default", ALL)]).await;
    let methods = methods();
    assert!(methods.len() >= 10, "{methods:?}");
    let mut answers = Vec::new();
    for method in &methods {
        answers.push(guarded.call(method, &[]).await);
        for wrong in WRONG {
            answers.push(guarded.call(method, &[("authorization", wrong)]).await);
        }
    }
    for status in answers {
        assert_eq!(
            (status.code(), &*Failure::from_status(&status).reason),
            (Code::Unauthenticated, "UNAUTHENTICATED")
        );
        assert_eq!(
            status.message(),
            "this call needs valid credentials: a bearer token in the Authorization header"
        );
    }

    let rest = guarded.service.rest();
    for operation in gateway::operations() {
        let path = operation.path.replace("{channelSessionId}", "x");
        let mut bodies = Vec::new();
        for header in [None].into_iter().chain(WRONG.map(Some)) {
            let headers: Vec<_> = header.map(|value| ("authorization", value)).into_iter().collect();
            let answer = rest.send(operation.method.clone(), &path, "", &headers).await;
            if operation.is_open {
                assert_ne!(answer.status.as_u16(), 401, "{path}");
                continue;
            }
            assert_eq!(answer.status.as_u16(), 401, "{} {path} {header:?}", operation.method);
            assert_eq!(answer.failure().reason, "UNAUTHENTICATED");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            bodies.push(answer.body);
        }
        bodies.dedup();
        assert!(bodies.len() <= 1, "{bodies:?}");
    }
    // A body is not waited for.
    let connection = Connection::open(rest.address(), 65_535).await;
    let put = connection.put("/forms/x", "application/json").await;
    let answer = within("a refusal", put.response).await.unwrap();
    assert_eq!(answer.status().as_u16(), 401);
}

async fn a_key_does_what_its_scopes_say(store: Store) {
    let callers: [(&str, &str, &[&str]); 3] = [
        ("reads", "default", &["channel-sessions:read"]),
        ("writes", "default", &["channel-sessions:write"]),
        ("deletes", "default", &["channel-sessions:delete"]),
    ];
    let guarded = Guarded::start(store, Front::Combined, &callers).await;
    assert_eq!(guarded.rest("writes", Method::PUT, "/channel-sessions/x", "{}").await.status.as_u16(), 201);
    let update = r#"[{"key":"k","type":"Number","value":1}]"#;
    let batch = r#"{"requests":[{"channelSessionId":"x"}]}"#;
    let requests = [
        ("writes", Method::PUT, "/forms/x", update),
        ("writes", Method::PATCH, "/channel-sessions/x", r#"{"attributes":[]}"#),
        ("writes", Method::POST, "/batch-update-data", batch),
        ("reads", Method::GET, "/channel-sessions/x", ""),
        ("reads", Method::GET, "/channel-sessions", ""),
        ("reads", Method::GET, "/channel-sessions/x/history", ""),
        ("writes", Method::POST, "/channel-sessions/x/end", r#"{"reasonCode":"AGENT"}"#),
        ("deletes", Method::DELETE, "/channel-sessions/x", ""),
    ];
    for (may, method, path, body) in requests {
        for (caller, ..) in callers.iter().filter(|(caller, ..)| *caller != may) {
            let refused = guarded.rest(caller, method.clone(), path, body).await;
            assert_eq!(
                (refused.status.as_u16(), &*refused.failure().reason),
                (403, "PERMISSION_DENIED"),
                "{path}"
            );
        }
        let done = guarded.rest(may, method, path, body).await;
        assert!(done.status.is_success(), "{path}: {done:?}");
    }
}

async fn the_description_names_the_scope_that_each_operation_needs(store: Store) {
    let callers: Vec<_> = ALL.iter().map(|scope| (*scope, "default", std::slice::from_ref(scope))).collect();
    let guarded = Guarded::start(store, Front::Combined, &callers).await;
    let rest = guarded.service.rest();
    let description = Description::of(&rest).await;
    for operation in gateway::operations() {
        let scope = description.scope(operation.id);
        assert_eq!(scope.is_none(), operation.is_open, "{}", operation.id);
        let path = operation.path.replace("{channelSessionId}", "x");
        for caller in ALL {
            let body = description.example(operation.id).map(ToString::to_string).unwrap_or_default();
            let key = format!("Bearer {}", key(caller));
            let headers = [("content-type", "application/json"), ("authorization", &*key)];
            // Of a stream no more than its head.
            let answer = rest.request(operation.method.clone(), &path, body, &headers).await.unwrap();
            let is_refused = scope.is_some_and(|scope| scope != *caller);
            assert_eq!(answer.status() == 403, is_refused, "{} as {caller}: {answer:?}", operation.id);
        }
    }
}

async fn tenants_see_their_own_sessions(store: Store) {
    let callers = [("ivr", "blue", ALL), ("bot", "green", ALL)];
    for front in [Front::Combined, Front::Alone] {
        let guarded = Guarded::start(store, front, &callers).await;
        for (caller, tenant, _) in callers {
            let document = format!(r#"{{"of":"{tenant}"}}"#);
            let created = guarded.rest(caller, Method::PUT, "/channel-sessions/same", &document).await;
            assert_eq!(created.status.as_u16(), 201, "{created:?}");
        }
        let body = r#"[{"key":"k","type":"Number","value":1}]"#;
        assert_eq!(guarded.rest("ivr", Method::PUT, "/forms/same", body).await.revision(), 2);
        let other = guarded.rest("bot", Method::GET, "/channel-sessions/same", "").await;
        assert_eq!((other.revision(), other.document()), (1, r#"{"of":"green"}"#));
        let history = guarded.rest("ivr", Method::GET, "/channel-sessions/same/history", "").await;
        assert!(
            history.body.contains(r#""requester":"ivr""#) && !history.body.contains("bot"),
            "{history:?}"
        );
        guarded.rest("ivr", Method::DELETE, "/channel-sessions/same", "").await;
        assert_eq!(guarded.rest("bot", Method::GET, "/channel-sessions/same", "").await.status.as_u16(), 200);
    }
}

async fn a_key_that_is_removed_stops_working(store: Store) {
    let callers = [("stays", "default", ALL), ("goes", "default", ALL)];
    let guarded = Guarded::start(store, Front::Combined, &callers).await;
    let client = guarded.service.grpc().await;
    let watch = async |caller: &str| {
        let mut request = Request::new(WatchChannelSessionsRequest::default());
        let value = format!("Bearer {}", key(caller)).parse().unwrap();
        request.metadata_mut().insert("authorization", value);
        client.clone().watch_channel_sessions(request).await.unwrap().into_inner()
    };
    let (mut goes, mut stays) = (watch("goes").await, watch("stays").await);
    for watch in [&mut goes, &mut stays] {
        assert!(watch.message().await.unwrap().is_some(), "a checkpoint");
    }
    // What is wrong changes nothing.
    fs::write(&guarded.file, "{").unwrap();
    guarded.service.server.says("the credentials file is wrong; what it said before goes on to hold");
    assert!(guarded.rest("goes", Method::GET, "/channel-sessions", "").await.status.is_success());
    name(&guarded.file, &callers[..1]);
    let end = within("the end of the watch", async {
        loop {
            match goes.message().await {
                Ok(Some(_)) => {}
                other => return other,
            }
        }
    });
    assert_eq!(end.await.expect_err("its key is gone").code(), Code::Unauthenticated);
    assert_eq!(guarded.rest("goes", Method::GET, "/channel-sessions", "").await.status.as_u16(), 401);
    assert_eq!(guarded.rest("stays", Method::PUT, "/channel-sessions/x", "{}").await.status.as_u16(), 201);
    let event = within("an event", async {
        loop {
            if let Some(event) = stays.message().await.unwrap().unwrap().event {
                return event;
            }
        }
    });
    assert_eq!(event.await.requester, "stays");
}

async fn who_shows_two_keys_is_nobody(store: Store) {
    for front in [Front::Combined, Front::Alone] {
        let guarded = Guarded::start(store, front, &[("ivr", "default", ALL), ("bot", "default", ALL)]).await;
        let [ivr, bot] = ["ivr", "bot"].map(|caller| format!("Bearer {}", key(caller)));
        let rest = guarded.service.rest();
        for other in [&*bot, &ivr, "Basic x", ""] {
            let headers = [("authorization", &*ivr), ("authorization", other)];
            let answer = rest.send(Method::GET, "/channel-sessions", "", &headers).await;
            assert_eq!(answer.status.as_u16(), 401, "{front:?} {other}");
        }
        let answer = rest.send(Method::GET, "/channel-sessions", "", &[("authorization", &ivr)]).await;
        assert_eq!(answer.status.as_u16(), 200);
    }
}
