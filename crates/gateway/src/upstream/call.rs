//! A call of the service's that is made for a request.

use std::{convert::Infallible, error::Error as _, sync::Arc};

use access::Identity;
use axum::extract::FromRequestParts;
use budget::Counted;
use domain::{Error, Outcome};
use http::{header::AUTHORIZATION, request::Parts};
use telemetry::{
    audit::Peer,
    call::{Notes, REQUEST_ID, TRACEPARENT, TRACESTATE},
};
use tonic::{Request, Response, Status};

use super::{Client, connection};
use crate::{Gateway, operation::Describe, problem::Problem};

/// What a handler makes its call with: under the request's id and trace, and with errors in the words of its caller.
pub(crate) struct Call {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) parts: Parts,
}

impl FromRequestParts<Arc<Gateway>> for Call {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, gateway: &Arc<Gateway>) -> Result<Self, Infallible> {
        Ok(Self { gateway: gateway.clone(), parts: parts.clone() })
    }
}

impl Describe for Call {}

impl Call {
    /// Makes it.
    pub(crate) async fn make<Q, A, F>(
        &self,
        effect: Effect,
        request: Q,
        call: impl FnOnce(Client, Request<Q>) -> F,
    ) -> Result<A, Problem>
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        self.make_counted(effect, request, call).await.map(|(answer, _)| answer)
    }

    /// The same, with what the answer takes of the memory, where the service is in this process and has counted it.
    pub(crate) async fn make_counted<Q, A, F>(
        &self,
        effect: Effect,
        request: Q,
        call: impl FnOnce(Client, Request<Q>) -> F,
    ) -> Result<(A, Option<Counted>), Problem>
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let (request, Gateway { upstream, options, permits, .. }) = (self.request(request), &*self.gateway);
        let permit = permits.as_ref().map(|permits| permits.try_acquire()).transpose();
        let _permit = permit.map_err(|_| Problem::from(&Error::Overloaded))?;
        match tokio::time::timeout(options.call_timeout, call(upstream.sessions(), request)).await {
            Ok(Ok(mut response)) => {
                let counted = response.extensions_mut().remove::<Counted>();
                Ok((response.into_inner(), counted))
            }
            Ok(Err(status)) if effect == Effect::Read || never_began(&status) => {
                Err(self.problem(&status).without_outcome())
            }
            Ok(Err(status)) => Err(self.problem(&status)),
            Err(_) => Err(Problem::from(&Error::DeadlineExceeded(match effect {
                Effect::Read => Outcome::NotApplied,
                Effect::Write => Outcome::Unknown,
            }))),
        }
    }

    /// A message under the id and the trace of the request.
    pub(super) fn request<Q>(&self, message: Q) -> Request<Q> {
        let mut request = Request::new(message);
        for name in [REQUEST_ID, TRACEPARENT, TRACESTATE] {
            let value = self.parts.headers.get(name).and_then(|value| value.to_str().ok()?.parse().ok());
            if let Some(value) = value {
                request.metadata_mut().insert(name, value);
            }
        }
        // All that there are: who shows two is nobody, and that is for the service to say.
        for value in self.parts.headers.get_all(AUTHORIZATION) {
            // What is no text is no token either, and has to be seen all the same.
            let value = value.to_str().ok().and_then(|value| value.parse().ok());
            let value = value.unwrap_or_else(|| tonic::metadata::MetadataValue::from_static("unreadable"));
            request.metadata_mut().append(AUTHORIZATION.as_str(), value);
        }
        // Known already where the service is in this process.
        if let Some(identity) = self.parts.extensions.get::<Identity>() {
            request.extensions_mut().insert(identity.clone());
        }
        if let Some(peer) = self.parts.extensions.get::<Peer>() {
            request.extensions_mut().insert(*peer);
        }
        if let Some(notes) = self.parts.extensions.get::<Notes>() {
            request.extensions_mut().insert(notes.clone());
        }
        request
    }

    /// What a status of the service's is for the request's caller.
    pub(super) fn problem(&self, status: &Status) -> Problem {
        Problem::of_status(status, &self.parts.headers)
    }
}

/// What a call may leave behind when no answer comes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Read,
    /// A change, perhaps.
    Write,
}

impl Effect {
    /// That of a change which may be asked to be no more than checked.
    pub(crate) fn of(validate_only: bool) -> Self {
        if validate_only { Self::Read } else { Self::Write }
    }
}

/// Whether a call failed before the service did anything for it.
fn never_began(status: &Status) -> bool {
    let lost = status.source().and_then(|cause| cause.downcast_ref::<connection::Lost>());
    lost.is_some_and(|lost| !lost.may_be_known())
}
