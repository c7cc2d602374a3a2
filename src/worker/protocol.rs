//! The messages between server and worker, and how they travel.
//!
//! A `SOCK_SEQPACKET` pair carries one message per packet: a postcard header of at most [`FRAME_BYTES_MAX`] bytes, and
//! images next to it as sealed memfds (`SCM_RIGHTS`). No pixel goes through the socket itself. Both sides check what
//! they receive; the server treats anything unexpected as a crash.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};
use serde::{Deserialize, Serialize};

use crate::blob::Blob;
use crate::plan::{Answer, OverlayRole, Plan};
use crate::render::faces::Face;
use crate::render::{Input, Job, RenderError, RenderLimits};
use crate::sniff::{Encoded, SourceFormat};
use crate::units::Size;

/// Maximum bytes of one header. A plan is made from a request target of a few thousand bytes, so this is ample, and it
/// fits in every default socket buffer.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;

/// Maximum descriptors per message: the original, and room for its overlays.
pub const FDS_MAX: usize = 16;

/// Reasons why a message could not be sent or understood.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The socket failed.
    #[error("socket: {0}")]
    Io(#[from] io::Error),
    /// Longer than [`FRAME_BYTES_MAX`], or more than [`FDS_MAX`] descriptors.
    #[error("message too large")]
    TooLarge,
    /// Not the expected message, or incomplete.
    #[error("malformed message")]
    Malformed,
}

impl From<rustix::io::Errno> for FrameError {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::Io(errno.into())
    }
}

/// First message to a worker: how to set itself up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// Whether to give up all rights that rendering does not need.
    pub sandbox: bool,
    /// Maximum bytes of one rendition (`RLIMIT_FSIZE`).
    pub output_bytes_max: u64,
    /// Maximum bytes of private memory (`RLIMIT_DATA`).
    pub data_bytes_max: u64,
    /// Resident bytes above which freed memory is returned to the system before an answer.
    pub trim_above_bytes: u64,
    /// Directories that stay readable, in addition to the system's own libraries and fonts.
    pub read_paths: Vec<PathBuf>,
}

/// First message of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hello {
    /// Ready for jobs.
    Ready(Confinement),
    /// The worker cannot work, and ends.
    Failed,
}

/// How a worker is confined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// Files and network, by Landlock.
    pub landlock: Enforcement,
    /// System calls, by seccomp.
    pub seccomp: Enforcement,
}

/// How much of a restriction this kernel enforces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Enforcement {
    /// All that was requested.
    Full,
    /// Part of it: the kernel is older than some of the rights.
    Partial,
    /// Nothing: switched off, or unknown to the kernel.
    #[default]
    None,
}

/// A job without its images. The first descriptor is the original, if there is one; those of `overlays` follow in their
/// order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkerRequest {
    /// What to make.
    pub plan: Plan,
    /// Limits on decoding.
    pub limits: RenderLimits,
    /// Format of the original, if there is one.
    pub original: Option<SourceFormat>,
    /// Roles and formats of the other images.
    pub overlays: Vec<(OverlayRole, SourceFormat)>,
    /// Faces that an earlier job found.
    pub faces: Option<Vec<Face>>,
}

/// The outcome of a job. `Ok` comes with one descriptor, the rendition; `Err` with none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The facts about the rendition, or why there is none.
    pub result: Result<Meta, RenderError>,
    /// Faces found, if this job had to search for them.
    pub faces: Option<Vec<Face>>,
    /// Set if the worker no longer trusts its own state and must be replaced.
    pub retire: bool,
}

/// Facts about a rendition, without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Kind of the output.
    pub answer: Answer,
    /// Size in pixels.
    pub size: Size,
    /// Time for decoding and processing.
    pub render: Duration,
    /// Time for encoding.
    pub encode: Duration,
    /// Set if an overlay could not be read.
    pub left_out: bool,
}

/// A job as it is sent: encoded once by the caller, so that the dispatcher only copies.
#[derive(Debug)]
pub struct Packed {
    /// The encoded [`WorkerRequest`].
    pub header: Vec<u8>,
    /// The images, in the order that [`WorkerRequest`] documents.
    pub blobs: Vec<Blob>,
    /// Whether one of the images is of a rare kind (see [`SourceFormat::is_rare`]).
    pub is_rare: bool,
}

impl Packed {
    /// Encodes a job.
    ///
    /// # Errors
    /// [`FrameError::TooLarge`] for a plan beyond [`FRAME_BYTES_MAX`].
    pub fn new(job: Job) -> Result<Self, FrameError> {
        let Job { plan, input, overlays, limits, faces } = job;
        let original = match input {
            Input::Original(original) => Some(original),
            Input::Nothing => None,
        };
        let format = original.as_ref().map(|original| original.format);
        let roles: Vec<_> = overlays.iter().map(|(role, encoded)| (*role, encoded.format)).collect();
        let is_rare = format.into_iter().chain(roles.iter().map(|(_, format)| *format)).any(SourceFormat::is_rare);
        let header = encode(&WorkerRequest { plan, limits, original: format, overlays: roles, faces })?;
        let images = original.into_iter().chain(overlays.into_iter().map(|(_, encoded)| encoded));
        Ok(Self { header, blobs: images.map(|encoded| encoded.bytes).collect(), is_rare })
    }

    /// Sends the job without waiting.
    ///
    /// # Errors
    /// [`FrameError::Io`] if the worker is gone or does not read.
    pub fn send(&self, socket: impl AsFd) -> Result<(), FrameError> {
        let fds: Vec<BorrowedFd<'_>> = self.blobs.iter().map(AsFd::as_fd).collect();
        send_bytes(socket, &self.header, &fds, SendFlags::DONTWAIT)
    }
}

/// A received message, not yet decoded.
#[derive(Debug)]
pub struct WorkerFrame {
    /// The header.
    pub bytes: Vec<u8>,
    /// The descriptors that came with it.
    pub fds: Vec<OwnedFd>,
}

impl WorkerFrame {
    /// Decodes the header as a `T` and nothing more.
    ///
    /// # Errors
    /// [`FrameError::Malformed`] for anything else, trailing bytes included.
    pub fn decode<'a, T: Deserialize<'a>>(&'a self) -> Result<T, FrameError> {
        match postcard::take_from_bytes(&self.bytes) {
            Ok((value, [])) => Ok(value),
            Ok(_) | Err(_) => Err(FrameError::Malformed),
        }
    }

    /// Decodes the message as a job.
    ///
    /// # Errors
    /// [`FrameError::Malformed`] unless it is a [`WorkerRequest`] with exactly its images, all sealed.
    pub fn into_job(self) -> Result<Job, FrameError> {
        let WorkerRequest { plan, limits, original, overlays, faces } = self.decode()?;
        if self.fds.len() != overlays.len() + usize::from(original.is_some()) {
            return Err(FrameError::Malformed);
        }
        let mut blobs = self.fds.into_iter().map(Blob::from_sealed);
        let mut next = |format| {
            let bytes = blobs.next().ok_or(FrameError::Malformed)??;
            Ok::<_, FrameError>(Encoded { bytes, format })
        };
        let input = original.map(&mut next).transpose()?.map_or(Input::Nothing, Input::Original);
        let overlays = overlays.into_iter().map(|(role, format)| Ok((role, next(format)?)));
        Ok(Job { plan, input, overlays: overlays.collect::<Result<_, FrameError>>()?, limits, faces })
    }
}

fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let bytes = postcard::to_stdvec(message).map_err(|_| FrameError::Malformed)?;
    if bytes.len() > FRAME_BYTES_MAX { Err(FrameError::TooLarge) } else { Ok(bytes) }
}

/// Sends one message, waiting for room.
///
/// # Errors
/// [`FrameError::TooLarge`] beyond the limits; [`FrameError::Io`] if the other side is gone.
pub fn send<T: Serialize>(socket: impl AsFd, message: &T, fds: &[BorrowedFd<'_>]) -> Result<(), FrameError> {
    send_bytes(socket, &encode(message)?, fds, SendFlags::empty())
}

fn send_bytes(socket: impl AsFd, bytes: &[u8], fds: &[BorrowedFd<'_>], flags: SendFlags) -> Result<(), FrameError> {
    if fds.len() > FDS_MAX {
        return Err(FrameError::TooLarge);
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FDS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(FrameError::TooLarge);
    }
    // NOSIGNAL because a dead peer is an ordinary event here, not a reason to end the process.
    let flags = flags | SendFlags::NOSIGNAL;
    loop {
        match rustix::net::sendmsg(&socket, &[IoSlice::new(bytes)], &mut control, flags) {
            Ok(_) => return Ok(()), // a packet is sent whole or not at all
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Receives one message, or `None` if the other side is gone.
///
/// # Errors
/// [`FrameError::TooLarge`] for a message beyond the limits; [`FrameError::Io`] otherwise, including `WouldBlock` if
/// `flags` has `DONTWAIT`.
pub fn receive(socket: impl AsFd, flags: RecvFlags) -> Result<Option<WorkerFrame>, FrameError> {
    let mut bytes = vec![0; FRAME_BYTES_MAX];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FDS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = flags | RecvFlags::CMSG_CLOEXEC;
    let received = loop {
        match rustix::net::recvmsg(&socket, &mut [IoSliceMut::new(&mut bytes)], &mut control, flags) {
            Ok(received) => break received,
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    };
    // Collect descriptors before any check, so that all of them are closed again on every path.
    let mut fds = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            fds.extend(rights);
        }
    }
    // The space for descriptors is rounded up and may hold one more.
    if received.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) || fds.len() > FDS_MAX {
        return Err(FrameError::TooLarge);
    }
    if received.bytes == 0 {
        return Ok(None); // an empty packet looks the same, but none of our messages is empty
    }
    bytes.truncate(received.bytes);
    Ok(Some(WorkerFrame { bytes, fds }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    use super::*;

    fn pair() -> (OwnedFd, OwnedFd) {
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
    }

    #[test]
    fn messages_and_descriptors_arrive_whole() {
        let (a, b) = pair();
        let blob = Blob::copy_from(b"image").unwrap();
        send(&a, &Hello::Failed, &[blob.as_fd(), blob.as_fd()]).unwrap();
        let frame = receive(&b, RecvFlags::empty()).unwrap().unwrap();
        assert_eq!(frame.decode::<Hello>().unwrap(), Hello::Failed);
        let got: Vec<Blob> = frame.fds.into_iter().map(|fd| Blob::from_sealed(fd).unwrap()).collect();
        assert_eq!(got.iter().map(Blob::as_slice).collect::<Vec<_>>(), [b"image", b"image"]);
    }

    #[test]
    fn a_closed_socket_is_the_end_and_a_silent_one_is_not() {
        let (a, b) = pair();
        let silent = receive(&b, RecvFlags::DONTWAIT).unwrap_err();
        assert!(matches!(silent, FrameError::Io(e) if e.kind() == io::ErrorKind::WouldBlock));
        drop(a);
        assert!(receive(&b, RecvFlags::empty()).unwrap().is_none());
    }

    #[test]
    fn oversized_packets_and_too_many_descriptors_are_refused_by_both_sides() {
        let (a, b) = pair();
        assert!(matches!(send(&a, &vec![7_u8; FRAME_BYTES_MAX], &[]), Err(FrameError::TooLarge)));
        rustix::net::send(&a, &vec![7; FRAME_BYTES_MAX + 1], SendFlags::empty()).unwrap();
        assert!(matches!(receive(&b, RecvFlags::empty()), Err(FrameError::TooLarge)));

        let fds = vec![a.as_fd(); FDS_MAX + 1];
        assert!(matches!(send(&a, &Hello::Failed, &fds), Err(FrameError::TooLarge)));
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FDS_MAX + 1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(&fds)));
        rustix::net::sendmsg(&a, &[IoSlice::new(b"x")], &mut control, SendFlags::empty()).unwrap();
        assert!(matches!(receive(&b, RecvFlags::empty()), Err(FrameError::TooLarge)));
    }

    #[test]
    fn trailing_bytes_are_malformed() {
        let mut bytes = encode(&Hello::Failed).unwrap();
        bytes.push(0);
        assert!(matches!(WorkerFrame { bytes, fds: vec![] }.decode::<Hello>(), Err(FrameError::Malformed)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_answer_or_malformed(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let frame = WorkerFrame { bytes, fds: vec![] };
            if let Ok(answer) = frame.decode::<Reply>() {
                // A decoded message can be encoded again and means the same.
                let again = WorkerFrame { bytes: encode(&answer).unwrap(), fds: vec![] };
                prop_assert_eq!(again.decode::<Reply>().unwrap(), answer);
            }
            if let Ok(job) = frame.into_job() {
                prop_assert!(matches!(job.input, Input::Nothing) && job.overlays.is_empty(), "no image came");
            }
        }
    }
}
