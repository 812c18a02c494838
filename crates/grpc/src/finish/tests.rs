//! What becomes of work whose caller goes away.

use std::time::Duration;

use tokio::{sync::oneshot, time::timeout};

use super::*;

/// Work that ends when the sender says so, and tells that it has ended.
fn gated() -> (impl Future<Output = Result<u8, Error>>, oneshot::Sender<u8>, oneshot::Receiver<u8>) {
    let (open, gate) = oneshot::channel();
    let (tell, told) = oneshot::channel();
    let work = async move {
        let value = gate.await.map_err(|error| Error::Internal(error.into()))?;
        let _ = tell.send(value);
        Ok(value)
    };
    (work, open, told)
}

#[tokio::test]
async fn work_that_is_waited_for_is_done_in_place() {
    let (work, open, _told) = gated();
    let tasks = TaskTracker::new();
    let mut finish = Finish::new(&tasks, work);
    assert!((&mut finish).now_or_never().is_none());
    open.send(7).expect("the work waits");
    assert_eq!(finish.now_or_never().expect("nobody else has to do it").expect("it was done"), 7);
    assert!(tasks.is_empty());
}

#[tokio::test]
async fn work_that_is_left_goes_on_and_is_waited_for_when_draining() {
    let (work, open, told) = gated();
    let tasks = TaskTracker::new();
    let mut finish = Finish::new(&tasks, work);
    assert!((&mut finish).now_or_never().is_none());
    drop(finish);
    tasks.close();
    assert!(timeout(Duration::from_millis(20), tasks.wait()).await.is_err(), "it is still at work");
    open.send(7).expect("the work waits");
    tasks.wait().await;
    assert_eq!(told.await.expect("it told"), 7);
}

#[tokio::test]
async fn work_that_is_not_yet_left_is_waited_for_when_draining() {
    let (work, _open, _told) = gated();
    let tasks = TaskTracker::new();
    let mut finish = Finish::new(&tasks, work);
    assert!((&mut finish).now_or_never().is_none());
    tasks.close();
    assert!(timeout(Duration::from_millis(20), tasks.wait()).await.is_err(), "it is still at work");
    drop(finish);
}

#[tokio::test]
async fn a_panic_is_an_internal_error() {
    let finish = Finish::<()>::new(&TaskTracker::new(), async { panic!("on purpose") });
    let error = finish.await.expect_err("it panicked");
    assert!(
        matches!(&error, Error::Internal(cause) if cause.to_string().contains("on purpose")),
        "{error:?}"
    );
}
