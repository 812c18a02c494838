//! Signals: those that ask the process to stop, and those that must not end it.

use std::{io::IsTerminal as _, time::Duration};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long a command has to end by itself, once it is told to.
const INSISTENCE: Duration = Duration::from_secs(2);

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
        })
    }

    /// Returns the name of the next one that asks the process to stop.
    pub(crate) async fn next(&mut self) -> &'static str {
        loop {
            let [first, second] = &mut self.user;
            let (signal, stops) = tokio::select! {
                _ = self.terminate.recv() => ("SIGTERM", true),
                _ = self.interrupt.recv() => ("SIGINT", true),
                _ = self.quit.recv() => ("SIGQUIT", true),
                _ = self.hangup.recv() => ("SIGHUP", self.hangup_stops),
                _ = first.recv() => ("SIGUSR1", false),
                _ = second.recv() => ("SIGUSR2", false),
            };
            if stops {
                return signal;
            }
            tracing::info!(signal, "nothing is read again at this signal: settings need a restart");
        }
    }
}

/// Ends the process where it was told to stop and does not: it may be writing to somebody who does not read.
pub(crate) async fn insist() {
    // A process that hears no signals ends at the first one.
    let Ok(mut signals) = Signals::listen() else { return };
    signals.next().await;
    tokio::time::sleep(INSISTENCE).await;
    std::process::exit(130);
}
