//! Errors through a real proxy with its usual limits: what is wrong arrives as it does without one.

use channel_session_api::v1::UpdateDataRequest;
use tonic::Code;

use crate::support::{
    Failure, Service, Store,
    caller::{expect, set},
    nginx::{Nginx, Pass},
    on_both_stores, raw,
};

on_both_stores!(errors_pass_nginx_as_they_are);

async fn errors_pass_nginx_as_they_are(store: Store) {
    let service = Service::start(store).await;
    let nginx = Nginx::before(service.server.address("grpc"), Pass::Grpc).await;
    let client = |address| raw::client(address);
    let (direct, proxied) = (client(service.server.address("grpc")), client(nginx.address()));
    service.create("x", "{}").await;
    // Characters that take twelve bytes each as they are sent.
    let long = "💬".repeat(255);
    let mismatch = |size: usize| {
        let value = format!(r#"{{"a":"{}"}}"#, "v".repeat(size));
        [
            set("x", "k", "WebChannelData", value),
            UpdateDataRequest { preconditions: vec![expect("k", "1")], ..set("x", "k", "Number", 1) },
        ]
    };
    let bad = |count: usize, key: &str| {
        let entry = format!(r#"{{"key":"{key}","type":"Alphanum100","value":"-"}}"#);
        UpdateDataRequest {
            channel_session_id: "x".to_owned(),
            attributes_json: Some(format!("[{}]", vec![entry; count].join(","))),
            ..Default::default()
        }
    };
    let mut requests = Vec::new();
    for count in [1, 15, 100] {
        requests.push((bad(count, "k"), Code::InvalidArgument, count));
        requests.push((bad(count, &long), Code::InvalidArgument, count));
    }
    for id in ["none".to_owned(), long.clone()] {
        requests.push((set(&id, "k", "Number", 1), Code::NotFound, 0));
    }
    for (request, code, total) in requests {
        let status = proxied.clone().update_data(request.clone()).await.unwrap_err();
        assert_eq!(status.code(), code, "{status:?}; nginx says {}", nginx.log());
        let failure = Failure::from_status(&status);
        assert_eq!(failure.total, total, "{failure:?}");
        assert_eq!(failure.violations.is_empty(), total == 0, "{failure:?}");
        let same = direct.clone().update_data(request).await.unwrap_err();
        assert_eq!(failure, Failure::from_status(&same));
    }
    for size in [100, 1000, 3800, 60_000] {
        let [store, require] = mismatch(size);
        direct.clone().update_data(store).await.unwrap();
        let status = proxied.clone().update_data(require).await.unwrap_err();
        assert_eq!(status.code(), Code::Aborted, "{size}: {status:?}; nginx says {}", nginx.log());
        let mismatch = Failure::from_status(&status).mismatch.unwrap();
        assert_eq!(mismatch.value_omitted, size > 1000, "{size}");
        assert_eq!(mismatch.present.unwrap().0, "k");
    }
}
