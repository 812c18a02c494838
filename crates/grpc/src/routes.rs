//! The service as something that answers HTTP/2 requests, with reflection, health and all layers.

use std::sync::Arc;

use axum::{Router, middleware};
use budget::Permits;
use channel_session_api::{
    FILE_DESCRIPTOR_SET, v1::channel_session_service_server::ChannelSessionServiceServer,
};
use tonic::codec::CompressionEncoding;
use wire::MAX_MESSAGE_BYTES;

use crate::{
    Health, Service,
    layer::{self, Limits},
    reflection, streams,
};

/// All that the gRPC port serves, without the log, which is for calls from outside.
///
/// # Panics
/// If the descriptor sets that are compiled in are damaged.
pub fn routes(service: Service, health: &Health) -> Router {
    let (options, stopping) = (service.options.clone(), service.stopping.clone());
    let (streams, at_work) = (streams::routes(service.clone()), service.at_work.clone());
    let service = ChannelSessionServiceServer::new(service)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd)
        .max_decoding_message_size(MAX_MESSAGE_BYTES);
    let sets = [
        FILE_DESCRIPTOR_SET,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        // So that grpcurl can print the details of errors.
        tonic_types::pb::FILE_DESCRIPTOR_SET,
    ];
    let mut routes = tonic::service::Routes::builder();
    if options.reflection {
        let (v1, v1alpha) = reflection::services(&sets, &stopping);
        routes.add_service(v1).add_service(v1alpha);
    }
    routes.add_service(service).add_service(health.server(stopping));
    let limits = Arc::new(Limits {
        access: options.access.clone(),
        max_deadline: options.max_deadline,
        body_timeout: options.body_timeout,
        budget: options.budget.clone(),
        at_work,
        tenants: options.tenants.clone(),
        permits: Permits::new(options.max_concurrent_calls, options.tenants_share()),
    });
    streams
        .merge(routes.routes().into_axum_router())
        .layer(middleware::from_fn_with_state(limits, layer::layer))
}

#[cfg(test)]
mod tenants;
#[cfg(test)]
mod tests;
