//! Signals: those that ask the process to stop, and those that must not end it.

use std::{io::IsTerminal as _, sync::Arc, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
};

/// How long a command has to end by itself, once it is asked to.
const INSISTENCE: Duration = Duration::from_secs(2);

/// The signal to a process whose terminal is gone, and a service when it is to read its files again.
pub(crate) const HANGUP: &str = "SIGHUP";

/// Sent to a process that writes beyond a limit of files. The write fails all the same, and is answered.
const FILE_TOO_LARGE: i32 = 25;

/// Waits for signals that ask the process to stop.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    quit: Signal,
    user: [Signal; 2],
    _file_too_large: Signal,
    /// Whether a hangup is one: that of the terminal that the process was started at. Sent to a service, it means that
    /// something is to be read or opened again.
    hangup_stops: bool,
    /// Who reads files again at a hangup, if anybody does.
    hangups: Option<Arc<Notify>>,
}

impl Signals {
    /// Starts listening. From here on, none of these signals kills the process.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
            user: [signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?],
            _file_too_large: signal(SignalKind::from_raw(FILE_TOO_LARGE))?,
            hangup_stops: std::io::stderr().is_terminal(),
            hangups: None,
        })
    }

    /// What is notified of each hangup that does not stop the process: something is to be read again then. They are
    /// noticed while [`Self::next`] is waited for.
    pub(crate) fn hangups(&mut self) -> Arc<Notify> {
        self.hangups.get_or_insert_default().clone()
    }

    /// Returns the name of the next one that asks the process to stop.
    pub(crate) async fn next(&mut self) -> &'static str {
        loop {
            let [first, second] = &mut self.user;
            let (signal, stops) = tokio::select! {
                _ = self.terminate.recv() => ("SIGTERM", true),
                _ = self.interrupt.recv() => ("SIGINT", true),
                _ = self.quit.recv() => ("SIGQUIT", true),
                _ = self.hangup.recv() => (HANGUP, self.hangup_stops),
                _ = first.recv() => ("SIGUSR1", false),
                _ = second.recv() => ("SIGUSR2", false),
            };
            if stops {
                return signal;
            }
            match &self.hangups {
                Some(hangups) if signal == HANGUP => hangups.notify_one(),
                _ => tracing::info!(signal, "nothing is read again at this signal: settings need a restart"),
            }
        }
    }
}

/// Ends the process where it has to stop and does not: it may be writing to somebody who does not read.
pub(crate) async fn insist(mut signals: Signals) {
    signals.next().await;
    tokio::time::sleep(INSISTENCE).await;
    std::process::exit(130);
}
