//! Messages as they arrive: whole, in parts, compressed, many in one; what they take, and what is refused.

use std::io::Write;

use channel_session_api::v1::{Attribute, BatchUpdateDataRequest, UpdateDataRequest};
use futures_util::StreamExt;
use prost::Message;
use prost_types::{ListValue, Value, value::Kind};
use tonic::Code;
use wire::MAX_MESSAGE_BYTES;

use super::*;

const BATCH: &str = "channelsession.v1.ChannelSessionService/BatchUpdateData";
const UPDATE: &str = "channelsession.v1.ChannelSessionService/UpdateData";
const CHECK: &str = "grpc.health.v1.Health/Check";
const REFLECTION: &str = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const REFLECTION_ALPHA: &str = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

const TIMEOUT: Duration = Duration::from_secs(10);

fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let mut frame = vec![flag];
    frame.extend(u32::try_from(message.len()).expect("it is small").to_be_bytes());
    frame.extend(message);
    frame
}

/// Reads all messages of a body that comes in parts of a size.
async fn read(
    method: &str,
    encoding: Option<&'static str>,
    bytes: &[u8],
    part: usize,
    budget: &Budget,
) -> Result<Vec<Bytes>, Status> {
    let parts: Vec<_> =
        bytes.chunks(part).map(|part| Ok::<_, Status>(Bytes::copy_from_slice(part))).collect();
    let mut headers = HeaderMap::new();
    headers.extend(
        encoding.map(|name| {
            (http::HeaderName::from_static("grpc-encoding"), http::HeaderValue::from_static(name))
        }),
    );
    let method = super::method(method).expect("there is such a method");
    let body = Body::from_stream(stream::iter(parts));
    let mut messages = Messages::new(body, &headers, method, (budget, None), TIMEOUT, &IsLong::default())?;
    let mut read = Vec::new();
    while let Some(message) = messages.next().await? {
        read.push(message);
    }
    Ok(read)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("a vector takes it");
    encoder.finish().expect("a vector takes it")
}

#[tokio::test]
async fn messages_come_out_whole_in_whatever_parts_they_arrive() {
    let budget = Budget::new(2 << 20);
    let small =
        UpdateDataRequest { channel_session_id: "x".to_owned(), ..Default::default() }.encode_to_vec();
    let large = UpdateDataRequest { attributes_json: Some("y".repeat(100_000)), ..Default::default() };
    let large = large.encode_to_vec();
    let expected = [&small, &large, &small].map(|message| framed(0, message));
    let stream = expected.concat();
    for part in [1, 4, 5, 6, 1000, 65_536, usize::MAX] {
        assert_eq!(read(UPDATE, None, &stream, part, &budget).await.expect("messages"), expected, "{part}");
    }
    let compressed = [gzip(&small), gzip(&large), gzip(&small)].map(|message| framed(1, &message)).concat();
    for part in [7, usize::MAX] {
        let read = read(UPDATE, Some("gzip"), &compressed, part, &budget).await;
        assert_eq!(read.expect("messages"), expected, "{part}");
    }
    let zstd = framed(1, &zstd::encode_all(&*large, 0).expect("it can be compressed"));
    let read = read(UPDATE, Some("zstd"), &zstd, 100, &budget).await;
    assert_eq!(read.expect("a message"), [framed(0, &large)]);
}

#[tokio::test]
async fn what_is_over_the_budget_is_refused_and_what_is_cut_off_goes_on() {
    let message = UpdateDataRequest { attributes_json: Some("y".repeat(100_000)), ..Default::default() };
    let message = framed(0, &message.encode_to_vec());
    for part in [1000, usize::MAX] {
        let refused = read(UPDATE, None, &message, part, &Budget::new(64 * 1024)).await;
        assert_eq!(refused.expect_err("there is no room").code(), Code::ResourceExhausted, "{part}");
    }
    let cut = &message[..50_000];
    assert_eq!(read(UPDATE, None, cut, 1000, &Budget::new(2 << 20)).await.expect("what came"), [cut]);
}

#[tokio::test]
async fn a_message_of_many_empty_parts_is_refused_before_it_is_decoded() {
    let budget = Budget::default();
    let empty = [0x0a, 0x00].repeat(2_000_000);
    for (method, message, encoding) in [
        (BATCH, framed(0, &empty), None),
        (UPDATE, framed(0, &[0x12, 0x00].repeat(2_000_000)), None),
        (BATCH, framed(1, &gzip(&empty)), Some("gzip")),
    ] {
        let refused = read(method, encoding, &message, usize::MAX, &budget).await;
        assert_eq!(refused.expect_err("it is too large").code(), Code::OutOfRange, "{method}");
    }
    let too_long = framed(1, &gzip(&vec![0; MAX_MESSAGE_BYTES + 1]));
    let refused = read(UPDATE, Some("gzip"), &too_long, usize::MAX, &budget).await;
    assert_eq!(refused.expect_err("it is too large").code(), Code::OutOfRange);
    let broken = read(UPDATE, Some("gzip"), &framed(1, b"no gzip"), usize::MAX, &budget).await;
    assert_eq!(broken.expect_err("it is broken").code(), Code::InvalidArgument);
}

#[tokio::test]
async fn the_largest_that_the_service_takes_goes_through() {
    let budget = Budget::default();
    let null = Value { kind: Some(Kind::NullValue(0)) };
    let list = Value { kind: Some(Kind::ListValue(ListValue { values: vec![null; 10_000] })) };
    let attribute = Attribute { key: "k".to_owned(), value: Some(list), ..Default::default() };
    let update = UpdateDataRequest { attributes: vec![attribute; 25], ..Default::default() };
    assert!(read(UPDATE, None, &framed(0, &update.encode_to_vec()), 16_384, &budget).await.is_ok());
    let attribute =
        Attribute { key: "key".to_owned(), value_json: Some("1".to_owned()), ..Default::default() };
    let update = UpdateDataRequest { attributes: vec![attribute; 100], ..Default::default() };
    let batch = BatchUpdateDataRequest { requests: vec![update; 1000] };
    assert!(read(BATCH, None, &framed(0, &batch.encode_to_vec()), 16_384, &budget).await.is_ok());
}

/// A stream whose caller takes nothing is not polled, and a turn that came to it would be nobody's.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_is_not_polled_keeps_no_turn_from_others() {
    let budget = Budget::default();
    let turns = std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2);
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Arc::new(std::sync::Mutex::new(held));
    let (begun, mut has_begun) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..turns {
        let (long_work, held, begun) = (budget.long_work.clone(), held.clone(), begun.clone());
        tokio::spawn(async move {
            long_work
                .run(|| {
                    begun.send(()).expect("somebody waits");
                    let _ = held.lock().map(|held| held.recv());
                })
                .await;
        });
    }
    has_begun.recv().await.expect("a turn is taken");
    let message = UpdateDataRequest { attributes_json: Some("y".repeat(100_000)), ..Default::default() };
    let method = super::method(UPDATE).expect("there is such a method");
    let mut left = Vec::new();
    for _ in 0..turns {
        let body = Body::from(framed(0, &message.encode_to_vec()));
        let mut messages = Box::pin(async {
            Messages::new(body, &HeaderMap::new(), method, (&budget, None), TIMEOUT, &IsLong::default())?
                .next()
                .await
                .map(|it| it.is_some())
        });
        assert!(futures_util::poll!(&mut messages).is_pending());
        left.push(messages);
    }
    drop(release);
    let others = tokio::time::timeout(std::time::Duration::from_secs(60), budget.long_work.run(|| 1));
    assert_eq!(others.await, Ok(1));
    for messages in left {
        assert!(messages.await.expect("a message"));
    }
}

#[tokio::test]
async fn health_and_reflection_take_small_messages_of_the_same_budget() {
    let (budget, limit) = (Budget::new(2 << 20), decoded::MAX_OTHER_MESSAGE_BYTES);
    for name in [CHECK, REFLECTION, REFLECTION_ALPHA] {
        let fits = framed(0, &vec![0x0a; limit]);
        assert_eq!(read(name, None, &fits, 10_000, &budget).await.expect(name), [fits]);
        let over = framed(0, &vec![0x0a; limit + 1]);
        let status = read(name, None, &over, 10_000, &budget).await.expect_err(name);
        assert!(status.message().contains("65536 bytes"), "{}", status.message());
        let full = Budget::new(8 << 10);
        let status = read(name, None, &framed(0, &vec![0x0a; limit]), 10_000, &full).await.expect_err(name);
        assert_eq!(status.code(), Code::ResourceExhausted);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_has_begun_ends_in_time_and_what_has_not_may_wait() {
    for (name, sent) in [(REFLECTION, 1), (REFLECTION, 20), (UPDATE, 20)] {
        let begun = Bytes::from(framed(0, &[0x0a; 100])).slice(..sent);
        let body = stream::iter([Ok::<_, Status>(begun)]).chain(stream::pending());
        let method = super::method(name).expect("there is such a method");
        let (headers, budget) = (HeaderMap::new(), Budget::new(2 << 20));
        let body = Body::from_stream(body);
        let messages = Messages::new(body, &headers, method, (&budget, None), TIMEOUT, &IsLong::default());
        let mut messages = messages.expect("no compression");
        let since = Instant::now();
        let status = messages.next().await.expect_err("it does not end");
        assert_eq!((status.code(), since.elapsed()), (Code::DeadlineExceeded, TIMEOUT), "{name}");
        let silent = Body::from_stream(stream::pending::<Result<Bytes, Status>>());
        let messages = Messages::new(silent, &headers, method, (&budget, None), TIMEOUT, &IsLong::default());
        let mut messages = messages.expect("no compression");
        assert!(tokio::time::timeout(100 * TIMEOUT, messages.next()).await.is_err(), "{name}");
    }
}
