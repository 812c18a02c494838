//! What the database warns of while it carries out a statement.
//!
//! A commit that waits for a synchronous standby and is cancelled is made all the same, with a warning: it may be lost with
//! this server. The driver gives warnings to the log alone, so they are taken from there.

use std::{cell::RefCell, fmt::Debug, future::poll_fn, pin::pin, sync::LazyLock};

use tracing::{
    Dispatch, Event, Level, Metadata, Subscriber,
    dispatcher::with_default,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};

/// Where the driver logs them.
const TARGET: &str = "sqlx::postgres::notice";

thread_local! {
    /// What was warned of last, while a statement is polled on this thread.
    static WARNING: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// One for all: each new one has the log find out again what is wanted.
static LISTENER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Listener));

/// Runs a statement, and returns what the database warned of meanwhile.
pub(crate) async fn with_warning<T>(statement: impl Future<Output = T>) -> (T, Option<String>) {
    let (mut statement, mut warning) = (pin!(statement), None);
    let done = poll_fn(|context| {
        let poll = with_default(&LISTENER, || statement.as_mut().poll(context));
        warning = WARNING.take().or_else(|| warning.take());
        poll
    });
    (done.await, warning)
}

struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET && *metadata.level() == Level::WARN
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Message);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Message;

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            WARNING.set(Some(format!("{value:?}")));
        }
    }
}
