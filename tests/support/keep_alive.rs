//! A raw HTTP/1.1 server that keeps its connections and ends them at the worst moment.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

/// What to do about one request.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// Answer 200 with this body, and keep the connection.
    Answer(&'static [u8]),
    /// Send these bytes, then end the connection with a reset.
    Torn(&'static [u8]),
    /// End the connection in order, without a byte.
    Close,
    /// End it with a reset, without a byte.
    Reset,
    /// End our half of it, and go on reading.
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
    /// Asks `react` what to do about each request: its number on the connection, from 0, and its target.
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
                // The other side hanging up is what many tests are about.
                std::thread::spawn(move || serve(&stream, connection, &log, &*react));
            }
        });
        Self { address, seen, stop, accepting: Some(accepting) }
    }

    /// The requests so far: number of the connection, from 0, and target.
    pub fn seen(&self) -> Vec<(usize, String)> {
        self.seen.lock().unwrap().clone()
    }

    /// `http://127.0.0.1:port` and `path`.
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
                // Else the reset may overtake them.
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
