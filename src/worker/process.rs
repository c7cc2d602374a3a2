//! One worker process from the server's side: start it, talk to it, check what it says, kill it.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, socketpair};

use super::config::PoolConfig;
use super::protocol::{self, Confinement, FrameError, Hello, Meta, Packed, Reply, Setup, WorkerFrame};
use crate::blob::Blob;
use crate::render::faces::{FACES_MAX, Face};
use crate::render::{RenderError, Rendered, Timings};

/// A worker process.
#[derive(Debug)]
pub(super) struct Worker {
    process: Child,
    socket: OwnedFd,
    /// Number of jobs answered.
    pub(super) jobs: u64,
}

impl Worker {
    /// Starts a process with one end of a socket as its standard input, and sends it its setup.
    ///
    /// The environment is empty except for what `config` names, because the server's may hold credentials. The calling
    /// thread must outlive the worker: the kernel kills a worker when the *thread* that started it ends.
    pub(super) fn spawn(config: &PoolConfig) -> Result<Self, FrameError> {
        let (socket, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let process = Command::new(&config.executable)
            .arg0("tintype") // not the path, which is often `/proc/self/exe`
            .args(&config.arguments)
            .process_group(0) // signals from a terminal are for the server alone
            .env_clear()
            .envs(config.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let worker = Self { process, socket, jobs: 0 };
        let setup = Setup {
            sandbox: config.sandbox,
            output_bytes_max: config.output_bytes_max,
            data_bytes_max: config.worker_data_bytes_max,
            trim_above_bytes: config.worker_memory_bytes_max / 2,
            read_paths: config.read_paths.clone(),
        };
        match protocol::send(&worker.socket, &setup, &[]) {
            Ok(()) => Ok(worker),
            Err(error) => {
                let mut dying = worker.kill(Why::Died);
                dying.wait();
                Err(error)
            }
        }
    }

    /// Sends a job without waiting.
    pub(super) fn send(&self, packed: &Packed) -> Result<(), FrameError> {
        packed.send(&self.socket)
    }

    /// Reads the first message of a starting worker; `None` if the worker is gone or cannot work.
    pub(super) fn hello(&self) -> Result<Option<Confinement>, FrameError> {
        match self.receive()?.map(|frame| frame.decode()).transpose()? {
            Some(Hello::Ready(confinement)) => Ok(Some(confinement)),
            Some(Hello::Failed) | None => Ok(None),
        }
    }

    /// Reads the answer of a busy worker; `None` if the worker is gone. The times that it claims are capped at
    /// `elapsed`.
    pub(super) fn answer(&mut self, bytes_max: u64, elapsed: Duration) -> Result<Option<Verdict>, FrameError> {
        let Some(frame) = self.receive()? else { return Ok(None) };
        let verdict = judge(frame, bytes_max, elapsed)?;
        self.jobs += 1;
        Ok(Some(verdict))
    }

    fn receive(&self) -> Result<Option<WorkerFrame>, FrameError> {
        protocol::receive(&self.socket, RecvFlags::DONTWAIT)
    }

    /// Returns the resident memory in bytes, according to the kernel and not to the worker; 0 if it is unknown.
    pub(super) fn resident_bytes(&self) -> u64 {
        let statm = fs::read_to_string(format!("/proc/{}/statm", self.process.id())).unwrap_or_default();
        let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
        pages * rustix::param::page_size() as u64
    }

    /// Kills the worker, whatever it is doing.
    pub(super) fn kill(self, why: Why) -> Dying {
        let Self { mut process, socket, jobs: _ } = self;
        // Fails only for a process that was already reaped, and only a `Dying` reaps.
        let _ = process.kill();
        drop(socket);
        Dying { process, why }
    }
}

impl AsFd for Worker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Why a worker is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It worked correctly.
    Replaced,
    /// It took too long, or sent something invalid.
    Misbehaved,
    /// It ended by itself, so the log should say how.
    Died,
}

/// A killed process that is still to be reaped. The kernel takes a while to free much memory, and nobody should wait
/// for that.
#[derive(Debug)]
pub(super) struct Dying {
    process: Child,
    why: Why,
}

impl Dying {
    /// Reaps the process if it has ended, and returns whether it is gone. A process that cannot be waited for counts as
    /// gone.
    pub(super) fn is_gone(&mut self) -> bool {
        match self.process.try_wait() {
            Ok(Some(status)) => {
                if self.why == Why::Died {
                    tracing::warn!(cause = cause(status), "a render worker died");
                }
                true
            }
            Ok(None) => false,
            Err(_) => true,
        }
    }

    /// Waits for the process to end and reaps it.
    pub(super) fn wait(&mut self) {
        let _ = self.process.wait();
    }
}

fn cause(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown".to_owned(),
    }
}

/// An answer that passed all checks.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) result: Result<Rendered, RenderError>,
    pub(super) retire: bool,
}

/// Checks an answer like any untrusted input.
fn judge(frame: WorkerFrame, bytes_max: u64, elapsed: Duration) -> Result<Verdict, FrameError> {
    let Reply { result, faces, retire } = frame.decode()?;
    if faces.iter().any(|faces| faces.len() > FACES_MAX || !faces.iter().all(Face::is_sound)) {
        return Err(FrameError::Malformed);
    }
    let result = match (result, <[OwnedFd; 1]>::try_from(frame.fds)) {
        (Ok(meta), Ok([body])) => {
            let rendered = rendered(meta, Blob::from_sealed_within(body, bytes_max)?, elapsed)?;
            Ok(Rendered { faces, ..rendered })
        }
        (Err(error), Err(fds)) if fds.is_empty() && error.is_of_the_job() => Err(error),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => return Err(FrameError::Malformed),
    };
    Ok(Verdict { result, retire })
}

fn rendered(meta: Meta, body: Blob, elapsed: Duration) -> Result<Rendered, FrameError> {
    let Meta { answer, size, render, encode, left_out } = meta;
    if body.is_empty() || size.width == 0 || size.height == 0 {
        return Err(FrameError::Malformed);
    }
    let render = render.min(elapsed);
    let encode = encode.min(elapsed.saturating_sub(render));
    let timings = Timings { queue: Duration::ZERO, render, encode };
    Ok(Rendered { body, answer, size, left_out, timings, faces: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Answer, Format};
    use crate::render::{Bound, Step};
    use crate::units::Size;

    const META: Meta = Meta {
        answer: Answer::Image(Format::Png),
        size: Size::new(3, 2),
        render: Duration::from_secs(9),
        encode: Duration::from_secs(9),
        left_out: false,
    };

    /// Judges an answer sent together with these blobs, with limits of 4 bytes and 10 ms.
    fn verdict(result: Result<Meta, RenderError>, blobs: &[&[u8]]) -> Option<Result<Rendered, RenderError>> {
        let bytes = postcard::to_stdvec(&Reply { result, faces: None, retire: false }).unwrap();
        let blobs = blobs.iter().map(|bytes| Blob::copy_from(bytes).unwrap());
        let fds = blobs.map(|blob| rustix::io::dup(&blob).unwrap()).collect();
        judge(WorkerFrame { bytes, fds }, 4, Duration::from_millis(10)).ok().map(|verdict| verdict.result)
    }

    #[test]
    fn a_rendition_comes_with_exactly_one_body_within_bounds() {
        let rendered = verdict(Ok(META), &[b"four"]).unwrap().unwrap();
        assert_eq!((rendered.body.as_slice(), rendered.size), (&b"four"[..], META.size));
        assert_eq!(rendered.timings.render + rendered.timings.encode, Duration::from_millis(10), "claims are capped");

        assert!(verdict(Ok(META), &[]).is_none());
        assert!(verdict(Ok(META), &[b"a", b"b"]).is_none());
        assert!(verdict(Ok(META), &[b""]).is_none());
        assert!(verdict(Ok(META), &[b"fives"]).is_none());
        assert!(verdict(Ok(Meta { size: Size { width: 0, height: 1 }, ..META }), &[b"four"]).is_none());
    }

    #[test]
    fn only_errors_that_a_worker_may_report_are_accepted() {
        let check = |error: RenderError, believed: Option<RenderError>| {
            assert_eq!(verdict(Err(error), &[]).map(|result| result.unwrap_err()), believed);
        };
        let too_large = RenderError::TooLarge { what: Bound::AnimationPixels, got: 2, max: 1 };
        for believed in
            [RenderError::NotAnImage, too_large, RenderError::Stage(Step::Text), RenderError::Encode(Format::Gif)]
        {
            check(believed.clone(), Some(believed));
        }
        check(RenderError::QueueFull, None);
        check(RenderError::Timeout, None);
        assert!(verdict(Err(RenderError::Undecodable), &[b"body"]).is_none());
    }
}
