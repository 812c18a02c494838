//! Reflection, v1 and v1alpha: what cannot be found is an error within the stream, as the protocol asks, and the stream goes
//! on. The two versions have the same messages under two names.

mod files;

use std::{sync::Arc, time::Duration};

use files::Files;
use futures_util::{Stream, StreamExt, stream};
use tokio::{sync::Semaphore, time::timeout};
use tokio_util::sync::CancellationToken;

/// How many streams of both versions there may be at once: nobody needs credentials for them, and few people look at a
/// service at a time.
const MAX_STREAMS: usize = 64;

/// For how long nothing may come on a stream. Too short, and tools that keep one have to open another; too long, and those that
/// ask for nothing keep others out.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// One version's service over the files.
macro_rules! version {
    ($version:ident) => {
        pub(crate) mod $version {
            use std::sync::Arc;

            use futures_util::StreamExt;
            use tokio::sync::Semaphore;
            use tokio_util::sync::CancellationToken;
            use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};
            use tonic_reflection::pb::$version::{
                ErrorResponse, ExtensionNumberResponse, FileDescriptorResponse, ListServiceResponse,
                ServerReflectionRequest, ServerReflectionResponse, ServiceResponse,
                server_reflection_request::MessageRequest,
                server_reflection_response::MessageResponse,
                server_reflection_server::{ServerReflection, ServerReflectionServer},
            };

            use super::{
                files::{Files, NotFound},
                timeout_each,
            };
            use crate::{
                calls::long_stream,
                status,
                stream_end::{ServerEnd, holding},
            };

            pub(crate) struct Reflection {
                pub(super) files: Arc<Files>,
                pub(super) streams: Arc<Semaphore>,
                pub(super) stopping: CancellationToken,
            }

            #[tonic::async_trait]
            impl ServerReflection for Reflection {
                type ServerReflectionInfoStream = BoxStream<ServerReflectionResponse>;

                async fn server_reflection_info(
                    &self,
                    requests: Request<Streaming<ServerReflectionRequest>>,
                ) -> Result<Response<Self::ServerReflectionInfoStream>, Status> {
                    let full = |_| status::from_error(&domain::Error::Overloaded);
                    let permits =
                        (self.streams.clone().try_acquire_owned().map_err(full)?, long_stream(&requests)?);
                    let files = self.files.clone();
                    let end = ServerEnd::new(&self.stopping, requests.extensions());
                    let requests = timeout_each(requests.into_inner());
                    let answers = requests.map(move |request| Ok(answer(&files, request?)));
                    Ok(Response::new(end.bound(holding(permits, answers))))
                }
            }

            fn answer(files: &Files, request: ServerReflectionRequest) -> ServerReflectionResponse {
                let response = match &request.message_request {
                    Some(asked) => find(files, asked).unwrap_or_else(|NotFound(what)| {
                        error(tonic::Code::NotFound, format!("{what} is not known here"))
                    }),
                    None => error(tonic::Code::InvalidArgument, "nothing is asked for".to_owned()),
                };
                ServerReflectionResponse {
                    valid_host: request.host.clone(),
                    original_request: Some(request),
                    message_response: Some(response),
                }
            }

            fn find(files: &Files, asked: &MessageRequest) -> Result<MessageResponse, NotFound> {
                let file = |bytes| {
                    MessageResponse::FileDescriptorResponse(FileDescriptorResponse {
                        file_descriptor_proto: vec![bytes],
                    })
                };
                match asked {
                    MessageRequest::FileByFilename(name) => files.named(name).map(file),
                    MessageRequest::FileContainingSymbol(name) => files.with_symbol(name).map(file),
                    MessageRequest::FileContainingExtension(extension) => {
                        files.with_extension(&extension.containing_type, extension.extension_number).map(file)
                    }
                    MessageRequest::AllExtensionNumbersOfType(name) => {
                        let extension_number = files.extensions_of(name)?;
                        let base_type_name = name.clone();
                        Ok(MessageResponse::AllExtensionNumbersResponse(ExtensionNumberResponse {
                            base_type_name,
                            extension_number,
                        }))
                    }
                    MessageRequest::ListServices(_) => {
                        let service = files.services().map(|name| ServiceResponse { name }).collect();
                        Ok(MessageResponse::ListServicesResponse(ListServiceResponse { service }))
                    }
                }
            }

            fn error(code: tonic::Code, error_message: String) -> MessageResponse {
                MessageResponse::ErrorResponse(ErrorResponse { error_code: code.into(), error_message })
            }

            /// The service.
            pub(crate) type Server = ServerReflectionServer<Reflection>;
        }
    };
}

version!(v1);
// evans and older Postman know only this one.
version!(v1alpha);

/// Both versions, over descriptor sets and reflection's own, until the service stops.
///
/// # Panics
/// If a descriptor set is damaged.
pub(crate) fn services(sets: &[&[u8]], stopping: &CancellationToken) -> (v1::Server, v1alpha::Server) {
    let own =
        [tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET, tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET];
    let files = Arc::new(Files::new(sets.iter().copied().chain(own)));
    let streams = Arc::new(Semaphore::new(MAX_STREAMS));
    let v1 = v1::Reflection { files: files.clone(), streams: streams.clone(), stopping: stopping.clone() };
    let v1alpha = v1alpha::Reflection { files, streams, stopping: stopping.clone() };
    (v1::Server::new(v1), v1alpha::Server::new(v1alpha))
}

/// A stream that ends when nothing has come for too long.
fn timeout_each<T: Send>(requests: impl Stream<Item = T> + Send + Unpin) -> impl Stream<Item = T> + Send {
    stream::unfold(requests, async |mut requests| {
        let request = timeout(IDLE_TIMEOUT, requests.next()).await.ok()??;
        Some((request, requests))
    })
}

#[cfg(test)]
mod tests;
