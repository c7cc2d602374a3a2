//! A raw TCP server that answers as badly as a test wants: cut short, stalled, endless, lying.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A request as received.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The request target, undecoded.
    pub target: String,
    /// Names in lower case, in the order sent.
    pub headers: Vec<(String, String)>,
}

impl Seen {
    /// Returns the first header with that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// One action on a connection, which is closed after the last step.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes again and again, with a pause in between.
    Forever(Vec<u8>, Duration),
    /// Sends nothing until the other side gives up.
    Hang,
}

/// A server on 127.0.0.1 that takes one request per connection. Stops when dropped.
#[derive(Debug)]
pub struct Upstream {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Upstream {
    /// Answers each request with the steps that `answer` returns for it.
    pub fn start(answer: impl Fn(&Seen) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, stop, answer) =
            (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)), Arc::new(answer));
        let (log, stopped) = (Arc::clone(&seen), Arc::clone(&stop));
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let Some(request) = read_head(&stream) else { return };
                    let steps = answer(&request);
                    log.lock().unwrap().push(request);
                    // An error is ignored: in many tests the other side hangs up on purpose.
                    let _gone = perform(stream, &steps);
                });
            }
        });
        Self { address, seen, stop, accepting: Some(accepting) }
    }

    /// Returns the requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Returns `http://127.0.0.1:port` followed by `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _wakes_accept = TcpStream::connect(self.address);
        if let Some(thread) = self.accepting.take() {
            let _ended = thread.join();
        }
    }
}

/// Returns the steps of a complete answer with its length.
pub fn whole(status: u16, headers: &str, body: &[u8]) -> Vec<Step> {
    vec![Step::Send(head(status, &format!("{headers}Content-Length: {}\r\n", body.len()))), Step::Send(body.to_vec())]
}

/// Returns the head of an answer; `headers` are whole lines.
pub fn head(status: u16, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Whatever\r\nConnection: close\r\n{headers}\r\n").into_bytes()
}

fn read_head(stream: &TcpStream) -> Option<Seen> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let target = lines.next()?.split(' ').nth(1)?.to_owned();
    let fields = lines.take_while(|line| !line.is_empty());
    let headers = fields
        .filter_map(|line| line.split_once(':').map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned())))
        .collect();
    Some(Seen { target, headers })
}

fn perform(mut stream: TcpStream, steps: &[Step]) -> std::io::Result<()> {
    for step in steps {
        match step {
            Step::Send(bytes) => stream.write_all(bytes)?,
            Step::Forever(bytes, pause) => loop {
                stream.write_all(bytes)?;
                std::thread::sleep(*pause);
            },
            Step::Hang => {
                let _closed = stream.read(&mut [0; 64])?;
            }
        }
    }
    Ok(())
}
