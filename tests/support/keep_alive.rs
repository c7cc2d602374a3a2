//! A raw HTTP/1.1 server that keeps its connections open and ends them at the worst moment.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

/// How to react to one request.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// Answers 200 with this body and keeps the connection.
    Answer(&'static [u8]),
    /// Sends these bytes, then ends the connection with a reset.
    Torn(&'static [u8]),
    /// Closes the connection gracefully without sending a byte.
    Close,
    /// Resets the connection without sending a byte.
    Reset,
    /// Closes our half of the connection and goes on reading.
    HalfClose,
}

/// A server on 127.0.0.1. Stops when dropped.
#[derive(Debug)]
pub struct KeepAlive {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<(usize, String)>>>,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl KeepAlive {
    /// Starts a server that asks `react` about each request, given its number on the connection (from 0) and its
    /// target.
    pub fn start(react: impl Fn(usize, &str) -> Reaction + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, stop, react) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)), Arc::new(react));
        let (log, stopped) = (Arc::clone(&seen), Arc::clone(&stop));
        let accepting = std::thread::spawn(move || {
            for (connection, stream) in listener.incoming().map_while(Result::ok).enumerate() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let (log, react) = (Arc::clone(&log), Arc::clone(&react));
                // An error is ignored: in many tests the other side hangs up on purpose.
                std::thread::spawn(move || serve(&stream, connection, &log, &*react));
            }
        });
        Self { address, seen, stop, accepting: Some(accepting) }
    }

    /// Returns the requests so far: the number of the connection, from 0, and the target.
    pub fn seen(&self) -> Vec<(usize, String)> {
        self.seen.lock().unwrap().clone()
    }

    /// Returns `http://127.0.0.1:port` followed by `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for KeepAlive {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _wakes_accept = TcpStream::connect(self.address);
        if let Some(thread) = self.accepting.take() {
            let _ended = thread.join();
        }
    }
}

fn serve(
    stream: &TcpStream,
    connection: usize,
    log: &Mutex<Vec<(usize, String)>>,
    react: &dyn Fn(usize, &str) -> Reaction,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut out = stream;
    for number in 0.. {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            head.push(line);
        }
        let target = head[0].split(' ').nth(1).unwrap_or_default().to_owned();
        log.lock().unwrap().push((connection, target.clone()));
        match react(number, &target) {
            Reaction::Answer(body) => {
                out.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes())?;
                out.write_all(body)?;
            }
            Reaction::Torn(bytes) => {
                out.write_all(bytes)?;
                // Without the pause the reset may overtake the bytes.
                std::thread::sleep(Duration::from_millis(100));
                return Ok(set_socket_linger(stream, Some(Duration::ZERO))?);
            }
            Reaction::Close => return Ok(()),
            Reaction::Reset => return Ok(set_socket_linger(stream, Some(Duration::ZERO))?),
            Reaction::HalfClose => stream.shutdown(Shutdown::Write)?,
        }
    }
    Ok(())
}
