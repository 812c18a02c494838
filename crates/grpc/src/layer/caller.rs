//! Says who calls. Whatever is done for a call is done in this one's name.

use access::{Access, Identity, Scope, Shown};
use axum::extract::Request as HttpRequest;
use domain::{Error, caller::Caller};
use telemetry::{
    Signal,
    audit::{self, Who},
    call::{Port, trace_id},
    signal,
};
use tonic::{Request, Status};

use crate::status;

/// The caller of a request, who may do what needs a scope. For how long it may is put among the request's extensions.
///
/// A gateway in the same process may have found out already who calls; whoever comes over the network cannot say so.
///
/// # Errors
/// UNAUTHENTICATED or PERMISSION_DENIED. Why it is not known who calls is logged and not answered.
pub(super) async fn of(request: &mut HttpRequest, access: &Access, scope: Scope) -> Result<Caller, Status> {
    let identity = match request.extensions_mut().remove::<Identity>() {
        Some(known) => known,
        None => {
            let shown = Shown::of(request.headers(), request.extensions());
            access.authenticate(shown).await.map_err(|refusal| {
                audit::refused(Port::Grpc, request, Who::default(), &refusal);
                signal(Signal::Unauthenticated(refusal.credentials()));
                status::from_error(&Error::Unauthenticated)
            })?
        }
    };
    let Identity { tenant, requester, scopes, validity } = identity;
    if !scopes.allow(scope) {
        let scope = scope.as_str();
        let who = Who { tenant: Some(tenant.as_str()), requester: Some(requester.as_str()) };
        audit::refused(Port::Grpc, request, who, &format_args!("it lacks the scope {scope}"));
        return Err(status::from_error(&Error::PermissionDenied(scope)));
    }
    request.extensions_mut().insert(validity);
    Ok(Caller { trace_id: trace_id(request.headers()), ..Caller::new(tenant, requester) })
}

/// The caller that the layers have found.
///
/// # Errors
/// INTERNAL where the service is called without its layers: there is no caller but the one that they make.
pub(crate) fn found<T>(request: &Request<T>) -> Result<Caller, Status> {
    let missing = || {
        let cause = "a call that has no caller";
        status::from_error(&Error::Internal(cause.into()))
    };
    request.extensions().get::<Caller>().cloned().ok_or_else(missing)
}
