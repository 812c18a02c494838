//! The table of cases: what is called, and the code, reason, HTTP status and violations that come of it.

mod around;
mod update;

use channel_session_api::v1::{
    CreateChannelSessionRequest, DeleteChannelSessionRequest, EndChannelSessionRequest,
    GetChannelSessionRequest, ListChannelSessionHistoryRequest, ListChannelSessionsRequest,
    UpdateDataRequest, WatchChannelSessionsRequest,
};
use tonic::Code;

use crate::support::caller::set;

/// What is called, as a gRPC caller says it.
#[derive(Clone)]
pub(super) enum Call {
    Update(UpdateDataRequest),
    Create(CreateChannelSessionRequest),
    Get(GetChannelSessionRequest),
    List(ListChannelSessionsRequest),
    End(EndChannelSessionRequest),
    Delete(DeleteChannelSessionRequest),
    History(ListChannelSessionHistoryRequest),
    Watch(WatchChannelSessionsRequest),
}

pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) call: Call,
    pub(super) code: Code,
    pub(super) reason: &'static str,
    pub(super) http: u16,
    /// Field, key and rule of each violation, as far as they are listed.
    pub(super) violations: Vec<(&'static str, &'static str, &'static str)>,
}

pub(super) fn update(id: &str, body: impl Into<String>) -> Call {
    let attributes_json = Some(body.into());
    Call::Update(UpdateDataRequest {
        channel_session_id: id.to_owned(),
        attributes_json,
        ..Default::default()
    })
}

fn create(document: impl Into<String>) -> Call {
    let document_json = Some(document.into());
    Call::Create(CreateChannelSessionRequest { document_json, ..Default::default() })
}

fn get(id: &str) -> Call {
    Call::Get(GetChannelSessionRequest { channel_session_id: id.to_owned(), view: 0 })
}

fn one(id: &str, change: fn(&mut UpdateDataRequest)) -> Call {
    let mut request = set(id, "k", "Number", 1);
    change(&mut request);
    Call::Update(request)
}

fn list(change: fn(&mut ListChannelSessionsRequest)) -> Call {
    let mut request = ListChannelSessionsRequest::default();
    change(&mut request);
    Call::List(request)
}

fn end(id: &str, change: fn(&mut EndChannelSessionRequest)) -> Call {
    let (channel_session_id, reason_code) = (id.to_owned(), "AGENT".to_owned());
    let mut request = EndChannelSessionRequest { channel_session_id, reason_code, ..Default::default() };
    change(&mut request);
    Call::End(request)
}

fn delete(id: &str, etag: &str) -> Call {
    let (channel_session_id, etag) = (id.to_owned(), etag.to_owned());
    Call::Delete(DeleteChannelSessionRequest { channel_session_id, etag, ..Default::default() })
}

fn history(id: &str, change: fn(&mut ListChannelSessionHistoryRequest)) -> Call {
    let channel_session_id = id.to_owned();
    let mut request = ListChannelSessionHistoryRequest { channel_session_id, ..Default::default() };
    change(&mut request);
    Call::History(request)
}

fn watch(change: fn(&mut WatchChannelSessionsRequest)) -> Call {
    let mut request = WatchChannelSessionsRequest::default();
    change(&mut request);
    Call::Watch(request)
}

pub(super) fn case(name: &'static str, call: Call, code: Code, reason: &'static str, http: u16) -> Case {
    Case { name, call, code, reason, http, violations: Vec::new() }
}

impl Case {
    fn with(mut self, violations: &[(&'static str, &'static str, &'static str)]) -> Self {
        self.violations = violations.to_vec();
        self
    }
}

/// A request id that has been used before, by an update of the session `there` that changed nothing.
pub(super) const USED: &str = "used-before";

pub(super) const ONE: &str = r#"[{"key":"k","type":"Number","value":1}]"#;

/// Sessions that the cases need.
pub(super) const SESSIONS: [(&str, &str); 6] = [
    ("attributes", r#"{"channelData":{"additionalAttributes":[{"key":"a","type":"Number","value":1}]}}"#),
    ("full", r#"{"channelData":{"additionalAttributes":[1,2,3,4,5,6,7,8,9,10]}}"#),
    ("ended", r#"{"isActive":false,"channelData":5}"#),
    ("no-object", r#"{"channelData":5}"#),
    ("no-list", r#"{"channelData":{"additionalAttributes":{}}}"#),
    ("there", r#"{"id":"there"}"#),
];

pub(super) fn cases() -> Vec<Case> {
    update::cases().into_iter().chain(around::cases()).collect()
}
