//! The worker of these tests: it does what the original tells it to, and some of that is misbehaviour.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, IoSlice, Write};
use std::mem::MaybeUninit;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitCode};
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use rustix::process::{Resource, Rlimit, Signal};
use tintype::blob::Blob;
use tintype::plan::{Answer, Format};
use tintype::render::{Input, Job, RenderError, Rendered, Timings};
use tintype::units::Size;
use tintype::worker::child;
use tintype::worker::protocol::{self, FRAME_BYTES_MAX, Meta, Reply};

use crate::support::{block_on, config, start, text};

/// Runs `worker [how to start]`.
pub(crate) fn worker(how: Option<&str>) -> ExitCode {
    let warm_up = || match how {
        Some("exit") => std::process::exit(3),
        Some("hang") => loop {
            std::thread::park();
        },
        Some("fail") => false,
        Some("slow") => {
            std::thread::sleep(Duration::from_secs(2));
            true
        }
        Some(_) | None => true,
    };
    child::exit_code(child::start(warm_up).and_then(|channel| {
        let raw = rustix::io::dup(&channel).map_err(protocol::FrameError::from)?;
        let mut kept = Vec::new();
        Ok(channel.serve(|job| obey(job, &raw, &mut kept))?)
    }))
}

/// Runs `server`: prints the pid of its worker, then waits for a job that never ends.
pub(crate) fn server() -> ExitCode {
    block_on(async {
        let pool = start(config());
        println!("{}", text(&pool, "pid").await);
        io::stdout().flush().unwrap();
        let _ = crate::support::ask(&pool, "hang").await;
    });
    ExitCode::SUCCESS
}

fn obey(job: &Job, raw: &OwnedFd, kept: &mut Vec<Vec<u8>>) -> Result<Rendered, RenderError> {
    let order = match &job.input {
        Input::Original(order) => String::from_utf8_lossy(order.bytes.as_slice()).into_owned(),
        Input::Nothing => String::new(),
    };
    // The order may follow the signature of a rare kind of file.
    let order = order.trim_start_matches("%PDF-1.7\n");
    let (order, rest) = order.split_once(' ').unwrap_or((order, ""));
    match order {
        "echo" => image(if rest.is_empty() { b"nothing" } else { rest.as_bytes() }),
        "nothing" => image(b""),
        "pid" => image(std::process::id().to_string().as_bytes()),
        "sleep" => {
            std::thread::sleep(Duration::from_millis(rest.parse().unwrap()));
            image(b"slept")
        }
        "undecodable" => Err(RenderError::Undecodable),
        "hang" => loop {
            std::hint::spin_loop();
        },
        "exit" => std::process::exit(0),
        "abort" => std::process::abort(),
        // Repeated, because the handler of the Rust runtime takes the first signal for a stack overflow.
        "segv" => loop {
            rustix::process::kill_process(rustix::process::getpid(), Signal::SEGV).unwrap();
        },
        "panic" => panic!("ordered"),
        // Touched, so that the memory is resident and not optimised away.
        "keep" => {
            kept.push(std::hint::black_box(vec![1; rest.parse::<usize>().unwrap() << 20]));
            image(b"kept")
        }
        "drop" => {
            drop(std::hint::black_box(vec![1_u8; rest.parse::<usize>().unwrap() << 20]));
            image(b"dropped")
        }
        "huge" => image(&vec![7; rest.parse::<usize>().unwrap()]),
        "threads" => {
            let threads: Vec<_> = (0..4).map(|n| std::thread::spawn(move || n * 2)).collect();
            let sum: i32 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
            image(sum.to_string().as_bytes())
        }
        "probe" => image(probe(rest).as_bytes()),
        lie => {
            tell(lie, raw);
            Err(RenderError::Undecodable)
        }
    }
}

fn image(bytes: &[u8]) -> Result<Rendered, RenderError> {
    let body = Blob::copy_from(bytes).map_err(|_| RenderError::Encode(Format::Png))?;
    let timings = Timings { render: Duration::from_hours(1), ..Timings::default() };
    Ok(Rendered {
        body,
        answer: Answer::Image(Format::Png),
        size: Size::new(4, 3),
        left_out: false,
        timings,
        faces: None,
    })
}

/// Sends messages that no honest worker sends.
fn tell(lie: &str, raw: &OwnedFd) {
    let meta = Meta {
        answer: Answer::Image(Format::Png),
        size: Size::new(1, 1),
        render: Duration::ZERO,
        encode: Duration::ZERO,
        left_out: false,
    };
    let answer = postcard::to_stdvec(&Reply { result: Ok(meta), faces: None, retire: false }).unwrap();
    let failure = Reply { result: Err(RenderError::NotAnImage), faces: None, retire: false };
    let blob = Blob::copy_from(b"x").unwrap();
    match lie {
        "garbage" => packet(raw, &[0xff; 300], &[]),
        "oversized" => packet(raw, &vec![0; FRAME_BYTES_MAX + 1], &[]),
        "empty" => packet(raw, b"", &[]),
        "no-body" => packet(raw, &answer, &[]),
        "two-bodies" => packet(raw, &answer, &[blob.as_fd(), blob.as_fd()]),
        "body-with-error" => packet(raw, &postcard::to_stdvec(&failure).unwrap(), &[blob.as_fd()]),
        "trailing" => packet(raw, &[answer, vec![0]].concat(), &[blob.as_fd()]),
        "unsealed" => {
            let memory = memfd_create("t", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
            rustix::io::write(&memory, b"x").unwrap();
            packet(raw, &answer, &[memory.as_fd()]);
        }
        "pipe" => packet(raw, &answer, &[rustix::pipe::pipe().unwrap().0.as_fd()]),
        "many-fds" => packet(raw, &answer, &[blob.as_fd(); 100]),
        "twice" => {
            packet(raw, &answer, &[blob.as_fd()]);
            packet(raw, &answer, &[blob.as_fd()]);
        }
        other => panic!("unknown order {other}"),
    }
}

fn packet(raw: &OwnedFd, bytes: &[u8], fds: &[BorrowedFd<'_>]) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(100))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() {
        assert!(control.push(SendAncillaryMessage::ScmRights(fds)));
    }
    rustix::net::sendmsg(raw, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL).unwrap();
}

/// Tries everything a worker has no business doing. `rest` is an existing file, a port and a socket to connect to.
fn probe(rest: &str) -> String {
    let mut words = rest.split(' ');
    let mut word = || words.next().unwrap();
    let (file, port, socket) = (word(), word(), word());
    let parent = rustix::process::getppid().unwrap();
    let attempts: [(&str, bool); 22] = [
        ("read-file", fs::read(file).is_ok()),
        ("read-passwd", fs::read("/etc/passwd").is_ok()),
        ("read-root-directory", fs::read_dir("/").is_ok()),
        ("read-own-environment", fs::read("/proc/self/environ").is_ok()),
        ("read-server-environment", fs::read(format!("/proc/{parent}/environ")).is_ok()),
        ("write-existing", OpenOptions::new().write(true).open(file).is_ok()),
        ("append-existing", OpenOptions::new().append(true).open(file).is_ok()),
        ("create", File::create(format!("{file}.new")).is_ok()),
        ("create-in-cwd", File::create("tintype-probe").is_ok()),
        ("make-directory", fs::create_dir(format!("{file}.dir")).is_ok()),
        ("link", fs::hard_link(file, format!("{file}.link")).is_ok()),
        ("rename", fs::rename(file, format!("{file}.renamed")).is_ok()),
        ("chmod", fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o777)).is_ok()),
        ("execute", Command::new("/bin/true").status().is_ok()),
        ("connect", TcpStream::connect(format!("127.0.0.1:{port}")).is_ok()),
        ("listen", TcpListener::bind("127.0.0.1:0").is_ok()),
        ("udp", UdpSocket::bind("127.0.0.1:0").is_ok()),
        ("unix-socket", UnixStream::connect(socket).is_ok()),
        ("signal-server", rustix::process::test_kill_process(parent).is_ok()),
        (
            "raise-limit",
            rustix::process::setrlimit(Resource::Nofile, Rlimit { current: Some(9), maximum: Some(9) }).is_ok(),
        ),
        ("see-processes", fs::read_dir("/proc").is_ok()),
        ("remove", fs::remove_file(file).is_ok()),
    ];
    attempts.map(|(name, ok)| format!("{name}={}", if ok { "allowed" } else { "denied" })).join("\n")
}

/// Reads the first line that a `server` prints.
pub(crate) fn first_line(stdout: impl io::Read) -> String {
    let mut line = String::new();
    io::BufReader::new(stdout).read_line(&mut line).unwrap();
    line.trim().to_owned()
}
