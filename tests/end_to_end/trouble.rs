//! Sources that fail: the client is told little, and the operator everything.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::images::photos;
use crate::server::{Reply, Tintype};
use crate::support::keep_alive::{KeepAlive, Reaction};
use crate::support::process::free_ports;
use crate::support::upstream::{Seen, Step, Upstream, whole};

fn web_folder(name: &str, base: &str, private: bool) -> String {
    let private = if private { "allow_private = [\"127.0.0.0/8\"]\n" } else { "" };
    format!(
        "[[source]]\nname = \"{name}\"\nhosts = [\"{name}.test\"]\nkind = \"web-folder\"\nbase_url = \"{base}\"\n{private}"
    )
}

fn bucket(name: &str, endpoint: &str) -> String {
    format!(
        "[[source]]\nname = \"{name}\"\nhosts = [\"{name}.test\"]\nkind = \"s3\"\nbucket = \"{name}\"\npath_style = true\n\
         endpoint = \"{endpoint}\"\naccess_key = \"env:E2E_S3_ACCESS_KEY\"\nsecret_key = \"env:E2E_S3_SECRET_KEY\"\n"
    )
}

fn ask(server: &Tintype, source: &str, target: &str) -> Reply {
    server.send("GET", target, &[("Host", &format!("{source}.test"))])
}

fn s3_error(status: u16, code: &str) -> Vec<Step> {
    let text = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>UPSTREAM-TEXT</Message></Error>");
    whole(status, "", text.as_bytes())
}

/// Returns a service whose answer depends on the name of the bucket.
fn bad_service() -> Upstream {
    Upstream::start(|request: &Seen| {
        let bucket = request.target.split(['/', '?']).nth(1).unwrap_or_default();
        match bucket {
            "wrong-secret" => s3_error(403, "SignatureDoesNotMatch"),
            "wrong-key" => s3_error(403, "InvalidAccessKeyId"),
            "no-bucket" => s3_error(404, "NoSuchBucket"),
            "old-token" => s3_error(400, "ExpiredToken"),
            "elsewhere" => s3_error(301, "PermanentRedirect"),
            "closed" => s3_error(403, "AccessDenied"),
            other => panic!("{other}"),
        }
    })
}

/// Source, target, cause, status and code of a fetch that fails.
type Failing = (&'static str, &'static str, &'static str, u16, &'static str);

/// Asks for each three times, at different widths, and checks that no answer says more than its code.
fn ask_and_learn_nothing(server: &Tintype, expected: &[Failing], root: &Path) {
    for (source, target, cause, status, code) in expected {
        for n in 0..3 {
            let reply = ask(server, source, &target.replace("w=9", &format!("w={}", 10 + n)));
            assert_eq!((reply.status, reply.header("x-tintype-error")), (*status, Some(*code)), "{source}");
            if *status >= 500 {
                assert_eq!(reply.header("cache-control"), Some("no-store"), "{source}");
            }
            // `Connection: close` would contain the name of a cause.
            let headers: Vec<_> = reply.headers.iter().filter(|(name, _)| name != "connection").collect();
            // The code is public, and that of a 413 says as much as its cause.
            let told = format!("{headers:?} {}", reply.text()).replace(code, "");
            for secret in [cause, "UPSTREAM", "127.0.0.1", "AccessDenied", "Signature", root.to_str().unwrap()] {
                assert!(!told.contains(secret), "{source}: {secret} is in {told}");
            }
        }
    }
}

#[test]
fn only_the_operator_learns_why_a_source_fails() {
    let service = bad_service();
    let broken = Upstream::start(|request| match request.target.as_str() {
        "/gzip.png" => whole(200, "Content-Encoding: gzip\r\n", b"UPSTREAM-TEXT"),
        "/huge.png" => whole(200, "", &vec![0; 3 << 20]),
        _ => whole(500, "", b"UPSTREAM-TEXT"),
    });
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    fs::create_dir(&root).unwrap();
    let [port] = free_ports();
    let gone = format!("http://127.0.0.1:{port}/");
    let misconfigured = [
        ("wrong-secret", "credentials-signature"),
        ("wrong-key", "credentials-unknown"),
        ("no-bucket", "bucket-missing"),
        ("old-token", "credentials-expired"),
        ("elsewhere", "region"),
        ("closed", "bucket-denied"),
    ];
    let mut sources: String = misconfigured.map(|(name, _)| bucket(name, &service.url(""))).concat();
    sources += &bucket("dead-endpoint", &gone);
    sources += &web_folder("dead", &gone, true);
    sources += &web_folder("guarded", &broken.url("/"), false);
    sources += &web_folder("nameless", "http://no-such-host.invalid/", false);
    sources += &web_folder("broken", &broken.url("/"), true);
    sources += &format!(
        "[[source]]\nname = \"folder\"\nhosts = [\"folder.test\"]\nkind = \"folder\"\nroot = \"{}\"\n",
        root.display()
    );
    let mut server = Tintype::start_with(&sources, &["limits.original_bytes_max=2MiB"]);
    fs::remove_dir(&root).unwrap();

    let mut expected: Vec<Failing> =
        misconfigured.map(|(name, cause)| (name, "/a.png?w=9", cause, 502, "source-misconfigured")).to_vec();
    expected.extend([
        ("folder", "/a.png?w=9", "root-missing", 502, "source-misconfigured"),
        ("guarded", "/a.png?w=9", "address-refused", 502, "source-misconfigured"),
        ("dead-endpoint", "/a.png?w=9", "connect", 502, "upstream-failed"),
        ("dead", "/a.png?w=9", "connect", 502, "upstream-failed"),
        ("nameless", "/a.png?w=9", "dns", 502, "upstream-failed"),
        ("broken", "/huge.png?w=9", "too-large", 413, "original-too-large"),
        ("broken", "/gzip.png?w=9", "coding", 502, "upstream-failed"),
        ("broken", "/a.png?w=9", "status-500", 502, "upstream-failed"),
    ]);
    ask_and_learn_nothing(&server, &expected, &root);
    let ready = server.admin("/readyz");
    assert_eq!(ready.status, 200, "one broken source does not take the node out");
    for (source, _, cause, _, _) in expected.iter().filter(|case| case.3 == 502 && case.0 != "broken") {
        assert!(ready.text().contains(&format!("source {source} fails: {cause}\n")), "{source} in {}", ready.text());
    }
    let metrics = server.admin("/metrics").text().to_owned();
    for (source, _, cause, _, _) in &expected {
        let line = format!("tintype_origin_fetches_total{{cause=\"{cause}\",kind=");
        assert!(metrics.contains(&line), "{source}: {line} is not in\n{metrics}");
    }
    let stderr = server.stderr();
    for (source, _, cause, _, _) in &expected {
        let of_both =
            |line: &&str| line.contains(&format!("source {source}: ")) && line.contains(&format!("cause=\"{cause}\""));
        assert_eq!(stderr.lines().filter(of_both).count(), 1, "{source}, {cause}: one line in\n{stderr}");
        assert!(stderr.lines().find(of_both).unwrap().contains("WARN"));
    }
    let written = server.stop();
    for (source, _, cause, _, code) in &expected {
        let of_all = |line: &str| {
            line.contains(&format!("\"source\":\"{source}\""))
                && line.contains(&format!("\"error\":\"{code}\",\"cause\":\"{cause}\""))
        };
        assert_eq!(written.lines().filter(|line| of_all(line)).count(), 3, "{source} in\n{written}");
    }
    assert!(!written.contains("UPSTREAM-TEXT"));
}

#[test]
fn a_source_works_as_soon_as_the_operator_fixes_it() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    fs::create_dir(&root).unwrap();
    let server =
        Tintype::start(&format!("[[source]]\nname = \"f\"\nkind = \"folder\"\nroot = \"{}\"\n", root.display()));
    fs::remove_dir(&root).unwrap();
    assert_eq!(server.get("/cup.png?w=20").status, 502);
    assert!(server.admin("/readyz").text().contains("source f fails: root-missing"));
    fs::create_dir(&root).unwrap();
    fs::copy(photos().join("cup.png"), root.join("cup.png")).unwrap();
    assert_eq!(server.get("/cup.png?w=20").status, 200);
    assert_eq!(server.admin("/readyz").text(), "ready\n");
}

#[test]
fn a_busy_upstream_is_asked_again_on_the_next_request() {
    let cup = fs::read(photos().join("cup.png")).unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let asked = count.clone();
    let upstream = Upstream::start(move |request| {
        if asked.fetch_add(1, Ordering::SeqCst) % 2 == 1 {
            return whole(200, "", &cup);
        }
        let status = request.target.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap();
        whole(status, if status == 429 { "Retry-After: 17\r\n" } else { "" }, b"slow down")
    });
    let server = Tintype::start(&web_folder("web", &upstream.url("/"), true));
    for (status, wait) in [(429, "17"), (408, "5"), (425, "5"), (503, "5")] {
        let target = format!("/{status}.png?w=20");
        let reply = ask(&server, "web", &target);
        assert_eq!((reply.status, reply.header("x-tintype-error")), (503, Some("upstream-busy")), "{status}");
        assert_eq!((reply.header("retry-after"), reply.header("cache-control")), (Some(wait), Some("no-store")));
        assert_eq!(ask(&server, "web", &target).status, 200, "{status}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 8);
}

#[test]
fn reused_connections_that_close_do_not_fail_a_request() {
    let cup: &'static [u8] = fs::read(photos().join("cup.png")).unwrap().leak();
    let upstream = KeepAlive::start(move |number, _| if number == 0 { Reaction::Answer(cup) } else { Reaction::Reset });
    let server = Tintype::start(&web_folder("web", &upstream.url("/"), true));
    for n in 0..20 {
        assert_eq!(ask(&server, "web", &format!("/{n}.png?w=20")).status, 200, "{n}");
    }
    assert!(upstream.seen().len() > 20, "none met an ended connection");
}
