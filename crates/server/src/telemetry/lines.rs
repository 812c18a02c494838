//! Lines on their way to standard error. Whoever has something to say never waits for whoever reads it: a reader that
//! stops would otherwise stop the service. Beyond a bound lines are dropped, and counted.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::AsFd as _,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{self, Receiver, SyncSender, TrySendError},
    },
    thread,
    time::{Duration, Instant},
};

use ::telemetry::{Signal, signal};

/// How many lines may wait. Too few, and a burst is dropped while the reader is about to go on.
const MAX_LINES: usize = 8192;

/// How many bytes they may have together.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// How long the end of the process waits for lines to be read.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// Where lines are handed in. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    sender: SyncSender<Item>,
    waiting: Arc<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: AtomicUsize,
    bytes: AtomicUsize,
    dropped: AtomicU64,
}

#[derive(Debug)]
enum Item {
    Line(Vec<u8>),
    /// Everything before it has been written.
    Flushed(SyncSender<()>),
}

impl Lines {
    /// Starts the thread that writes them.
    pub(crate) fn start() -> Self {
        let (sender, receiver) = mpsc::sync_channel(MAX_LINES);
        let waiting = Arc::new(Waiting::default());
        let lines = Self { sender, waiting: waiting.clone() };
        // A handle of its own: a write that hangs holds no lock that anybody else takes.
        let out: Box<dyn Write + Send> = match io::stderr().as_fd().try_clone_to_owned() {
            Ok(handle) => Box::new(File::from(handle)),
            Err(_) => Box::new(io::stderr()),
        };
        thread::spawn(move || write(receiver, out, &waiting));
        lines
    }

    /// Hands in a line, its end included.
    pub(crate) fn push(&self, line: &[u8]) {
        let Waiting { lines, bytes, dropped } = &*self.waiting;
        if bytes.load(Ordering::Relaxed) + line.len() <= MAX_BYTES {
            bytes.fetch_add(line.len(), Ordering::Relaxed);
            lines.fetch_add(1, Ordering::Relaxed);
            if self.sender.try_send(Item::Line(line.to_vec())).is_ok() {
                return;
            }
            bytes.fetch_sub(line.len(), Ordering::Relaxed);
            lines.fetch_sub(1, Ordering::Relaxed);
        }
        dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until what was handed in has been written, or for as long as a reader may take that reads at all.
    pub(crate) fn flush(&self) {
        let until = Instant::now() + FLUSH_LIMIT;
        let (sender, flushed) = mpsc::sync_channel(1);
        let mut mark = Item::Flushed(sender);
        while let Err(TrySendError::Full(again)) = self.sender.try_send(mark) {
            if Instant::now() >= until {
                return;
            }
            mark = again;
            thread::sleep(Duration::from_millis(10));
        }
        let _ = flushed.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

/// One line: the log hands in each as a whole.
impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(items: Receiver<Item>, mut out: impl Write, waiting: &Waiting) {
    for item in items {
        match item {
            Item::Line(line) => {
                // Nobody is there who could read that nobody reads.
                let _ = out.write_all(&line);
                waiting.bytes.fetch_sub(line.len(), Ordering::Relaxed);
                let left = waiting.lines.fetch_sub(1, Ordering::Relaxed);
                // As soon as there is room for the line that says so.
                if left <= MAX_LINES / 2 {
                    let dropped = waiting.dropped.swap(0, Ordering::Relaxed);
                    if dropped > 0 {
                        signal(Signal::DroppedLogLines(dropped));
                        tracing::warn!(dropped, "lines of the log were dropped: nobody read them in time");
                    }
                }
            }
            Item::Flushed(done) => {
                let _ = done.send(());
            }
        }
    }
}
