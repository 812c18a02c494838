//! Who calls is found out before anything of a request's body is read: what nobody may ask for takes no memory.
//!
//! That is so where the service is in the same process, which then knows the caller. A gateway alone hands on what its caller
//! shows, and decides nothing.

use access::{Access, Shown};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::Error;
use telemetry::{
    Signal,
    audit::{self, Audited, Who},
    call::Port,
    signal,
};

use crate::problem::Problem;

/// Refuses a request of which it is not known who makes it, and hands on who does.
pub(crate) async fn layer(State(access): State<Access>, mut request: Request, next: Next) -> Response {
    if !access.is_required() {
        return next.run(request).await;
    }
    let shown = Shown::of(request.headers(), request.extensions());
    match access.authenticate(shown).await {
        Ok(identity) => {
            request.extensions_mut().insert(identity);
            next.run(request).await
        }
        Err(refusal) => {
            audit::refused(Port::Rest, &request, Who::default(), &refusal);
            signal(Signal::Unauthenticated(refusal.credentials()));
            let mut response = Problem::from(&Error::Unauthenticated).into_response();
            response.extensions_mut().insert(Audited);
            response
        }
    }
}
