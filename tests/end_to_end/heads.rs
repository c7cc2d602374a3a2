//! Request heads that are too long, or that two servers could read differently.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};

use crate::images::photos;
use crate::server::{Tintype, exchange, read_reply};

fn start(settings: &[&str]) -> Tintype {
    let source = format!("[[source]]\nname = \"img\"\nkind = \"folder\"\nroot = \"{}\"\n", photos().display());
    Tintype::start_with(&source, settings)
}

#[test]
fn headers_are_limited_in_http1_too() {
    for max in [1000, 32 << 10] {
        let server = start(&[&format!("limits.header_bytes_max={max}")]);
        let ask = |bytes: usize, of: usize| {
            let value = "x".repeat(bytes);
            let headers: Vec<(String, &str)> = (0..of).map(|at| (format!("X-{at}"), value.as_str())).collect();
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            server.send("GET", "/coffee.jpg?w=30", &headers)
        };
        for (bytes, of) in [(max - 100, 1), ((max - 200) / 10, 9)] {
            assert_eq!(ask(bytes, of).status, 200, "{bytes} * {of} of {max}");
        }
        for (bytes, of) in [(max, 1), (max / 10, 10), (max + 4096, 1)] {
            let reply = ask(bytes, of);
            assert_eq!(
                (reply.status, reply.header("x-tintype-error")),
                (431, Some("headers-too-large")),
                "{bytes} * {of}"
            );
            assert_eq!(reply.header("cache-control"), Some("no-store"));
        }
        // Headers that do not even fit into the buffer.
        assert_eq!(ask(200 << 10, 1).status, 431);
        // A long target does not count as a header.
        assert_eq!(server.get(&format!("/coffee.jpg?w=30&x={}", "y".repeat(4000))).status, 200);
    }
}

#[test]
fn a_fragment_in_a_target_is_refused() {
    let mut server = start(&[]);
    let refused = |text: &str| {
        let reply = exchange(server.port, text.as_bytes()).unwrap();
        assert_eq!((reply.status, reply.header("x-tintype-error")), (400, Some("target-malformed")), "{text:?}");
        assert_eq!(reply.header("connection"), Some("close"), "{text:?}");
    };
    for target in ["/coffee.jpg#", "/coffee.jpg?w=30#x", "/#/coffee.jpg?w=30", "http://img.test/coffee.jpg#?w=9"] {
        for (before, more) in [("", ""), ("\r\n", "Accept: */*\r\n"), ("", "Content-Length: 0\r\n")] {
            refused(&format!("{before}GET {target} HTTP/1.1\r\nHost: img.test\r\n{more}\r\n"));
        }
    }
    // On a connection that has already been used.
    let first = "GET /coffee.jpg?w=30 HTTP/1.1\r\nHost: img.test\r\nReferer: http://a.test/#x\r\n\r\n";
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).unwrap();
    stream.write_all(first.as_bytes()).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    stream.write_all(b"GET /coffee.jpg?w=31#x HTTP/1.1\r\nHost: img.test\r\n\r\n").unwrap();
    let both = read_reply(&mut stream).unwrap();
    assert_eq!(both.status, 200, "a fragment in a header is none");
    let second = b"HTTP/1.1 400 ";
    assert_eq!(both.body.windows(second.len()).filter(|window| window == second).count(), 1);
    // Nothing behind a body is taken for a request.
    let smuggled = "GET /coffee.jpg?w=32 HTTP/1.1\r\nHost: img.test\r\nContent-Length: 43\r\n\r\n\
                    GET /coffee.jpg?w=33# HTTP/1.1\r\nHost: a\r\n\r\n";
    let reply = exchange(server.port, smuggled.as_bytes()).unwrap();
    assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    assert_eq!(server.get("/coffee.jpg?w=30%23").status, 200);
    let written = server.stop();
    assert!(!written.contains("w=33"), "{written}");
    assert!(written.contains("target-malformed"), "{written}");
}
