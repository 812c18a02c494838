//! Calls that a service sends back unanswered.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

const DATA: u8 = 0;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

fn frame(kind: u8, stream: u32, content: &[u32]) -> Vec<u8> {
    let length = u8::try_from(4 * content.len()).expect("it is short");
    let mut frame = vec![0, 0, length, kind, 0];
    frame.extend(stream.to_be_bytes());
    frame.extend(content.iter().flat_map(|number| number.to_be_bytes()));
    frame
}

/// What a caller gets whose update has been sent, when the service answers with a frame and closes the connection.
async fn answered(answer: Vec<u8>) -> (u16, Value) {
    const PREFACE_BYTES: usize = 24;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let service = tokio::spawn(async move {
        let (mut stream, _peer) = listener.accept().await?;
        // Another attempt finds nobody.
        drop(listener);
        stream.read_exact(&mut [0; PREFACE_BYTES]).await?;
        stream.write_all(&frame(SETTINGS, 0, &[])).await?;
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut content = vec![0; usize::try_from(length).expect("it is short")];
            stream.read_exact(&mut content).await?;
            if head[3] == DATA {
                return stream.write_all(&answer).await;
            }
        }
    });
    let upstream = Upstream::at(format!("http://{address}").parse().expect("an address"), None);
    let routes = routes(upstream, options(), CancellationToken::new());
    let (status, _, body) = open(&routes, "PUT /forms/x\n\n[]").await;
    service.await.expect("no panic").expect("the call comes");
    let body = to_bytes(body, usize::MAX).await.expect("the body is in memory");
    (status.as_u16(), serde_json::from_slice(&body).expect("JSON"))
}

#[tokio::test]
async fn what_the_service_says_it_has_not_begun_was_not_made() {
    const CALL: u32 = 1;
    let (no_error, refused, cancel) = (0, 7, 8);
    for (answer, is_known) in [
        (frame(RST_STREAM, CALL, &[refused]), false),
        (frame(GOAWAY, 0, &[CALL - 1, no_error]), false),
        (frame(RST_STREAM, CALL, &[cancel]), true),
        (frame(GOAWAY, 0, &[CALL, no_error]), true),
        (Vec::new(), true),
    ] {
        let (status, problem) = answered(answer.clone()).await;
        assert_eq!((status, &problem["reason"]), (503, &"STORE_UNAVAILABLE".into()), "{answer:?}: {problem}");
        let expected = if is_known { "unknown".into() } else { Value::Null };
        assert_eq!(problem["outcome"], expected, "{answer:?}: {problem}");
    }
}
