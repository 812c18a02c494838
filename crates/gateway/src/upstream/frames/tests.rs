//! Messages come out as they went in, however they arrive.

use std::collections::VecDeque;

use channel_session_api::v1::WatchChannelSessionsResponse;
use http::HeaderMap;
use http_body::Frame;
use tonic::Code;

use super::*;
use tonic::codegen::tokio_stream::StreamExt as _;

fn message(position: &str) -> WatchChannelSessionsResponse {
    WatchChannelSessionsResponse { position: position.to_owned(), ..Default::default() }
}

fn frame(message: &WatchChannelSessionsResponse) -> Vec<u8> {
    let length = u32::try_from(message.encoded_len()).expect("a short one");
    [&[0][..], &length.to_be_bytes(), &message.encode_to_vec()].concat()
}

/// A body of these parts, and a status in the end.
fn body(parts: Vec<Vec<u8>>, end: Option<Status>) -> Body {
    let mut frames: VecDeque<_> = parts.into_iter().map(|part| Frame::data(Bytes::from(part))).collect();
    frames.extend(end.map(|status| {
        let mut trailers = HeaderMap::new();
        status.add_header(&mut trailers).expect("headers");
        Frame::trailers(trailers)
    }));
    let frames = futures_util::stream::iter(frames.into_iter().map(Ok::<_, Status>));
    Body::new(http_body_util::StreamBody::new(frames))
}

async fn read(body: Body) -> (Vec<String>, Option<Status>) {
    let mut messages = messages::<WatchChannelSessionsResponse>(body);
    let mut positions = Vec::new();
    while let Some(message) = messages.next().await {
        match message {
            Ok(message) => positions.push(message.position),
            Err(status) => return (positions, Some(status)),
        }
    }
    (positions, None)
}

#[tokio::test]
async fn messages_are_read_whatever_parts_they_come_in() {
    let texts = ["", "a", &"b".repeat(1000), "c"];
    let whole = texts.map(|text| frame(&message(text))).concat();
    for size in [1, 2, 4, 5, 6, 7, 500, 1004, 1005, 5000] {
        let parts = whole.chunks(size).map(<[u8]>::to_vec).collect();
        let (read, status) = read(body(parts, Some(Status::ok("")))).await;
        assert_eq!(read, texts, "{size}");
        assert!(status.is_none());
    }
}

#[tokio::test]
async fn the_end_is_delivered() {
    let one = || vec![frame(&message("a"))];
    for (end, code) in [(Some(Status::unavailable("x")), Code::Unavailable), (None, Code::Unknown)] {
        let (read, status) = read(body(one(), end)).await;
        assert_eq!((read, status.map(|status| status.code())), (vec!["a".to_owned()], Some(code)));
    }
    let mut compressed = frame(&message("a"));
    compressed[0] = 1;
    let (_, status) = read(body(vec![compressed], None)).await;
    assert_eq!(status.map(|status| status.code()), Some(Code::Internal));
}
