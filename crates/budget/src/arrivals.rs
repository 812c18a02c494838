//! Requests on their way.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use tokio::sync::oneshot;

use crate::Exhausted;

/// Requests that their callers have not sent, or only a part of them. A call has no permit yet then; so there are no more than a
/// number, whoever they are from: the one that has waited for longest makes room for another. Clones are the same.
#[derive(Debug, Clone)]
pub struct Arrivals(Arc<Mutex<Waiting>>);

#[derive(Debug)]
struct Waiting {
    max: usize,
    /// In the order in which they began to wait. Dropped, one is signalled to make room.
    requests: VecDeque<(u64, oneshot::Sender<()>)>,
    next: u64,
}

/// Takes a request out of the list, also when its call is dropped.
struct Listed<'a> {
    arrivals: &'a Arrivals,
    number: u64,
}

impl Arrivals {
    /// So many at once.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self(Arc::new(Mutex::new(Waiting { max, requests: VecDeque::new(), next: 0 })))
    }

    /// Waits for a request. One that is there already, as nearly all are, is not counted.
    ///
    /// # Errors
    /// [`Exhausted`] if it has to make room for another one.
    pub async fn arrive<F: Future>(&self, request: F) -> Result<F::Output, Exhausted> {
        let mut request = pin!(request);
        if let Poll::Ready(there) = poll_fn(|context| Poll::Ready(request.as_mut().poll(context))).await {
            return Ok(there);
        }
        let (_listed, makes_room) = self.list();
        tokio::select! {
            biased;
            request = request => Ok(request),
            _ = makes_room => Err(Exhausted),
        }
    }

    fn list(&self) -> (Listed<'_>, oneshot::Receiver<()>) {
        let (stays, makes_room) = oneshot::channel();
        let mut waiting = self.waiting();
        if waiting.requests.len() >= waiting.max {
            waiting.requests.pop_front();
        }
        let number = waiting.next;
        waiting.next += 1;
        waiting.requests.push_back((number, stays));
        (Listed { arrivals: self, number }, makes_room)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing panics while it holds the lock; if it did, the list would still be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        let requests = &mut self.arrivals.waiting().requests;
        if let Ok(at) = requests.binary_search_by_key(&self.number, |(number, _)| *number) {
            requests.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::{FutureExt, poll};

    use super::*;

    const MAX: usize = 10;

    #[tokio::test]
    async fn the_one_that_has_waited_for_longest_makes_room() {
        let arrivals = Arrivals::new(MAX);
        let mut waiting: Vec<_> = (0..MAX).map(|_| Box::pin(arrivals.arrive(pending::<()>()))).collect();
        for request in &mut waiting {
            assert!(poll!(request).is_pending());
        }
        // What is there needs no room.
        assert_eq!(arrivals.arrive(ready(1)).now_or_never(), Some(Ok(1)));
        assert!(poll!(&mut waiting[0]).is_pending());
        // One that came, and one that was called off, make room by themselves.
        let (come, comes) = oneshot::channel::<()>();
        drop(waiting.remove(1));
        let mut another = Box::pin(arrivals.arrive(comes));
        assert!(poll!(&mut another).is_pending() && poll!(&mut waiting[0]).is_pending());
        come.send(()).expect("it waits");
        assert_eq!(another.await, Ok(Ok(())));
        let mut last: Vec<_> = (0..2).map(|_| Box::pin(arrivals.arrive(pending::<()>()))).collect();
        for request in &mut last {
            assert!(poll!(request).is_pending());
        }
        assert_eq!(poll!(&mut waiting[0]), Poll::Ready(Err(Exhausted)));
        assert!(poll!(&mut waiting[1]).is_pending());
        drop((waiting, last));
        assert!(arrivals.waiting().requests.is_empty());
    }
}
