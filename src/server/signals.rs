//! Handles signals: some make the server drain and exit; all others that would kill it are logged and ignored.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Signals that make the server drain and exit: SIGTERM from service managers, SIGINT from Ctrl-C, SIGQUIT from Ctrl-\
/// and from people used to nginx.
const STOP: [(&str, libc::c_int); 3] =
    [("SIGTERM", libc::SIGTERM), ("SIGINT", libc::SIGINT), ("SIGQUIT", libc::SIGQUIT)];

/// Signals that would end the process without a drain and mean nothing here. SIGPIPE is not among them: Rust ignores it
/// from the start. SIGXFSZ comes with a write beyond the file size limit; with the signal ignored, that write fails
/// like any other.
const IGNORED: [(&str, libc::c_int); 9] = [
    ("SIGHUP", libc::SIGHUP),
    ("SIGUSR1", libc::SIGUSR1),
    ("SIGUSR2", libc::SIGUSR2),
    ("SIGALRM", libc::SIGALRM),
    ("SIGVTALRM", libc::SIGVTALRM),
    ("SIGPROF", libc::SIGPROF),
    ("SIGIO", libc::SIGIO),
    ("SIGPWR", libc::SIGPWR),
    ("SIGXFSZ", libc::SIGXFSZ),
];

/// Receives the signals of this process, from [`Signals::listen`] on.
pub(super) struct Signals {
    stops: mpsc::Receiver<&'static str>,
}

impl Signals {
    /// Replaces the default actions, which end the process at once.
    pub(super) fn listen() -> Self {
        // If several signals arrive, the first one decides.
        let (sender, stops) = mpsc::channel(1);
        for (name, number) in STOP {
            let sender = sender.clone();
            each(name, number, move |name| {
                let _already_stopping = sender.try_send(name);
            });
        }
        for (name, number) in IGNORED {
            each(name, number, |name| match name {
                "SIGHUP" => tracing::info!(
                    "SIGHUP ignored: restart to load a changed configuration; key files are reloaded automatically"
                ),
                name => tracing::info!("{name} ignored"),
            });
        }
        Self { stops }
    }

    /// Completes when a signal asks the server to stop.
    pub(super) async fn stop(&mut self) {
        if let Some(name) = self.stops.recv().await {
            tracing::info!(signal = name, "draining");
        }
    }
}

/// Calls `act` each time the signal arrives, for as long as the process lives.
fn each(name: &'static str, number: libc::c_int, act: impl Fn(&'static str) + Send + 'static) {
    let mut signals = match signal(SignalKind::from_raw(number)) {
        Ok(signals) => signals,
        Err(error) => return tracing::warn!("{name} cannot be handled: {error}"),
    };
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            act(name);
        }
    });
}
