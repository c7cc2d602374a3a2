//! What a hit in memory costs the whole server process: allocations per request, and time. `cargo bench --bench memory_hit`.
//!
//! The server runs in this process, with a counting allocator; the client is a socket and two buffers, which allocate
//! nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tintype::config::{self, Environment};
use tintype::server::Server;

/// Requests before counting starts, and those that are counted.
const WARM_UP: usize = 200;
const COUNTED: usize = 2000;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

struct Counting;

/// Counts one allocation.
fn count(size: usize) {
    ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    BYTES.fetch_add(size as u64, Ordering::Relaxed);
}

// SAFETY: every call goes to the system's allocator unchanged; counting itself allocates nothing.
#[expect(unsafe_code, reason = "an allocator is an unsafe trait")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer comes from `System`, as every other one here.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: the pointer comes from `System`, as every other one here.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What client libraries send, with a name that is hit again and again.
const URLS: [(&str, &str); 3] = [
    ("thumbnail", "/rocket.jpg?w=120&h=90&fit=crop"),
    ("usual", "/rocket.jpg?auto=format%2Ccompress&fit=crop&crop=entropy&w=160&h=90&dpr=2&q=60&ixlib=js-3.8.0"),
    ("effects", "/rocket.jpg?w=120&sat=-50&con=10&border=2,fff&pad=4&bg=336699&fm=webp"),
];

fn main() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/photos");
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n[render]\nworkers = 1\n\
         [[source]]\nname = \"photos\"\nkind = \"folder\"\nroot = \"{root}\"\n"
    );
    let config = config::parse("bench", &text, &Environment::new(), &[]).expect("a valid configuration");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let executable = env!("CARGO_BIN_EXE_tintype").into();
    let server = runtime.block_on(Server::start(config, executable)).expect("the server starts");
    let address = server.address();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = runtime.spawn(server.serve(async { _ = stopped.await }));
    for (name, url) in URLS {
        measure(address, name, url);
    }
    _ = stop.send(());
    _ = runtime.block_on(serving);
}

fn measure(address: SocketAddr, name: &str, url: &str) {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("a TCP socket");
    let request = format!(
        "GET {url} HTTP/1.1\r\nHost: localhost\r\nAccept: image/avif,image/webp,*/*\r\nUser-Agent: bench\r\n\r\n"
    );
    let mut buffer = vec![0_u8; 1 << 20];
    for _ in 0..WARM_UP {
        ask(&mut stream, request.as_bytes(), &mut buffer);
    }
    let (allocations, bytes) = (ALLOCATIONS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
    let started = Instant::now();
    for _ in 0..COUNTED {
        ask(&mut stream, request.as_bytes(), &mut buffer);
    }
    let took = started.elapsed();
    let per_request = |count: u64, before: u64| (count - before) as f64 / COUNTED as f64;
    println!(
        "{name}: {:.2} allocations of {:.0} bytes, {:.1} us per request",
        per_request(ALLOCATIONS.load(Ordering::Relaxed), allocations),
        per_request(BYTES.load(Ordering::Relaxed), bytes),
        took.as_secs_f64() * 1e6 / COUNTED as f64,
    );
}

/// Sends a request and reads the whole answer.
fn ask(stream: &mut TcpStream, request: &[u8], buffer: &mut [u8]) {
    stream.write_all(request).expect("the server reads");
    let mut filled = 0;
    loop {
        filled += stream.read(&mut buffer[filled..]).expect("the server answers");
        let Some(head) = buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        assert!(buffer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&buffer[..head]));
        if filled >= head + 4 + content_length(&buffer[..head]) {
            return;
        }
    }
}

fn content_length(head: &[u8]) -> usize {
    let name = b"content-length: ";
    let at = head.windows(name.len()).position(|window| window.eq_ignore_ascii_case(name)).expect("a length");
    let digits = head[at + name.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'))
}
