//! What clients of either version are answered, and that no answer ends the stream.

use prost::Message;
use prost_types::FileDescriptorProto;

use super::services;

fn sets() -> [&'static [u8]; 2] {
    [channel_session_api::FILE_DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET]
}

macro_rules! answers {
    ($version:ident, $service:expr, $asked:expr) => {{
        use tonic_reflection::pb::$version::{
            ExtensionRequest, ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
            server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
        };

        let requests = $asked.map(|(kind, name): (&str, &str)| {
            let name = name.to_owned();
            let message_request = match kind {
                "file" => Some(MessageRequest::FileByFilename(name)),
                "symbol" => Some(MessageRequest::FileContainingSymbol(name)),
                "extension" => Some(MessageRequest::FileContainingExtension(ExtensionRequest {
                    containing_type: name,
                    extension_number: 7,
                })),
                "extensions" => Some(MessageRequest::AllExtensionNumbersOfType(name)),
                "services" => Some(MessageRequest::ListServices(name)),
                _ => None,
            };
            ServerReflectionRequest { host: "h".to_owned(), message_request }
        });
        let mut client = ServerReflectionClient::new($service);
        let stream = client.server_reflection_info(futures_util::stream::iter(requests.clone())).await;
        let mut stream = stream.expect("a stream").into_inner();
        let mut answers = Vec::new();
        for request in requests {
            let answer = stream.message().await.expect("no error ends the stream").expect("an answer");
            assert_eq!((answer.valid_host.as_str(), answer.original_request), ("h", Some(request)));
            answers.push(match answer.message_response.expect("an answer") {
                MessageResponse::FileDescriptorResponse(files) => {
                    let file = FileDescriptorProto::decode(&*files.file_descriptor_proto[0]);
                    file.expect("a file").name().to_owned()
                }
                MessageResponse::AllExtensionNumbersResponse(numbers) => {
                    format!("{} {:?}", numbers.base_type_name, numbers.extension_number)
                }
                MessageResponse::ListServicesResponse(services) => {
                    services.service.into_iter().map(|service| service.name).collect::<Vec<_>>().join(" ")
                }
                MessageResponse::ErrorResponse(error) => error.error_code.to_string(),
            });
        }
        assert!(stream.message().await.expect("an end").is_none());
        answers
    }};
}

const ASKED: [(&str, &str); 16] = [
    ("symbol", "channelsession.v1.Nothing"),
    ("symbol", "channelsession.v1.ChannelSessionService"),
    ("symbol", "channelsession.v1.ChannelSessionService.UpdateData"),
    ("symbol", "channelsession.v1.ChannelSessionService.UpdateDate"),
    ("symbol", "channelsession.v1.UpdateDataRequest.etag"),
    ("symbol", "channelsession.v1.EVENT_NAME_ENDED"),
    ("symbol", ".channelsession.v1.EventName"),
    ("symbol", ""),
    ("file", "nothing.proto"),
    ("file", "channelsession/v1/event.proto"),
    ("extension", "channelsession.v1.Attribute"),
    ("extensions", "channelsession.v1.Attribute"),
    ("extensions", "channelsession.v1.Nothing"),
    ("", ""),
    ("services", "*"),
    ("symbol", "grpc.health.v1.Health"),
];

const ANSWERED: [&str; 14] = [
    "5",
    "channelsession/v1/channel_session_service.proto",
    "channelsession/v1/channel_session_service.proto",
    "5",
    "channelsession/v1/channel_session_service.proto",
    "channelsession/v1/event.proto",
    "channelsession/v1/event.proto",
    "5",
    "5",
    "channelsession/v1/event.proto",
    "5",
    "channelsession.v1.Attribute []",
    "5",
    "3",
];

fn check(answers: &[String]) {
    assert_eq!(answers[..14], ANSWERED);
    for service in [
        "channelsession.v1.ChannelSessionService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
    ] {
        assert!(answers[14].contains(service), "{}", answers[14]);
    }
    assert!(answers[15].ends_with("health.proto"), "{}", answers[15]);
}

#[tokio::test]
async fn what_is_not_known_is_an_error_within_the_stream_in_both_versions() {
    let (v1, v1alpha) = services(&sets(), &tokio_util::sync::CancellationToken::new());
    check(&answers!(v1, v1, ASKED));
    check(&answers!(v1alpha, v1alpha, ASKED));
}

/// Of both versions together. One on which nothing comes for too long ends, and makes room.
#[tokio::test(start_paused = true)]
async fn there_are_no_more_streams_than_there_may_be() {
    use futures_util::stream::pending;
    use tonic_reflection::pb::{
        v1::server_reflection_client::ServerReflectionClient,
        v1alpha::server_reflection_client::ServerReflectionClient as Older,
    };

    let (v1, v1alpha) = services(&sets(), &tokio_util::sync::CancellationToken::new());
    let (mut client, mut older) = (ServerReflectionClient::new(v1), Older::new(v1alpha));
    let mut streams = Vec::new();
    for _ in 0..super::MAX_STREAMS {
        streams.push(client.server_reflection_info(pending()).await.expect("a stream").into_inner());
    }
    let refused = older.server_reflection_info(pending()).await.expect_err("there are as many as may be");
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
    let mut last = streams.pop().expect("a stream");
    assert!(last.message().await.expect("no error").is_none());
    drop(last);
    older.server_reflection_info(pending()).await.expect("there is room");
}
