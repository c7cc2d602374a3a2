//! The real server as a process, and a client that sends exactly the bytes it is told to.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::process::free_ports;

/// A server that is killed when this value goes out of scope.
pub struct Tintype {
    pub port: u16,
    pub admin_port: u16,
    child: Child,
    /// Holds `config.toml` and `stderr`, and `cache` and `log`, which the server writes.
    dir: PathBuf,
    _owned: Option<TempDir>,
}

/// A response.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// Returns the value of a header, which must not be repeated.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} twice");
        value
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Returns the body if it is text, else an empty string.
    pub fn text_if_any(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// Returns `X-Cache`.
    pub fn cache(&self) -> &str {
        self.header("x-cache").unwrap_or("absent")
    }
}

impl Tintype {
    /// Starts a server with these sources (TOML) in a new directory and waits until it is ready.
    pub fn start(sources: &str) -> Self {
        Self::start_with(sources, &[])
    }

    /// Starts a server with further settings, each `key=value`.
    pub fn start_with(sources: &str, settings: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut server = Self::start_until_ready(dir.path(), sources, settings);
        server._owned = Some(dir);
        server
    }

    /// Starts a server in a directory that outlives it.
    pub fn start_in(dir: &Path, sources: &str) -> Self {
        Self::start_until_ready(dir, sources, &[])
    }

    fn start_until_ready(dir: &Path, sources: &str, settings: &[&str]) -> Self {
        // Another process may have taken a port in the meantime.
        for _ in 0..3 {
            let mut server = Self::spawn_in(dir, sources, settings);
            if server.becomes_ready() {
                return server;
            }
        }
        panic!("the server does not start:\n{}", fs::read_to_string(dir.join("stderr")).unwrap());
    }

    /// Starts a server and returns at once.
    pub fn spawn_in(dir: &Path, sources: &str, settings: &[&str]) -> Self {
        let [port, admin_port] = free_ports();
        let config = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\nadmin_listen = \"127.0.0.1:{admin_port}\"\n\
             [render]\nworkers = 2\n\
             [cache]\nmemory_bytes_max = \"64MiB\"\ndisk_dir = \"{dir}/cache\"\ndisk_bytes_max = \"256MiB\"\n\
             [log]\ndir = \"{dir}/log\"\nlevel = \"debug\"\n{sources}",
            dir = dir.display(),
        );
        fs::write(dir.join("config.toml"), config).unwrap();
        let stderr = fs::File::create(dir.join("stderr")).unwrap();
        // With as few descriptors as careless systems grant.
        let child = Command::new("sh")
            .args(["-c", "ulimit -n 256 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_tintype"), "serve", "--config"])
            .arg(dir.join("config.toml"))
            .args(settings.iter().flat_map(|setting| ["--set", setting]))
            .env("E2E_KEY", KEY)
            .env("E2E_OLD_KEY", OLD_KEY)
            .env("E2E_S3_ACCESS_KEY", S3_KEYS.0)
            .env("E2E_S3_SECRET_KEY", S3_KEYS.1)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .unwrap();
        Self { port, admin_port, child, dir: dir.to_owned(), _owned: None }
    }

    fn becomes_ready(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(60);
        while Instant::now() < deadline && self.child.try_wait().unwrap().is_none() {
            if exchange(self.admin_port, b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                .is_ok_and(|reply| reply.status == 200)
            {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Sends a GET of a raw target to host `img.test`.
    pub fn get(&self, target: &str) -> Reply {
        self.send("GET", target, &[])
    }

    /// Sends a request with further headers; a `Host` among them replaces `img.test`.
    pub fn send(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Reply {
        exchange(self.port, &request(method, target, headers)).unwrap()
    }

    /// Sends a request and returns the connection before the answer arrives.
    pub fn begin(&self, target: &str) -> TcpStream {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.write_all(&request("GET", target, &[])).unwrap();
        stream
    }

    /// Sends a GET to the admin listener.
    pub fn admin(&self, path: &str) -> Reply {
        exchange(self.admin_port, &request("GET", path, &[])).unwrap()
    }

    /// Returns the value of the metric with this name and these labels, written as in the exposition; 0 if it is
    /// absent.
    pub fn metric(&self, name: &str) -> f64 {
        let metrics = self.admin("/metrics");
        let line = metrics.text().lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        line.unwrap_or(0.0)
    }

    /// Returns the processes that the server has started: its workers.
    pub fn children(&self) -> Vec<Pid> {
        let parent = self.child.id().to_string();
        let of_server = |stat: &str| stat.rsplit_once(')')?.1.split_whitespace().nth(1).map(|ppid| ppid == parent);
        let pids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            of_server(&stat)?.then(|| Pid::from_raw(pid))?
        });
        pids.collect()
    }

    /// Returns the number of open descriptors of the server.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the process to end.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(60);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server does not end");
    }

    /// Shuts the server down gracefully and returns everything it wrote to standard error and to its logs.
    pub fn stop(&mut self) -> String {
        self.terminate();
        assert!(self.wait().success());
        let mut text = self.stderr();
        for file in fs::read_dir(self.dir.join("log")).unwrap() {
            text += &fs::read_to_string(file.unwrap().path()).unwrap();
        }
        text
    }

    pub fn stderr(&self) -> String {
        fs::read_to_string(self.dir.join("stderr")).unwrap()
    }

    /// Returns the directory of its cache.
    pub fn cache_dir(&self) -> PathBuf {
        self.dir.join("cache")
    }
}

impl Drop for Tintype {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _reaped = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the server said\n{}", self.stderr());
        }
    }
}

/// The value of `E2E_KEY`.
pub const KEY: &str = "FOO123bar-0123456789abcdef";
/// The value of `E2E_OLD_KEY`.
pub const OLD_KEY: &str = "an-older-key-fedcba9876543210";
/// The values of `E2E_S3_ACCESS_KEY` and `E2E_S3_SECRET_KEY`: those of the SeaweedFS of the tests.
pub const S3_KEYS: (&str, &str) = (crate::support::seaweed::ACCESS_KEY, crate::support::seaweed::SECRET_KEY);

fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        text += "Host: img.test\r\n";
    }
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    (text + "\r\n").into_bytes()
}

/// Sends bytes and reads the answer until the connection ends.
pub fn exchange(port: u16, bytes: &[u8]) -> std::io::Result<Reply> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(bytes)?;
    read_reply(&mut stream)
}

/// Reads an answer until the connection ends.
pub fn read_reply(stream: &mut TcpStream) -> std::io::Result<Reply> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let malformed = || std::io::Error::other(format!("no answer in {} bytes", bytes.len()));
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or_else(malformed)?;
    let head = std::str::from_utf8(&bytes[..end]).map_err(std::io::Error::other)?;
    let (status, fields) = head.split_once("\r\n").ok_or_else(malformed)?;
    let status = status.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(malformed)?;
    let headers = fields
        .split("\r\n")
        .filter_map(|field| field.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    Ok(Reply { status, headers, body: bytes[end + 4..].to_vec() })
}
