//! Lists of sessions: what meets their conditions, page by page, the same over both transports.

use std::collections::BTreeMap;

use channel_session_api::v1::{ChannelSessionView, ListChannelSessionsRequest, ListChannelSessionsResponse};
use http::Method;
use store_testkit::seed::CHANNEL_SESSION;

use crate::support::{
    Client, Failure, Rest, Service, Store,
    caller::{Session, set},
    json, on_both_stores,
    rest::encode,
};

on_both_stores!(
    a_list_has_what_meets_its_conditions,
    pages_go_on_while_sessions_change,
    a_token_is_good_for_its_own_list_only,
);

/// What a page holds: sessions by their ids, and the next page's token.
type Page = (Vec<(String, Session)>, String);

async fn over_grpc(client: &Client, request: ListChannelSessionsRequest) -> Result<Page, Failure> {
    let response = client.clone().list_channel_sessions(request).await;
    let ListChannelSessionsResponse { channel_sessions, next_page_token } =
        response.map_err(|status| Failure::from_status(&status))?.into_inner();
    let sessions = channel_sessions.into_iter().map(|it| (it.id().to_owned(), it.into()));
    Ok((sessions.collect(), next_page_token))
}

async fn over_rest(rest: &Rest, request: &ListChannelSessionsRequest) -> Result<Page, Failure> {
    let mut query = vec![format!("pageSize={}", request.page_size)];
    for (name, value) in [
        ("pageToken", &request.page_token),
        ("conversationId", &request.conversation_id),
        ("customerId", &request.customer_id),
        ("channelType", &request.channel_type),
    ] {
        query.extend((!value.is_empty()).then(|| format!("{name}={}", encode(value))));
    }
    query.extend(request.active.map(|active| format!("active={active}")));
    let path = format!("/channel-sessions?{}", query.join("&"));
    let answer = rest.send(Method::GET, &path, "", &[]).await;
    if answer.status != 200 {
        return Err(answer.failure());
    }
    let page = json(answer.document());
    let page = page.as_object().unwrap();
    let text = |value: Option<&json::Value>| value.and_then(|it| it.as_str()).unwrap_or_default().to_owned();
    let json::Value::Array(items) = page.get("channelSessions").unwrap() else { panic!("no list") };
    let sessions = items.iter().map(|item| {
        let item = item.as_object().unwrap();
        let revision: i64 = item.get("revision").unwrap().to_text().parse().unwrap();
        assert_eq!(text(item.get("etag")), format!("\"{revision}\""));
        (text(item.get("id")), Session { revision, document: item.get("document").unwrap().clone() })
    });
    Ok((sessions.collect(), text(page.get("nextPageToken"))))
}

/// A page, over both transports, which have to agree. A token is as good over one as over the other.
async fn page(client: &Client, rest: &Rest, request: &ListChannelSessionsRequest) -> Result<Page, Failure> {
    let request = ListChannelSessionsRequest { view: ChannelSessionView::Json.into(), ..request.clone() };
    let found = over_rest(rest, &request).await;
    let over_grpc = over_grpc(client, request.clone()).await;
    let in_words_of_rest = over_grpc.map_err(|failure| failure.in_words_of_rest(false));
    assert_eq!(in_words_of_rest, found, "{request:?}");
    found
}

/// All pages of a list.
async fn all(client: &Client, rest: &Rest, request: &ListChannelSessionsRequest) -> Vec<(String, Session)> {
    let mut request = request.clone();
    let mut found = Vec::new();
    loop {
        let (sessions, next) = page(client, rest, &request).await.unwrap();
        let limit = usize::try_from(request.page_size).unwrap();
        assert!(sessions.len() <= limit, "{} of {limit}", sessions.len());
        found.extend(sessions);
        if next.is_empty() {
            return found;
        }
        request.page_token = next;
    }
}

/// A session of the test, and by what it is found.
struct Kept {
    conversation: String,
    customer: String,
    channel: String,
    active: bool,
    document: String,
}

/// Sessions with every combination of members, by their ids; among them ids that a language would sort otherwise.
async fn fill(service: &Service) -> BTreeMap<String, Kept> {
    let mut kept = BTreeMap::new();
    let ids = ["Z", "a", "é", "e\u{301}", "💬", "_", "a/b", "1", "10", "2"];
    for (at, id) in ids.iter().cycle().take(3 * ids.len()).enumerate() {
        let id = if at < ids.len() { (*id).to_owned() } else { format!("{id}-{at}") };
        let conversation = ["", "c1", "c&2 ä"][at % 3];
        let customer = ["", "k1", "k2"][at / 2 % 3];
        let channel = ["", "WEB", "VOICE"][at / 3 % 3];
        let active = at % 4 != 1;
        let name = if at % 2 == 0 { "conversationId" } else { "topicId" };
        let mut members =
            vec![format!(r#""n":{at}.10"#), format!(r#""{}":{active}"#, ["isActive", "active"][at % 2])];
        members.extend((!conversation.is_empty()).then(|| format!(r#""{name}":"{conversation}""#)));
        members.extend((!customer.is_empty()).then(|| format!(r#""customer":{{"_id":"{customer}"}}"#)));
        members.extend(
            (!channel.is_empty()).then(|| format!(r#""channel":{{"channelType":{{"name":"{channel}"}}}}"#)),
        );
        let document = format!("{{{}}}", members.join(","));
        service.create(&id, &document).await;
        let [conversation, customer, channel] = [conversation, customer, channel].map(str::to_owned);
        kept.insert(id, Kept { conversation, customer, channel, active, document });
    }
    // The documented session is there too.
    let sample = json(CHANNEL_SESSION);
    let member = |path: &[&str]| {
        let found = path.iter().try_fold(&sample, |value, name| value.as_object()?.get(name));
        found.and_then(|value| value.as_str()).unwrap().to_owned()
    };
    let documented = Kept {
        conversation: member(&["conversationId"]),
        customer: member(&["customer", "_id"]),
        channel: member(&["channel", "channelType", "name"]),
        active: true,
        document: CHANNEL_SESSION.to_owned(),
    };
    kept.insert(member(&["id"]), documented);
    kept
}

async fn a_list_has_what_meets_its_conditions(store: Store) {
    let service = Service::start(store).await;
    let kept = fill(&service).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    for conversation in ["", "c1", "c&2 ä", "nobody's"] {
        for customer in ["", "k1"] {
            for channel in ["", "WEB"] {
                for active in [None, Some(true), Some(false)] {
                    let request = ListChannelSessionsRequest {
                        page_size: 4,
                        conversation_id: conversation.to_owned(),
                        customer_id: customer.to_owned(),
                        channel_type: channel.to_owned(),
                        active,
                        ..Default::default()
                    };
                    let is_wanted = |it: &Kept| {
                        (conversation.is_empty() || it.conversation == conversation)
                            && (customer.is_empty() || it.customer == customer)
                            && (channel.is_empty() || it.channel == channel)
                            && active.is_none_or(|active| it.active == active)
                    };
                    let expected: Vec<_> = kept
                        .iter()
                        .filter(|(_, it)| is_wanted(it))
                        .map(|(id, it)| (id.clone(), Session { revision: 1, document: json(&it.document) }))
                        .collect();
                    assert_eq!(all(&grpc, &rest, &request).await, expected, "{request:?}");
                }
            }
        }
    }
}

async fn pages_go_on_while_sessions_change(store: Store) {
    let service = Service::start(store).await;
    let kept = fill(&service).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let mut request = ListChannelSessionsRequest { page_size: 3, ..Default::default() };
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let (sessions, next) = page(&grpc, &rest, &request).await.unwrap();
        let ids: Vec<String> = sessions.into_iter().map(|(id, _)| id).collect();
        // What the token points at goes, what comes behind it changes, and the page's size does too.
        if let Some(last) = ids.last() {
            let path = format!("/channel-sessions/{}", encode(last));
            assert_eq!(rest.send(Method::DELETE, &path, "", &[]).await.status, 204);
        }
        for (id, it) in kept.iter().filter(|(id, it)| it.active && ids.last().is_some_and(|last| *id > last))
        {
            let update = set(id, "page", "Number", pages);
            grpc.clone()
                .update_data(update)
                .await
                .unwrap_or_else(|status| panic!("{}: {status}", it.document));
        }
        seen.extend(ids);
        pages += 1;
        if next.is_empty() {
            break;
        }
        request.page_token = next;
        request.page_size = 3 + pages % 2;
    }
    assert!(pages > 5, "{pages} pages");
    assert_eq!(seen, kept.into_keys().collect::<Vec<_>>());
}

async fn a_token_is_good_for_its_own_list_only(store: Store) {
    let service = Service::start(store).await;
    fill(&service).await;
    let (grpc, rest) = (service.grpc().await, service.rest());
    let web =
        ListChannelSessionsRequest { page_size: 1, channel_type: "WEB".to_owned(), ..Default::default() };
    let (_, token) = page(&grpc, &rest, &web).await.unwrap();
    assert!(!token.is_empty());
    let with_token = ListChannelSessionsRequest { page_token: token.clone(), ..web.clone() };
    assert!(page(&grpc, &rest, &with_token).await.is_ok());

    let other = |change: fn(&mut ListChannelSessionsRequest)| {
        let mut request = with_token.clone();
        change(&mut request);
        request
    };
    for (request, field, rule) in [
        (other(|it| it.channel_type = "VOICE".to_owned()), "pageToken", "page_token"),
        (other(|it| it.channel_type = String::new()), "pageToken", "page_token"),
        (other(|it| it.active = Some(true)), "pageToken", "page_token"),
        (other(|it| it.customer_id = "WEB".to_owned()), "pageToken", "page_token"),
        (other(|it| it.page_token.push('A')), "pageToken", "page_token"),
        (other(|it| it.page_token = "nonsense".to_owned()), "pageToken", "page_token"),
        (other(|it| it.page_size = -1), "pageSize", "not_negative"),
        (other(|it| it.conversation_id = "\0".to_owned()), "conversationId", "no_nul"),
        (other(|it| it.customer_id = "ä".repeat(256)), "customerId", "length"),
    ] {
        let failure = page(&grpc, &rest, &request).await.unwrap_err();
        assert_eq!(
            (&*failure.reason, failure.rules()),
            ("INVALID_PARAMETER", vec![(field, "", rule)]),
            "{request:?}"
        );
    }
    // Nor is that of a history.
    let answer =
        rest.send(Method::GET, &format!("/channel-sessions/Z/history?pageToken={token}"), "", &[]).await;
    assert_eq!(answer.failure().rules(), [("pageToken", "", "page_token")]);
}
