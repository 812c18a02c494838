//! What stands between the listener and the service, one layer a file.

pub(crate) mod admission;
pub(crate) mod deadline;
pub(crate) mod error_details;
pub mod log;

/// The gRPC method of a request, `package.Service/Method`.
fn method<B>(request: &http::Request<B>) -> &str {
    request.uri().path().trim_start_matches('/')
}

/// Whether a request is for this package: limits are for its calls, not for reflection and health, whose streams live
/// as long as their callers like.
fn is_ours<B>(request: &http::Request<B>) -> bool {
    method(request).starts_with("channelsession.")
}
