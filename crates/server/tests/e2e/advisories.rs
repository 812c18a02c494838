//! One test for each class of fault that services like this one have had advisories for, where no other test of the suite is
//! about it. The others: an audience that is unset, key confusion, keys appended on refresh and loose matches of claims are in
//! `access`; an endpoint without a check is in `access.rs` here, secrets in `secrets.rs`.

use channel_session_api::v1::WatchChannelSessionsRequest;
use futures_util::future::join_all;
use http::Method;
use sqlx::{Connection as _, PgConnection};
use store_testkit::postgres;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::{Code, Request};

use crate::support::{
    Client, Front, Service, Store,
    guarded::{Guarded, key},
    http2::{Connection, framed},
    on_both_stores,
    process::Process,
    rest::encode,
    timeout::{until, within},
};

on_both_stores!(
    names_that_are_nearly_a_tenants_are_others,
    a_watch_tells_nothing_beyond_its_callers_rights,
    no_header_makes_a_read_a_change,
    a_path_without_a_slash_is_no_way_around_a_check,
    whoever_is_not_known_takes_no_memory,
);

const ALL: &[&str] = &["channel-sessions:read", "channel-sessions:write", "channel-sessions:delete"];
const READ: &[&str] = &["channel-sessions:read"];

/// Names that a comparison by case, accents, white space, paths or wildcards would take for one.
const NEARLY: [&str; 12] = ["a", "A", "a ", "a/b", "a%2Fb", "a:b", "a.b", "á", "a\u{301}", "%", "a%", "a\\b"];

/// Sessions of tenants whose names are nearly the same, under ids that are nearly the same: each is there once.
async fn each_is_its_own(guarded: &Guarded) {
    for tenant in NEARLY {
        for id in NEARLY {
            let document = serde_json::json!({ "of": [tenant, id] }).to_string();
            let path = format!("/channel-sessions/{}", encode(id));
            let created = guarded.rest(tenant, Method::PUT, &path, &document).await;
            assert_eq!(created.status.as_u16(), 201, "{tenant} {id}: {created:?}");
        }
    }
    for tenant in NEARLY {
        for id in NEARLY {
            let got =
                guarded.rest(tenant, Method::GET, &format!("/channel-sessions/{}", encode(id)), "").await;
            let document: serde_json::Value = serde_json::from_str(got.document()).unwrap();
            assert_eq!((document, got.revision()), (serde_json::json!({ "of": [tenant, id] }), 1));
        }
        let listed = guarded.rest(tenant, Method::GET, "/channel-sessions", "").await;
        let page: serde_json::Value = serde_json::from_str(listed.document()).unwrap();
        let page = page["channelSessions"].as_array().unwrap();
        assert_eq!(page.len(), NEARLY.len(), "{tenant}");
        assert!(page.iter().all(|session| session["document"]["of"][0] == tenant), "{tenant}: {page:?}");
        let history = guarded.rest(tenant, Method::GET, "/channel-sessions/a/history", "").await;
        assert_eq!(history.document().matches("CHANNEL_SESSION_STARTED").count(), 1, "{tenant}");
    }
    let gone = guarded.rest("a", Method::DELETE, "/channel-sessions/a", "").await;
    assert_eq!(gone.status.as_u16(), 204);
    for (tenant, id) in [("A", "a"), ("a ", "a"), ("a", "A"), ("a", "a ")] {
        let path = format!("/channel-sessions/{}", encode(id));
        assert_eq!(guarded.rest(tenant, Method::GET, &path, "").await.status.as_u16(), 200, "{tenant} {id}");
    }
}

fn tenants() -> [(&'static str, &'static str, &'static [&'static str]); 12] {
    NEARLY.map(|tenant| (tenant, tenant, ALL))
}

async fn names_that_are_nearly_a_tenants_are_others(store: Store) {
    each_is_its_own(&Guarded::start(store, Front::Combined, &tenants()).await).await;
}

/// Whatever the database's own collation says: another one may take upper and lower case, or accents, for the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_looked_up_is_compared_byte_by_byte() {
    let database = postgres::database().await;
    let migrated = Process::command(&["migrate", "--database-url", database.url()]).output().unwrap();
    assert!(migrated.status.success());
    let mut owner = PgConnection::connect(database.url()).await.unwrap();
    // An epoch is of the service's own, and named by no caller.
    let keys = "SELECT DISTINCT c.relname || '.' || a.attname, a.attcollation = 'pg_catalog.\"C\"'::regcollation
                FROM pg_index AS i
                JOIN pg_class AS c ON c.oid = i.indrelid
                JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey) AND a.attcollation <> 0
                WHERE c.relname LIKE 'channel_session%' AND c.relname <> 'channel_session_epoch'";
    let keys: Vec<(String, bool)> = sqlx::query_as(keys).fetch_all(&mut owner).await.unwrap();
    assert!(keys.len() >= 6, "{keys:?}");
    let loose: Vec<_> = keys.iter().filter(|(_, is_exact)| !is_exact).collect();
    assert!(loose.is_empty(), "{loose:?}");
}

async fn a_watch_tells_nothing_beyond_its_callers_rights(store: Store) {
    let callers: [(&str, &str, &[&str]); 3] =
        [("blue", "blue", ALL), ("green", "green", ALL), ("writes", "blue", &["channel-sessions:write"])];
    let guarded = Guarded::start(store, Front::Combined, &callers).await;
    let client = guarded.service.grpc().await;
    let watch = async |caller: &str, id: &str, position: &str| {
        let mut request = Request::new(WatchChannelSessionsRequest {
            channel_session_id: id.to_owned(),
            position: position.to_owned(),
            ..Default::default()
        });
        request.metadata_mut().insert("authorization", format!("Bearer {}", key(caller)).parse().unwrap());
        let mut client: Client = client.clone();
        client.watch_channel_sessions(request).await.map(tonic::Response::into_inner)
    };
    let refused = watch("writes", "", "").await.expect_err("it may not read");
    assert_eq!(refused.code(), Code::PermissionDenied);
    let refused = guarded.rest("writes", Method::GET, "/events", "").await;
    assert_eq!(refused.status.as_u16(), 403);

    let mut own = watch("blue", "", "").await.unwrap();
    let from = own.message().await.unwrap().unwrap().position;
    let mut named = watch("green", "secret", "").await.unwrap();
    let mut resumed = watch("green", "", &from).await.unwrap();
    assert_eq!(
        guarded.rest("blue", Method::PUT, "/channel-sessions/secret", "{}").await.status.as_u16(),
        201
    );
    assert_eq!(
        guarded.rest("green", Method::PUT, "/channel-sessions/secret", "{}").await.status.as_u16(),
        201
    );
    // The first that is delivered to the other one is of its own.
    for watch in [&mut named, &mut resumed] {
        let event = within("an event", async {
            loop {
                if let Some(event) = watch.message().await.unwrap().unwrap().event {
                    return event;
                }
            }
        });
        assert_eq!(event.await.requester, "green");
    }
}

async fn no_header_makes_a_read_a_change(store: Store) {
    let callers = [("reads", "blue", READ), ("all", "blue", ALL)];
    let guarded = Guarded::start(store, Front::Combined, &callers).await;
    assert_eq!(guarded.rest("all", Method::PUT, "/channel-sessions/x", "{}").await.status.as_u16(), 201);
    let rest = guarded.service.rest();
    for caller in ["reads", "all"] {
        let own = format!("Bearer {}", key(caller));
        for header in ["x-http-method-override", "x-http-method", "x-method-override", "_method"] {
            for method in [Method::GET, Method::POST, Method::HEAD] {
                let headers =
                    [("authorization", &*own), (header, "DELETE"), ("content-type", "application/json")];
                let path = "/channel-sessions/x";
                let answer = rest.send(method.clone(), path, "", &headers).await;
                let expected = if method == Method::POST { 405 } else { 200 };
                assert_eq!(answer.status.as_u16(), expected, "{method} {header}");
            }
        }
        for query in ["_method=DELETE", "method=DELETE"] {
            let headers = [("authorization", &*own)];
            rest.send(Method::GET, &format!("/channel-sessions/x?{query}"), "", &headers).await;
        }
    }
    assert_eq!(guarded.rest("reads", Method::GET, "/channel-sessions/x", "").await.revision(), 1);
    // Headers that name another path than the one that was checked.
    let own = format!("Bearer {}", key("reads"));
    for header in ["x-original-url", "x-rewrite-url", "x-forwarded-prefix"] {
        let headers = [("authorization", &*own), (header, "/channel-sessions/x")];
        let answer = rest.send(Method::GET, "/healthz", "", &headers).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (200, "{\"status\":\"ok\"}\n"), "{header}");
    }
}

/// What a call is answered with whose path is written as it is, in frames of its own: libraries would set it right. Its status,
/// or none where the stream or the connection was ended.
async fn status_of_path(guarded: &Guarded, path: &str, authorization: Option<&str>) -> Option<String> {
    let mut stream = TcpStream::connect(guarded.service.server.address("grpc")).await.unwrap();
    let frame = |kind: u8, flags: u8, id: u32, content: &[u8]| {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags], &id.to_be_bytes(), content].concat()
    };
    // HPACK: literals that enter no table.
    let mut block = Vec::new();
    let mut fields = vec![
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    fields.extend(authorization.map(|value| ("authorization", value)));
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).ok().filter(|length| *length < 127).unwrap());
            block.extend(text.as_bytes());
        }
    }
    let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    sent.extend(frame(4, 0, 0, &[]));
    sent.extend(frame(1, 4, 1, &block));
    sent.extend(frame(0, 1, 1, &framed(false, b"\n\x01x")));
    stream.write_all(&sent).await.unwrap();
    within("an end", async {
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.ok()?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let mut content = vec![0; length];
            stream.read_exact(&mut content).await.ok()?;
            let is_of_call = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) == 1;
            match head[3] {
                // The answer, whose fields are Huffman-coded: enough that there is one.
                1 if is_of_call => return Some(String::from_utf8_lossy(&content).into_owned()),
                3 if is_of_call => return None,
                7 => return None,
                _ => {}
            }
        }
    })
    .await
}

async fn a_path_without_a_slash_is_no_way_around_a_check(store: Store) {
    let callers = [("reads", "blue", READ), ("all", "blue", ALL)];
    let guarded = Guarded::start(store, Front::Combined, &callers).await;
    assert_eq!(guarded.rest("all", Method::PUT, "/channel-sessions/x", "{}").await.status.as_u16(), 201);
    let method = "channelsession.v1.ChannelSessionService/DeleteChannelSession";
    let reads = format!("Bearer {}", key("reads"));
    for path in [
        method.to_owned(),
        format!("//{method}"),
        format!("/{method}/"),
        format!("/{method}?x"),
        format!("/./{method}"),
        format!("/%63{}", &method[1..]),
        format!("http://localhost/{method}"),
        "*".to_owned(),
    ] {
        for authorization in [None, Some(&*reads)] {
            status_of_path(&guarded, &path, authorization).await;
            let there = guarded.rest("reads", Method::GET, "/channel-sessions/x", "").await;
            assert_eq!(there.status.as_u16(), 200, "{path} {authorization:?}");
        }
    }
    // The same bytes with the method's own path do what they say, for whoever may.
    let all = format!("Bearer {}", key("all"));
    assert!(status_of_path(&guarded, &format!("/{method}"), Some(&all)).await.is_some());
    let gone = async || guarded.rest("reads", Method::GET, "/channel-sessions/x", "").await.status == 404;
    until("the deletion", gone).await;
}

/// More than it takes to serve, and far less than what is sent.
const MAX_MEMORY: u64 = 160 << 20;

async fn whoever_is_not_known_takes_no_memory(store: Store) {
    let guarded = Guarded::start(store, Front::Combined, &[("reads", "blue", READ)]).await;
    let service: &Service = &guarded.service;
    let (rest, grpc) = (service.rest().address(), service.server.address("grpc"));
    let message = framed(false, &vec![b' '; 4_000_000]);
    let half = message.slice(..message.len() - 1);
    // 200 requests of 4 MB each, of which none ends.
    let calls = (0..100).map(async |_| {
        let connection = Connection::open(grpc, 65_535).await;
        let call = connection.call("UpdateData", &[], Some(half.clone()), false).await;
        call.status().await.expect_err("nobody is known").code()
    });
    for code in within("refusals", join_all(calls)).await {
        assert_eq!(code, Code::Unauthenticated);
    }
    let requests = (0..100).map(async |_| {
        let connection = Connection::open(rest, 65_535).await;
        let mut call = connection.put("/forms/x", "application/json").await;
        let _ = call.stream.send_data(half.clone(), false);
        call.response.await.unwrap().status().as_u16()
    });
    for status in within("refusals", join_all(requests)).await {
        assert_eq!(status, 401);
    }
    // Headers are bounded before anybody is asked who calls.
    let long = format!("Bearer chs_{}", "x".repeat(15_000));
    for extra in ["", &"x".repeat(2_000)] {
        let answers = (0..200).map(async |_| {
            let headers = [("authorization", &*long), ("x-more", extra)];
            service.rest().send(Method::GET, "/channel-sessions/x", "", &headers).await.status.as_u16()
        });
        for status in within("refusals", join_all(answers)).await {
            assert_eq!(status, if extra.is_empty() { 401 } else { 431 });
        }
    }
    assert!(service.server.peak_memory() < MAX_MEMORY, "{} bytes", service.server.peak_memory());
    assert_eq!(guarded.rest("reads", Method::GET, "/channel-sessions", "").await.status.as_u16(), 200);
}
