//! What pages of listed origins may read, and what others may not.

use super::*;

const APP: &str = "https://app.example";

/// The routes for which one foreign origin is listed.
fn shared(fake: &Fake) -> Router {
    let origins = Origins::new(vec![Origin::parse(APP).expect("an origin")]);
    let options = Options { browsers: Browsers { origins, ..Browsers::default() }, ..options() };
    routes(fake.upstream(), options, CancellationToken::new())
}

async fn ask(routes: &Router, request: &str) -> (u16, HeaderMap) {
    let (status, headers, _) = open(routes, request).await;
    (status.as_u16(), headers)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().expect("ASCII"))
}

#[tokio::test]
async fn every_operation_is_told_of_in_preflights_of_listed_origins_alone() {
    let routes = shared(&Fake::default());
    for operation in operations() {
        let path = operation.path.replace("{channelSessionId}", "a%2Fb");
        let preflight = |origin: &str| {
            let method = &operation.method;
            format!("OPTIONS {path}\nOrigin: {origin}\nAccess-Control-Request-Method: {method}")
        };
        let (status, headers) = ask(&routes, &preflight(APP)).await;
        assert_eq!((status, header(&headers, "access-control-allow-origin")), (204, Some(APP)), "{path}");
        let methods = header(&headers, "access-control-allow-methods").expect("methods");
        assert!(methods.split(',').any(|method| method.trim() == operation.method), "{path}: {methods}");
        let allowed = header(&headers, "access-control-allow-headers").expect("headers");
        for name in operation.headers.iter().chain(&["Authorization", "Content-Type", "x-request-id"]) {
            assert!(allowed.split(", ").any(|allowed| allowed.eq_ignore_ascii_case(name)), "{path}: {name}");
        }
        assert_eq!(header(&headers, "access-control-allow-credentials"), None);
        for origin in ["https://evil.example", "null", "https://app.example.evil.example"] {
            let (status, headers) = ask(&routes, &preflight(origin)).await;
            assert_eq!((status, header(&headers, "access-control-allow-origin")), (405, None), "{origin}");
        }
    }
    let nowhere = format!("OPTIONS /nowhere\nOrigin: {APP}\nAccess-Control-Request-Method: GET");
    assert_eq!(ask(&routes, &nowhere).await.0, 404);
    // An OPTIONS that asks for nothing is one like any other method.
    assert_eq!(ask(&routes, &format!("OPTIONS /forms/x\nOrigin: {APP}")).await.0, 405);
}

#[tokio::test]
async fn answers_and_refusals_can_be_read_by_listed_origins_alone() {
    let routes = shared(&Fake::default());
    for request in ["GET /healthz", "GET /nowhere", "PUT /forms/x"] {
        let (_, headers) = ask(&routes, &format!("{request}\nOrigin: {APP}")).await;
        assert_eq!(header(&headers, "access-control-allow-origin"), Some(APP), "{request}");
        assert_eq!(header(&headers, "vary"), Some("origin"));
        let exposed = header(&headers, "access-control-expose-headers").expect("headers");
        for name in ["ETag", "Location", "Retry-After", "X-Request-Id"] {
            assert!(exposed.split(", ").any(|exposed| exposed == name), "{name}");
        }
        for origin in ["", "\nOrigin: https://evil.example"] {
            let (_, headers) = ask(&routes, &format!("{request}{origin}")).await;
            assert_eq!(header(&headers, "access-control-allow-origin"), None, "{request}");
            assert_eq!(header(&headers, "vary"), Some("origin"), "{request}");
        }
    }
}

#[tokio::test]
async fn nothing_is_shared_by_default() {
    let fake = Fake::default();
    let answer = send(&fake, &format!("GET /healthz\nOrigin: {APP}")).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin"), answer.header("vary")),
        (200, "", "")
    );
    let answer = send(&fake, &format!("PUT /forms/x\nOrigin: {APP}\n\n[]")).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (403, &"PERMISSION_DENIED".into()));
}
