//! One line of log for each call, under its request id. Never a request's content.

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use http::HeaderMap;
use telemetry::call::{Call, Interest, Logged, Outcome, Port};
use tonic::{Code, Status};
use wire::error::ErrorReply;

use super::message;
use crate::status;

/// Logs calls that come in from outside, each when the last of its answer is written: a stream's line says how the stream
/// ended, and how long it lived. A caller's own request id is kept and sent back; others get one.
pub async fn layer(mut request: Request, next: Next) -> Response {
    let interest = if super::is_ours(&request) { Interest::Call } else { Interest::Probe };
    let mut call = Call::begin(Port::Grpc, &mut request, interest);
    let method = message::method(super::method(&request));
    if let Some(method) = method {
        call.notes().asks_for(&method.name);
    }
    let refused = super::foreign::refuse(&request);
    let is_refused = refused.is_some();
    let mut response = match refused {
        Some(refused) => refused,
        None => call.run(next.run(request)).await,
    };
    call.answer(&mut response);
    status::bound(response.headers_mut());
    if is_refused || response.headers().contains_key("grpc-status") {
        let code = code(response.headers());
        note_reason(&call, response.headers(), code);
        let outcome = if response.status().is_success() {
            of_code(code)
        } else {
            Outcome::Http(response.status().as_u16())
        };
        if [Code::Unauthenticated, Code::PermissionDenied].contains(&code) {
            call.end_refused(outcome);
        } else {
            call.end(outcome);
        }
        return response;
    }
    if method.is_some_and(|method| method.answers_stream) {
        call.streams();
    }
    response.map(|body| {
        let logged = Logged::new(body, call, of_code(Code::Ok), of_code(Code::Unknown));
        Body::new(logged.with_trailers(|call, trailers| {
            status::bound(trailers);
            let code = code(trailers);
            note_reason(call, trailers, code);
            Some(of_code(code))
        }))
    })
}

fn note_reason(call: &Call, headers: &HeaderMap, code: Code) {
    if code == Code::Ok {
        return;
    }
    let reply = Status::from_header_map(headers).as_ref().and_then(ErrorReply::from_status);
    if let Some(reply) = reply {
        call.notes().fails_by(reply.reason.as_str());
    }
}

/// The code in headers or trailers.
fn code(headers: &HeaderMap) -> Code {
    Status::from_header_map(headers).map_or(Code::Ok, |status| status.code())
}

fn of_code(code: Code) -> Outcome {
    Outcome::Grpc(code.into())
}
