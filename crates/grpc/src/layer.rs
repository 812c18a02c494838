//! What stands between the listener and the service, each in a file of its own.

mod admission;
pub(crate) mod caller;
pub(crate) mod deadline;
pub(crate) mod error_details;
mod foreign;
pub mod log;
mod message;
mod misplaced;
mod scope;
pub(crate) use message::too_large;

use std::{pin::pin, sync::Arc, time::Duration};

use access::Access;
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use budget::{AtWork, Budget, IsLong, LONG_BYTES, Permits};
use domain::{
    caller::{Admission, Caller},
    session::TenantId,
};
use telemetry::call::Notes;
use tenants::Tenants;
use tonic::Status;

use message::{Messages, Method};

/// What calls are held to.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// The longest that a call may take.
    pub(crate) max_deadline: Duration,
    /// The longest that its request may take to arrive.
    pub(crate) body_timeout: Duration,
    /// Who may call.
    pub(crate) access: Access,
    /// Permits for calls.
    pub(crate) permits: Permits,
    /// What calls take together.
    pub(crate) budget: Budget,
    /// Which calls of tenants are worked on.
    pub(crate) at_work: AtWork,
    /// How many calls each tenant may make.
    pub(crate) tenants: Tenants,
}

/// All that a call meets, from the outside in: one layer, since each would cost every call a copy of all that is behind
/// it. Reflection and health have the limits on messages, and neither deadlines nor permits: their streams live as long as
/// their callers like, and whether the process is well is to be answered also when it has too much to do.
pub(crate) async fn layer(State(limits): State<Arc<Limits>>, mut request: Request, next: Next) -> Response {
    let ours = is_ours(&request);
    let misplaced = if ours { misplaced::refuse(request.headers()) } else { None };
    let known = message::method(method(&request));
    let response = match (misplaced, known) {
        (Some(status), _) => status.into_http(),
        (None, Some(method)) => match method.scope {
            Some(scope) => match caller::of(&mut request, &limits.access, scope).await {
                Ok(caller) => {
                    if let Err(status) = admission::count(&limits, &caller, &request) {
                        return error_details::explained(status.into_http(), ours);
                    }
                    let call = |request| call(&limits, method, request, next);
                    deadline::within(limits.max_deadline, caller, request, call).await
                }
                Err(status) => status.into_http(),
            },
            None => call(&limits, method, request, next).await,
        },
        (None, None) => next.run(request).await,
    };
    error_details::explained(response, ours)
}

/// Has a call answered: off the network as soon as it is found to be long work.
async fn call(limits: &Limits, method: &'static Method, request: Request, next: Next) -> Response {
    let is_long = IsLong::default();
    let response = pin!(answer(limits, method, request, next, &is_long));
    limits.budget.long_work.off_network(&is_long, response).await
}

/// Reads the request and, once it is there, has the call made. Its caller holds its permit and its share until the answer
/// is made, and its commands until they are done. A stream holds none: what it makes has permits where it is made.
async fn answer(
    limits: &Limits,
    method: &'static Method,
    request: Request,
    next: Next,
    is_long: &IsLong,
) -> Response {
    let (parts, body) = request.into_parts();
    let head = Request::from_parts(parts, ());
    let caller = head.extensions().get::<Caller>();
    let sharer = caller.filter(|_| limits.access.is_required()).map(|caller| caller.tenant.clone());
    let budget = (&limits.budget, sharer.as_ref().map(TenantId::as_str));
    let messages = match Messages::new(body, head.headers(), method, budget, limits.body_timeout, is_long) {
        Ok(messages) => messages,
        Err(status) => return status.into_http(),
    };
    if method.is_streaming {
        return next.run(head.map(|()| messages.into_body())).await;
    }
    let admitted = async {
        let arrived = limits.budget.arrivals.arrive(messages.only());
        let in_time = tokio::time::timeout(limits.body_timeout, arrived).await;
        let arrived = in_time.map_err(|_| message::too_late())?;
        let (message, share) = arrived.map_err(message::overloaded)??;
        let permit = caller.map(|caller| admission::admit(limits, caller, &head)).transpose()?;
        Ok::<_, Status>((message, Admission::new((share, permit))))
    };
    let (message, admission) = match admitted.await {
        Ok(admitted) => admitted,
        Err(status) => return status.into_http(),
    };
    Notes::of(head.extensions()).brought(message.len());
    if message.len() > LONG_BYTES || method.has_long_answers {
        is_long.found().await;
    }
    let mut request = head.map(|()| Body::from(message));
    if let Some(caller) = request.extensions_mut().get_mut::<Caller>() {
        caller.admission = admission;
    }
    let answer = next.run(request);
    match sharer {
        Some(tenant) => limits.at_work.run(tenant.as_str(), answer).await,
        None => answer.await,
    }
}

/// The gRPC method of a request, `package.Service/Method`.
fn method<B>(request: &http::Request<B>) -> &str {
    request.uri().path().trim_start_matches('/')
}

/// Whether a request is for this package.
fn is_ours<B>(request: &http::Request<B>) -> bool {
    is_of_ours(method(request))
}

/// Whether a package, or what is in it, is of this one.
fn is_of_ours(name: &str) -> bool {
    name.starts_with("channelsession.")
}
