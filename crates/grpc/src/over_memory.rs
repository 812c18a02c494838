//! The service over a store in memory, for tests of what stands before a store.

use std::{future::poll_fn, pin::Pin, sync::Arc};

use channel_session_api::v1::{
    Attribute, CreateChannelSessionRequest, UpdateDataRequest,
    channel_session_service_server::ChannelSessionService,
};
use domain::{
    caller::{Caller, Requester},
    session::TenantId,
    store::Store,
};
use futures_util::Stream;
use store_testkit::memory::Memory;
use tonic::Request;
use watch::Hub;

use crate::{Options, Service};

pub(crate) fn service() -> Service {
    over(Memory::default(), Options::default())
}

pub(crate) fn over(store: impl Store, options: Options) -> Service {
    let store: Arc<dyn Store> = Arc::new(store);
    Service::new(store.clone(), Hub::new(store, watch::Options::default()), options)
}

/// A caller as the layers make one.
pub(crate) fn caller() -> Caller {
    Caller::new(TenantId::only(), Requester::anonymous())
}

/// A request as it comes out of the layers.
pub(crate) fn call<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(caller());
    request
}

/// Stores sessions that have nothing but their id and this text.
pub(crate) async fn create(service: &Service, ids: impl IntoIterator<Item = String>, text: &str) {
    for id in ids {
        let request = CreateChannelSessionRequest {
            channel_session_id: id,
            document_json: Some(format!(r#"{{"text":"{text}"}}"#)),
            ..CreateChannelSessionRequest::default()
        };
        service.create_channel_session(call(request)).await.expect("a new session");
    }
}

/// The update that gives one attribute a value.
pub(crate) fn update(id: &str, key: &str, value_json: &str) -> UpdateDataRequest {
    let attribute = Attribute {
        key: key.to_owned(),
        r#type: "String2000".to_owned(),
        value: None,
        value_json: Some(value_json.to_owned()),
    };
    UpdateDataRequest {
        channel_session_id: id.to_owned(),
        attributes: vec![attribute],
        ..UpdateDataRequest::default()
    }
}

/// The next item of a stream.
pub(crate) async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}
