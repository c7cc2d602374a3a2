//! What runs in a worker process: set up, give up rights, then one job after another until the server hangs up.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use rustix::net::{RecvFlags, SocketType};

use super::protocol::{self, Confinement, FrameError, Hello, Meta, Reply, Setup};
use super::sandbox;
use crate::render::{Job, RenderError, Rendered, Step, render};
use crate::vips;

/// Exit code of a worker that was started by hand: it takes its orders from a socket.
const EXIT_NOT_A_WORKER: u8 = 2;

/// A worker's end of the socket to its server.
#[derive(Debug)]
pub struct Channel {
    socket: OwnedFd,
    setup: Setup,
    /// `/proc/self/statm`, opened while files could still be opened.
    memory: Option<File>,
    page_bytes: u64,
}

/// Why a worker cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Standard input is no socket of a server.
    #[error("a worker is started by the server, not by hand")]
    NotAWorker,
    /// The server hung up or spoke nonsense.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The libraries cannot be used.
    #[error("rendering libraries cannot be initialised")]
    WarmUp,
}

/// The body of `tintype worker`. Returns when the server hangs up.
#[must_use]
pub fn run() -> ExitCode {
    exit_code(start(|| vips::init().is_ok()).and_then(|channel| Ok(channel.serve(render)?)))
}

/// The exit code for how a worker ended; says why on standard error where a person may have started it.
#[must_use]
pub fn exit_code(end: Result<(), SetupError>) -> ExitCode {
    match end {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ SetupError::NotAWorker) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(EXIT_NOT_A_WORKER)
        }
        Err(SetupError::Frame(_) | SetupError::WarmUp) => ExitCode::FAILURE,
    }
}

/// Sets this process up as a worker: takes the server's socket from standard input, confines itself, and says hello.
///
/// `warm_up` initialises libraries and loads their modules; it runs when files are already restricted and system calls
/// not yet. It returns whether rendering is possible. To be called first thing in `main`: before any thread exists,
/// because Landlock holds for this thread and those it starts, and before any file is opened, because all inherited
/// descriptors are closed.
///
/// # Errors
/// [`SetupError`], after telling the server.
pub fn start(warm_up: impl FnOnce() -> bool) -> Result<Channel, SetupError> {
    let socket = take_socket().ok_or(SetupError::NotAWorker)?;
    let setup: Setup = protocol::receive(&socket, RecvFlags::empty())?.ok_or(FrameError::Malformed)?.decode()?;
    sandbox::bind_to_server();
    sandbox::keep_freed_memory();
    sandbox::limit_resources(&setup);
    let memory = File::open("/proc/self/statm").ok();
    let page_bytes = rustix::param::page_size() as u64; // reads a file the first time
    let mut confinement = Confinement::default();
    if setup.sandbox {
        confinement.landlock = sandbox::restrict_files(&setup.read_paths);
    }
    if !warm_up() {
        protocol::send(&socket, &Hello::Failed, &[])?;
        return Err(SetupError::WarmUp);
    }
    if setup.sandbox {
        confinement.seccomp = sandbox::restrict_system_calls();
    }
    protocol::send(&socket, &Hello::Ready(confinement), &[])?;
    Ok(Channel { socket, setup, memory, page_bytes })
}

/// The socket that is standard input, whose place `/dev/null` takes.
fn take_socket() -> Option<OwnedFd> {
    let stdin = std::io::stdin();
    if rustix::net::sockopt::socket_type(&stdin).ok()? != SocketType::SEQPACKET {
        return None;
    }
    sandbox::close_inherited();
    let socket = rustix::io::fcntl_dupfd_cloexec(&stdin, 3).ok()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null").ok()?).ok()?;
    Some(socket)
}

impl Channel {
    /// Renders jobs with `render` until the server hangs up.
    ///
    /// # Errors
    /// When the server sends what is no job: the worker ends, and the server starts another.
    pub fn serve(self, mut render: impl FnMut(&Job) -> Result<Rendered, RenderError>) -> Result<(), FrameError> {
        // A message could hold a piece of the original, and nobody reads it.
        std::panic::set_hook(Box::new(|_| {}));
        while let Some(frame) = protocol::receive(&self.socket, RecvFlags::empty())? {
            let job = frame.into_job()?;
            let outcome = catch_unwind(AssertUnwindSafe(|| render(&job)));
            drop(job);
            self.answer(outcome.ok())?;
        }
        Ok(())
    }

    /// Answers a job; `None` after a panic, which leaves who knows what behind.
    fn answer(&self, outcome: Option<Result<Rendered, RenderError>>) -> Result<(), FrameError> {
        self.trim();
        let retire = outcome.is_none();
        let result = outcome.unwrap_or_else(|| Err(RenderError::Stage(Step::Panic)));
        match result {
            Ok(Rendered { body, answer, size, left_out, timings, faces }) => {
                let meta = Meta { answer, size, render: timings.render, encode: timings.encode, left_out };
                protocol::send(&self.socket, &Reply { result: Ok(meta), faces, retire }, &[body.as_fd()])
            }
            Err(error) => protocol::send(&self.socket, &Reply { result: Err(error), faces: None, retire }, &[]),
        }
    }

    /// Hands freed memory back, before the answer because the server measures the worker right after it.
    fn trim(&self) {
        if self.resident_bytes().is_some_and(|bytes| bytes > self.setup.trim_above_bytes) {
            sandbox::trim_heap();
        }
    }

    fn resident_bytes(&self) -> Option<u64> {
        let mut text = [0; 128];
        let len = self.memory.as_ref()?.read_at(&mut text, 0).ok()?;
        let pages = std::str::from_utf8(&text[..len]).ok()?.split(' ').nth(1)?.parse::<u64>().ok()?;
        Some(pages * self.page_bytes)
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
