//! What good callers wait. It is printed; that they are answered in time at all is all that a test asserts.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use super::{Rest, size::short_or_full};

/// A good caller waits for less, in a debug build on a machine that does much else.
const MAX_LATENCY: Duration = Duration::from_secs(5);

/// How long each of a caller's updates took, also those that were refused for load at first.
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// Those of one after the other of a session's updates, until it is stopped.
    pub(crate) async fn of_updates(rest: Rest, id: &str, done: CancellationToken) -> Self {
        let mut latencies = Vec::new();
        while !done.is_cancelled() || latencies.is_empty() {
            let since = Instant::now();
            let body = format!(r#"[{{"key":"n","type":"Number","value":{}}}]"#, latencies.len());
            loop {
                let answer = rest.update(id, body.clone()).await;
                if answer.status.is_success() {
                    break;
                }
                assert_eq!(answer.failure().reason, "OVERLOADED");
            }
            latencies.push(since.elapsed());
        }
        latencies.sort();
        Self(latencies)
    }

    /// Those of some sessions' updates for a while, all at once.
    pub(crate) async fn of_a_while(rest: &Rest, ids: &[&'static str]) -> Self {
        let done = CancellationToken::new();
        let callers: Vec<_> =
            ids.iter().map(|id| tokio::spawn(Self::of_updates(rest.clone(), id, done.clone()))).collect();
        tokio::time::sleep(short_or_full(Duration::from_millis(300), Duration::from_secs(5))).await;
        done.cancel();
        let mut latencies = Vec::new();
        for caller in callers {
            latencies.extend(caller.await.unwrap().0);
        }
        latencies.sort();
        Self(latencies)
    }

    /// Has something done while a good caller updates a session, which is there, and compares it to `self`, when all was
    /// quiet.
    pub(crate) async fn beside<T>(&self, rest: Rest, id: &'static str, what: impl Future<Output = T>) -> T {
        let done = CancellationToken::new();
        let stop = done.clone();
        // On a thread of its own, so that it does not wait for whoever attacks.
        let (began, begin) = std::sync::mpsc::channel();
        let caller = std::thread::spawn(move || {
            began.send(rustix::thread::gettid()).unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(Self::of_updates(Rest::new(rest.address()), id, stop))
        });
        if short_or_full(false, true) {
            give_way(begin.recv().unwrap());
        }
        let result = what.await;
        done.cancel();
        let meanwhile = tokio::task::spawn_blocking(|| caller.join().unwrap()).await.unwrap();
        self.compare(&meanwhile);
        result
    }

    /// Prints how the latencies of a worse time compare to `self`, when all was quiet. They are bearable.
    pub(crate) fn compare(&self, meanwhile: &Self) {
        let ratio = meanwhile.percentile(99).as_secs_f64() / self.percentile(99).as_secs_f64();
        eprintln!("before: {self}\nmeanwhile: {meanwhile}\nratio of p99: {ratio:.2}");
        assert!(meanwhile.percentile(100) < MAX_LATENCY);
    }

    fn percentile(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)]
    }
}

/// Has the threads of this process run only where no other wants a processor, except one that measures: whoever attacks has a
/// machine of its own, and must not be measured for taking the service's processors. A low priority alone is no less: whoever
/// wakes waits for the end of another's time slice, whatever that one's priority.
fn give_way(measures: rustix::process::Pid) {
    let measures = measures.as_raw_nonzero().to_string();
    for thread in std::fs::read_dir("/proc/self/task").unwrap() {
        let id = thread.unwrap().file_name().into_string().unwrap();
        if id != measures {
            // One that has ended meanwhile needs none.
            let _ = Command::new("chrt").args(["--idle", "--pid", "0", &id]).stderr(Stdio::null()).status();
        }
    }
}

impl std::fmt::Display for Latencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = |percent| self.percentile(percent);
        write!(f, "median {:.1?}, p99 {:.1?}, slowest {:.1?} of {}", of(50), of(99), of(100), self.0.len())
    }
}
