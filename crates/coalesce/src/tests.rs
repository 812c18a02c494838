//! When what was written is sent: a task writes and flushes as `h2` does, and the other end of a pipe sees what comes.

use std::future::poll_fn;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

/// A pipe's two ends, the first of which puts flushes off while the calls are under way.
fn pipe() -> (Coalesce<DuplexStream>, Calls, DuplexStream) {
    let (near, far) = duplex(1024 * 1024);
    let calls = Calls::default();
    (Coalesce::new(near, calls.clone()), calls, far)
}

/// Polls a flush once.
async fn flush(stream: &mut Coalesce<DuplexStream>) {
    poll_fn(|context| Pin::new(&mut *stream).poll_flush(context)).await.expect("a pipe takes it");
}

/// What has come out of the pipe.
async fn arrived(far: &mut DuplexStream) -> String {
    let mut bytes = [0; 64];
    let read = async { far.read(&mut bytes).await.expect("a pipe can be read") };
    let len = tokio::select! { biased; len = read => len, () = std::future::ready(()) => 0 };
    String::from_utf8_lossy(&bytes[..len]).into_owned()
}

#[tokio::test]
async fn a_lone_answer_does_not_wait() {
    let (mut near, calls, mut far) = pipe();
    let call = calls.begin();
    drop(call);
    near.write_all(b"one").await.expect("there is room");
    flush(&mut near).await;
    assert_eq!(arrived(&mut far).await, "one");
}

#[tokio::test]
async fn answers_of_one_round_are_sent_together_and_behind_them_nothing_waits() {
    let (mut near, calls, mut far) = pipe();
    let _call = calls.begin();
    for answer in ["one ", "two ", "three"] {
        near.write_all(answer.as_bytes()).await.expect("there is room");
        flush(&mut near).await;
        assert_eq!(arrived(&mut far).await, "");
    }
    flush(&mut near).await;
    assert_eq!(arrived(&mut far).await, "one two three");
}

#[tokio::test]
async fn a_flush_that_was_put_off_has_its_task_polled_again() {
    let (mut near, calls, mut far) = pipe();
    let _call = calls.begin();
    near.write_all(b"one").await.expect("there is room");
    let mut polls = 0;
    // As a connection that waits for something else: it flushes whenever it is polled, and goes on waiting.
    let waiting = tokio::spawn(poll_fn(move |context| {
        polls += 1;
        let _ = Pin::new(&mut near).poll_flush(context);
        if polls < 2 { Poll::Pending } else { Poll::Ready(near.is_write_vectored()) }
    }));
    waiting.await.expect("it is polled until it ends");
    assert_eq!(arrived(&mut far).await, "one");
}

#[tokio::test]
async fn what_does_not_fit_is_sent_without_a_flush_and_the_rest_at_shutdown() {
    let (mut near, calls, mut far) = pipe();
    let _call = calls.begin();
    let sent = "x".repeat(3 * BUFFER_BYTES / 2);
    for part in sent.as_bytes().chunks(1000) {
        near.write_all(part).await.expect("there is room");
        flush(&mut near).await;
    }
    near.shutdown().await.expect("a pipe can be closed");
    let mut came = String::new();
    far.read_to_string(&mut came).await.expect("a pipe can be read");
    assert_eq!(came, sent);
}
