//! The code that runs in a worker process: set up, give up rights, then run one job after another until the server
//! hangs up.

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

/// Exit code of a worker that was started by hand, which cannot work because it takes its orders from a socket.
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

/// Reasons why a worker cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Standard input is not a server's socket.
    #[error("the server starts workers; do not start one by hand")]
    NotAWorker,
    /// The server hung up or sent an invalid message.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The rendering libraries cannot be initialised.
    #[error("cannot initialise the rendering libraries")]
    WarmUp,
}

/// Runs `tintype worker`. Returns when the server hangs up.
#[must_use]
pub fn run() -> ExitCode {
    exit_code(start(|| vips::init().is_ok()).and_then(|channel| Ok(channel.serve(render)?)))
}

/// Returns the exit code for the way a worker ended. Prints the reason to standard error if a person may have started
/// it.
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
/// `warm_up` initialises libraries and loads their modules, and returns whether rendering is possible. It runs when
/// access to files is already restricted but system calls are not yet.
///
/// Call this first thing in `main`: before any thread exists, because Landlock applies to this thread and those it
/// starts, and before any file is opened, because all inherited descriptors are closed.
///
/// # Errors
/// [`SetupError`]. If the libraries are the cause, the server is told first.
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

/// Takes the socket from standard input and puts `/dev/null` in its place.
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
    /// Fails if the server sends something that is not a job: the worker then ends, and the server starts another.
    pub fn serve(self, mut render: impl FnMut(&Job) -> Result<Rendered, RenderError>) -> Result<(), FrameError> {
        // A panic message could contain part of the original, and nobody reads it.
        std::panic::set_hook(Box::new(|_| {}));
        while let Some(frame) = protocol::receive(&self.socket, RecvFlags::empty())? {
            let job = frame.into_job()?;
            let outcome = catch_unwind(AssertUnwindSafe(|| render(&job)));
            drop(job);
            self.answer(outcome.ok())?;
        }
        Ok(())
    }

    /// Answers a job. `None` means that it panicked, which leaves the worker in an unknown state, so the worker asks to
    /// be retired.
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

    /// Returns freed memory to the system. Done before the answer, because the server measures the worker right after
    /// it.
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
