//! Every kind of source against real upstreams: the conformance suite, and how each fault of an upstream is classified.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod pool;
#[path = "../support/mod.rs"]
mod support;

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use support::nginx::{Certificate, Nginx};
use support::seaweed::{self, Seaweed};
use support::upstream::{Seen, Step, Upstream, head, whole};
use tintype::config::{S3Config, Secret, Signing, SourceConfig, SourceKind, TtlMode};
use tintype::limits::Limits;
use tintype::source::cause::{Cause, CredentialFault, Phase, Scope, TlsFault};
use tintype::source::conformance::{self, BYTES_MAX, Subject};
use tintype::source::{self, FetchRequest, Fetched, Original, Source, SourceError};
use url::Url;

/// Returns time-outs short enough to wait for, with some room for a busy machine.
fn impatient() -> Limits {
    Limits {
        connect_timeout: Duration::from_millis(1000),
        first_byte_timeout: Duration::from_millis(1500),
        fetch_timeout: Duration::from_millis(2500),
        ..conformance::limits()
    }
}

async fn build(kind: SourceKind, limits: &Limits) -> Arc<dyn Source> {
    let config = SourceConfig {
        overlay_hosts: None,
        name: "test".to_owned(),
        hosts: Vec::new(),
        kind,
        default_params: Vec::new(),
        cache_ttl: Duration::from_secs(60),
        cache_ttl_mode: TtlMode::RespectOrigin,
        error_ttl: Duration::from_secs(60),
        signing: Signing { required: false, schemes: Vec::new(), keys: Vec::new() },
        rasterize_svg: false,
        ignore_lp_blur: false,
        params_header: false,
    };
    source::build(&config, limits).await.unwrap()
}

fn web_folder(base: &str, private: &[&str]) -> SourceKind {
    let allow_private = private.iter().map(|net| net.parse().unwrap()).collect();
    SourceKind::WebFolder { base_url: Url::parse(base).unwrap(), allow_private }
}

fn web_proxy(hosts: &[&str], private: &[&str]) -> SourceKind {
    let allow_private = private.iter().map(|net| net.parse().unwrap()).collect();
    SourceKind::WebProxy { allow_hosts: hosts.iter().map(ToString::to_string).collect(), allow_private }
}

fn s3(endpoint: &Url, bucket: &str, prefix: &str, secret: &str) -> SourceKind {
    SourceKind::S3(S3Config {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
        region: None,
        endpoint: Some(endpoint.clone()),
        path_style: true,
        credentials: Some((Secret::new(seaweed::ACCESS_KEY.into()), Secret::new(secret.into()))),
    })
}

const LOOPBACK: &[&str] = &["127.0.0.0/8"];

async fn fetch(source: &Arc<dyn Source>, object: &str) -> Result<Arc<Original>, SourceError> {
    match source.fetch(FetchRequest { object, if_changed_from: None }).await? {
        Fetched::Original(original) => Ok(original),
        Fetched::NotModified(_) => panic!("nothing was held"),
    }
}

fn write_objects(root: &Path) {
    for object in conformance::objects() {
        let path = root.join(object.name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, object.bytes).unwrap();
    }
}

fn plain(name: &str) -> String {
    format!("/{name}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folder_conforms() {
    let dir = tempfile::tempdir().unwrap();
    write_objects(dir.path());
    let source = build(SourceKind::Folder { root: dir.path().to_owned() }, &conformance::limits()).await;
    let subject = Subject { source, locate: &plain };
    subject.conforms().await;
    subject.is_confined().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn web_folder_and_web_proxy_conform_on_nginx() {
    let dir = tempfile::tempdir().unwrap();
    write_objects(dir.path());
    let Some(nginx) = Nginx::start(dir.path()) else { return };
    let base = nginx.base.as_str();

    let source = build(web_folder(base, LOOPBACK), &conformance::limits()).await;
    let subject = Subject { source, locate: &plain };
    subject.conforms().await;
    subject.is_confined().await;

    let source = build(web_proxy(&["127.0.0.1"], LOOPBACK), &conformance::limits()).await;
    let in_path = |name: &str| {
        let segments: Vec<_> = name.split('/').map(|s| utf8_percent_encode(s, NON_ALPHANUMERIC).to_string()).collect();
        format!("/{base}{}", segments.join("/"))
    };
    Subject { source, locate: &in_path }.conforms().await;

    let chunked = build(web_folder(&format!("{base}chunked"), LOOPBACK), &conformance::limits()).await;
    assert_eq!(fetch(&chunked, "/full.png").await.unwrap().body.len() as u64, BYTES_MAX);
    assert_eq!(fetch(&chunked, "/over.png").await.err(), Some(SourceError::TooLarge { max: BYTES_MAX }));

    let cached = build(web_folder(&format!("{base}cached/"), LOOPBACK), &conformance::limits()).await;
    let caching = fetch(&cached, "/plain.jpg").await.unwrap().caching;
    assert_eq!((caching.max_age, caching.uncacheable), (Some(Duration::from_secs(600)), false));

    let moved = build(web_folder(&format!("{base}moved/"), LOOPBACK), &conformance::limits()).await;
    assert_eq!(fetch(&moved, "/dir/sub/x.svg").await.unwrap().body.len(), 3000);

    let all = build(web_folder(base, LOOPBACK), &impatient()).await;
    assert_eq!(fetch(&all, "/slow/full.png").await.err(), Some(SourceError::Timeout(Phase::Whole)));
    assert_eq!(fetch(&all, "/denied/x.png").await.err(), Some(SourceError::Denied(Cause::Status(403))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s3_conforms_on_seaweedfs() {
    let Some(seaweed) = Seaweed::start() else { return };
    seaweed.create_bucket("photos").await;
    seaweed.create_bucket("other").await;
    for object in conformance::objects() {
        seaweed.put("photos", &format!("a/prefix/{}", object.name), object.bytes, object.content_type).await;
    }
    seaweed.put("photos", "plain.jpg", b"outside the prefix".to_vec(), "image/jpeg").await;
    seaweed.put("other", "plain.jpg", b"another bucket".to_vec(), "image/jpeg").await;

    for prefix in ["a/prefix", "/a/prefix/"] {
        let kind = s3(&seaweed.endpoint, "photos", prefix, seaweed::SECRET_KEY);
        let subject = Subject { source: build(kind, &conformance::limits()).await, locate: &plain };
        subject.conforms().await;
        subject.is_confined().await;
    }

    let whole_bucket = s3(&seaweed.endpoint, "photos", "", seaweed::SECRET_KEY);
    let source = build(whole_bucket, &conformance::limits()).await;
    assert_eq!(fetch(&source, "/plain.jpg").await.unwrap().body.as_slice(), b"outside the prefix");
    for escape in ["/../other/plain.jpg", "/%2e%2e/other/plain.jpg", "/..%2fother/plain.jpg", "/"] {
        assert_eq!(fetch(&source, escape).await.err(), Some(SourceError::Missing), "{escape}");
    }

    let wrong = build(s3(&seaweed.endpoint, "photos", "", "another-secret"), &conformance::limits()).await;
    let signature = Cause::Credentials(CredentialFault::Signature);
    assert_eq!(fetch(&wrong, "/plain.jpg").await.err(), Some(SourceError::Misconfigured(signature)));
    let absent = build(s3(&seaweed.endpoint, "no-such", "", seaweed::SECRET_KEY), &conformance::limits()).await;
    let no_bucket = Cause::NotFound(Scope::Bucket);
    assert_eq!(fetch(&absent, "/plain.jpg").await.err(), Some(SourceError::Misconfigured(no_bucket)));

    drop(seaweed);
    let refused = SourceError::Upstream(Cause::Connect(std::io::ErrorKind::ConnectionRefused));
    assert_eq!(fetch(&source, "/plain.jpg").await.err(), Some(refused));
}

/// The credentials may read one of two buckets, and list neither.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_denied_bucket_is_the_operators_fault_and_a_denied_object_is_not() {
    let Some(seaweed) = Seaweed::start() else { return };
    seaweed.create_bucket("photos").await;
    seaweed.create_bucket("private").await;
    seaweed.put("photos", "a.jpg", b"open".to_vec(), "image/jpeg").await;
    seaweed.put("private", "a.jpg", b"closed".to_vec(), "image/jpeg").await;
    let reader = |bucket| {
        let SourceKind::S3(config) = s3(&seaweed.endpoint, bucket, "", "") else { unreachable!() };
        let (access, secret) = seaweed::READER;
        let credentials = Some((Secret::new(access.into()), Secret::new(secret.into())));
        SourceKind::S3(S3Config { credentials, ..config })
    };
    let closed = build(reader("private"), &conformance::limits()).await;
    let of_bucket = SourceError::Misconfigured(Cause::Denied(Scope::Bucket));
    for _ in 0..3 {
        assert_eq!(fetch(&closed, "/a.jpg").await.err(), Some(of_bucket));
    }
    let open = build(reader("photos"), &conformance::limits()).await;
    assert_eq!(fetch(&open, "/a.jpg").await.unwrap().body.as_slice(), b"open");
    // Credentials that may not list are not told that an object does not exist.
    let missing = fetch(&open, "/missing.jpg").await.err();
    assert!(matches!(missing, Some(SourceError::Missing | SourceError::Denied(_))), "{missing:?}");
    let SourceKind::S3(config) = reader("photos") else { unreachable!() };
    let unknown = Some((Secret::new("no-such-key".into()), Secret::new("whatever".into())));
    let unknown = build(SourceKind::S3(S3Config { credentials: unknown, ..config }), &conformance::limits()).await;
    let cause = Cause::Credentials(CredentialFault::Unknown);
    assert_eq!(fetch(&unknown, "/a.jpg").await.err(), Some(SourceError::Misconfigured(cause)));
}

/// Returns what the bad upstream does for each object name, and the error that a source must report.
fn faults() -> Vec<(&'static str, Vec<Step>, SourceError)> {
    let declared = |n: u64| head(200, &format!("Content-Length: {n}\r\n"));
    let chunked = || head(200, "Transfer-Encoding: chunked\r\n");
    let filler = vec![b'x'; 60_000];
    let chunk = [b"ea60\r\n".as_slice(), &filler, b"\r\n"].concat();
    let (too_large, tick) = (SourceError::TooLarge { max: BYTES_MAX }, Duration::from_millis(100));
    let send = |bytes: &[u8]| Step::Send(bytes.to_vec());
    let failed = SourceError::Upstream;
    let (whole_time, first_byte) = (SourceError::Timeout(Phase::Whole), SourceError::Timeout(Phase::FirstByte));
    let mut faults = vec![
        ("large-declared", vec![Step::Send(declared(BYTES_MAX + 1)), Step::Hang], too_large),
        ("large-chunked", vec![Step::Send(chunked()), Step::Forever(chunk.clone(), Duration::ZERO)], too_large),
        (
            "large-until-close",
            vec![Step::Send(head(200, "")), Step::Forever(filler.clone(), Duration::ZERO)],
            too_large,
        ),
        ("cut-declared", vec![Step::Send(declared(100_000)), Step::Send(filler)], failed(Cause::Truncated)),
        ("cut-chunked", vec![Step::Send(chunked()), Step::Send(chunk)], failed(Cause::Truncated)),
        ("cut-gzip", whole(200, "Content-Encoding: gzip\r\n", &[0x1f, 0x8b, 8, 0]), failed(Cause::Coding)),
        ("brotli", whole(200, "Content-Encoding: br\r\n", b"xx"), failed(Cause::Coding)),
        ("silent", vec![Step::Hang], first_byte),
        ("stalled", vec![Step::Send(declared(10)), send(b"12345"), Step::Hang], whole_time),
        ("dripping", vec![Step::Send(declared(1000)), Step::Forever(vec![b'x'], tick)], whole_time),
        ("dripping-head", vec![send(b"HTTP/1.1 200 OK\r\nX: "), Step::Forever(vec![b'x'], tick)], first_byte),
        ("closed", vec![], failed(Cause::Truncated)),
        ("garbage", vec![send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")], failed(Cause::Protocol)),
        (
            "endless-head",
            vec![send(b"HTTP/1.1 200 OK\r\n"), Step::Forever(b"X-A: b\r\n".repeat(1000), Duration::ZERO)],
            failed(Cause::Protocol),
        ),
        ("unasked-304", vec![Step::Send(head(304, ""))], failed(Cause::Status(304))),
    ];
    let busy = |status, seconds| {
        let (cause, retry_after) = (Cause::Status(status), Duration::from_secs(seconds));
        SourceError::Busy { cause, retry_after }
    };
    for (name, status, headers, error) in [
        ("404", 404, "", SourceError::Missing),
        ("410", 410, "", SourceError::Missing),
        ("400", 400, "", SourceError::Rejected { status: 400 }),
        ("418", 418, "", SourceError::Rejected { status: 418 }),
        ("500", 500, "", failed(Cause::Status(500))),
        ("408", 408, "", busy(408, 5)),
        ("425", 425, "", busy(425, 5)),
        ("429", 429, "Retry-After: 7\r\n", busy(429, 7)),
        ("503", 503, "Retry-After: 9999\r\n", busy(503, 60)),
        (
            "503-date",
            503,
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:50 GMT\r\n",
            busy(503, 13),
        ),
    ] {
        faults.push((name, whole(status, headers, b"secret upstream text"), error));
    }
    faults
}

fn bad_upstream() -> Upstream {
    Upstream::start(|request| {
        let path = request.target.split('?').next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        faults().into_iter().find(|(n, _, _)| *n == name).map_or_else(|| whole(200, "", b"fine"), |(_, steps, _)| steps)
    })
}

async fn check_faults(source: Arc<dyn Source>, locate: impl Fn(&str) -> String) {
    assert_eq!(fetch(&source, &locate("fine")).await.unwrap().body.as_slice(), b"fine");
    let checks = faults().into_iter().map(|(name, _, expected)| {
        let (source, object) = (Arc::clone(&source), locate(name));
        async move {
            let started = Instant::now();
            let error = fetch(&source, &object).await.err();
            assert_eq!(error, Some(expected), "{name}");
            assert!(!error.unwrap().cause().label().is_empty());
            assert!(started.elapsed() < Duration::from_secs(8), "{name} took {:?}", started.elapsed());
        }
    });
    for check in checks.map(tokio::spawn).collect::<Vec<_>>() {
        check.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_upstreams_are_told_apart_by_every_network_source() {
    let upstream = bad_upstream();
    check_faults(build(web_folder(&upstream.url("/base"), LOOPBACK), &impatient()).await, plain).await;
    let proxy = build(web_proxy(&["127.0.0.1"], LOOPBACK), &impatient()).await;
    check_faults(proxy, |name| format!("/{}", upstream.url(&plain(name)))).await;
    let endpoint = Url::parse(&upstream.url("")).unwrap();
    check_faults(build(s3(&endpoint, "bucket", "", "secret"), &impatient()).await, plain).await;
    let asked: Vec<_> = upstream.seen().iter().map(|seen| seen.target.clone()).collect();
    for name in faults().into_iter().map(|(name, _, _)| name) {
        let times = asked.iter().filter(|target| target.split('?').next().unwrap().rsplit('/').next() == Some(name));
        assert_eq!(times.count(), 3, "{name}: each source asks a broken upstream once");
    }
}

/// Statuses that mean different things in HTTP and in S3.
#[tokio::test]
async fn the_kind_of_source_decides_about_denials_and_invalid_redirects() {
    let upstream = Upstream::start(|request| match request.target.split('?').next().unwrap() {
        target if target.ends_with("/401") => whole(401, "", b""),
        target if target.ends_with("/403") => whole(403, "", b""),
        target if target.ends_with("/301") => whole(301, "", b""),
        _ => whole(200, "", b"fine"),
    });
    let folder = build(web_folder(&upstream.url("/"), LOOPBACK), &impatient()).await;
    assert_eq!(fetch(&folder, "/401").await.err(), Some(SourceError::Denied(Cause::Status(401))));
    assert_eq!(fetch(&folder, "/403").await.err(), Some(SourceError::Denied(Cause::Status(403))));
    assert_eq!(fetch(&folder, "/301").await.err(), Some(SourceError::Upstream(Cause::Redirects)));
    let refused = Cause::Credentials(CredentialFault::Refused);
    let with_password = upstream.url("/").replace("http://", "http://user:password@");
    let folder = build(web_folder(&with_password, LOOPBACK), &impatient()).await;
    assert_eq!(fetch(&folder, "/401").await.err(), Some(SourceError::Misconfigured(refused)));
    let bucket = build(s3(&Url::parse(&upstream.url("")).unwrap(), "b", "", "x"), &impatient()).await;
    assert_eq!(fetch(&bucket, "/fine").await.unwrap().body.as_slice(), b"fine");
    assert_eq!(fetch(&bucket, "/401").await.err(), Some(SourceError::Misconfigured(refused)));
    assert_eq!(fetch(&bucket, "/403").await.err(), Some(SourceError::Denied(Cause::Denied(Scope::Object))));
    assert_eq!(fetch(&bucket, "/301").await.err(), Some(SourceError::Misconfigured(Cause::Region)));
}

/// Returns an error of an S3 service.
fn s3_error(status: u16, code: &str) -> Vec<Step> {
    let text = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>secret</Message></Error>");
    whole(status, "Content-Type: application/xml\r\n", text.as_bytes())
}

#[tokio::test]
async fn an_internal_error_of_s3_is_retried_once_and_a_busy_one_is_not() {
    let upstream = Upstream::start(|request| match request.target.split('?').next().unwrap() {
        "/b/internal" => s3_error(500, "InternalError"),
        "/b/slow" => s3_error(503, "SlowDown"),
        "/b/late" => s3_error(400, "RequestTimeout"),
        other => panic!("{other}"),
    });
    let source = build(s3(&Url::parse(&upstream.url("")).unwrap(), "b", "", "x"), &impatient()).await;
    assert_eq!(fetch(&source, "/internal").await.err(), Some(SourceError::Upstream(Cause::Status(500))));
    assert_eq!(upstream.seen().len(), 2);
    for (object, status) in [("/slow", 503), ("/late", 400)] {
        let (cause, retry_after) = (Cause::Status(status), Duration::from_secs(5));
        assert_eq!(fetch(&source, object).await.err(), Some(SourceError::Busy { cause, retry_after }));
    }
    assert_eq!(upstream.seen().len(), 4);
}

/// The credentials may read nothing, list only, read only some objects, or find an empty bucket.
#[tokio::test]
async fn access_denied_is_the_buckets_where_no_object_can_be_read() {
    let listing = |key: &str| {
        let text = format!(
            "<?xml version=\"1.0\"?><ListBucketResult><Name>b</Name><Contents><Key>{key}</Key></Contents></ListBucketResult>"
        );
        whole(200, "Content-Type: application/xml\r\n", text.as_bytes())
    };
    let denied = || s3_error(403, "AccessDenied");
    type Answer = Box<dyn Fn(&str, bool) -> Vec<Step> + Send + Sync>;
    let cases: [(&str, Answer, Scope); 4] = [
        ("nothing at all", Box::new(move |_, _| denied()), Scope::Bucket),
        (
            "the names alone",
            Box::new(move |_, is_list| if is_list { listing("open.jpg") } else { denied() }),
            Scope::Bucket,
        ),
        (
            "one object",
            Box::new(move |path, is_list| match path {
                _ if is_list => listing("open.jpg"),
                "/b/open.jpg" => whole(200, "", b"x"),
                _ => denied(),
            }),
            Scope::Object,
        ),
        (
            "an empty listing",
            Box::new(
                move |_, is_list| {
                    if is_list { whole(200, "", b"<ListBucketResult></ListBucketResult>") } else { denied() }
                },
            ),
            Scope::Object,
        ),
    ];
    for (what, answer, place) in cases {
        let upstream = Upstream::start(move |request| {
            let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
            answer(path, query.contains("list-type"))
        });
        let source = build(s3(&Url::parse(&upstream.url("")).unwrap(), "b", "", "x"), &impatient()).await;
        let cause = Cause::Denied(place);
        let expected =
            if place == Scope::Bucket { SourceError::Misconfigured(cause) } else { SourceError::Denied(cause) };
        assert_eq!(fetch(&source, "/a.jpg").await.err(), Some(expected), "{what}");
        let asked = upstream.seen().len();
        assert!(asked <= 3, "{what}: {asked}");
        for n in 0..10 {
            assert_eq!(fetch(&source, &format!("/{n}.jpg")).await.err(), Some(expected), "{what}");
        }
        assert_eq!(upstream.seen().len(), asked + 10, "{what}: the bucket is tried once");
    }
}

#[tokio::test]
async fn a_closed_port_is_the_upstreams_fault() {
    let [port] = support::process::free_ports();
    let gone = format!("http://127.0.0.1:{port}/");
    for kind in [web_folder(&gone, LOOPBACK), s3(&Url::parse(&gone).unwrap(), "b", "", "x")] {
        let refused = SourceError::Upstream(Cause::Connect(std::io::ErrorKind::ConnectionRefused));
        assert_eq!(fetch(&build(kind, &impatient()).await, "/a").await.err(), Some(refused));
    }
    let gone = "http://no-such-host.invalid/";
    for kind in [web_folder(gone, &[]), s3(&Url::parse(gone).unwrap(), "b", "", "x")] {
        let error = fetch(&build(kind, &impatient()).await, "/a").await.err();
        assert!(matches!(error, Some(SourceError::Upstream(Cause::Dns) | SourceError::Timeout(_))), "{error:?}");
    }
}

#[tokio::test]
async fn a_port_that_does_not_answer_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let address = listener.local_addr().unwrap();
    // Once the queue is full, the kernel leaves every further connection unanswered.
    let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(300));
    let queued: Vec<_> = std::iter::repeat_with(connect).take(8).map_while(Result::ok).collect();
    assert!(queued.len() < 8, "the queue does not fill");
    let base = format!("http://{address}/");
    for kind in [web_folder(&base, LOOPBACK), s3(&Url::parse(&base).unwrap(), "b", "", "x")] {
        let error = fetch(&build(kind, &impatient()).await, "/a").await.err();
        assert_eq!(error, Some(SourceError::Timeout(Phase::Connect)));
    }
}

#[tokio::test]
async fn the_upstream_learns_nothing_of_the_client_and_who_we_are() {
    let upstream = Upstream::start(|_| whole(200, "ETag: \"v1\"\r\nContent-Type: image/png\r\n", b"x"));
    let source = build(web_folder(&upstream.url("/base/"), LOOPBACK), &impatient()).await;
    fetch(&source, "/a b+c?d#e%2F.png").await.unwrap();
    let seen = upstream.seen();
    assert_eq!(seen[0].target, "/base/a%20b%2Bc%3Fd%23e%252F.png");
    let mut names: Vec<_> = seen[0].headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
    assert_eq!(seen[0].header("accept-encoding"), Some("identity"));
    assert_eq!(seen[0].header("user-agent"), Some(concat!("tintype/", env!("CARGO_PKG_VERSION"))));
}

/// Starts an upstream where `/hops/N` redirects N times and ends at an object, and `/to/URL` redirects to that URL.
fn redirecting() -> Upstream {
    Upstream::start(|request: &Seen| {
        let to = |location: &str| whole(302, &format!("Location: {location}\r\nSet-Cookie: a=b\r\n"), b"moved");
        if let Some(location) = request.target.strip_prefix("/to/") {
            return to(&percent_encoding::percent_decode_str(location).decode_utf8().unwrap());
        }
        match request.target.strip_prefix("/hops/").map(|n| n.parse::<u32>().unwrap()) {
            Some(0) | None => whole(200, "", b"arrived"),
            Some(n) => to(&format!("../hops/{}", n - 1)),
        }
    })
}

#[tokio::test]
async fn redirects_are_followed_three_times_and_judged_each_time() {
    let upstream = redirecting();
    let source = build(web_folder(&upstream.url(""), LOOPBACK), &impatient()).await;
    for hops in 0..=3 {
        assert_eq!(fetch(&source, &format!("/hops/{hops}")).await.unwrap().body.as_slice(), b"arrived");
    }
    assert_eq!(fetch(&source, "/hops/4").await.err(), Some(SourceError::Upstream(Cause::Redirects)));
    assert!(upstream.seen().iter().all(|seen| seen.header("cookie").is_none() && seen.header("referer").is_none()));

    // The target has to be exact here, and a web folder would encode it again.
    let proxy = build(web_proxy(&["*"], LOOPBACK), &impatient()).await;
    let follow = async |target: &str| {
        let encoded = utf8_percent_encode(target, NON_ALPHANUMERIC).to_string();
        fetch(&proxy, &format!("/{}", upstream.url(&format!("/to/{encoded}")))).await.map(drop)
    };
    let port = upstream.address.port();
    for target in [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://0/",
        "//10.0.0.1/",
        "file:///etc/passwd",
        "http://[::ffff:10.0.0.1]/",
    ] {
        let cause = if target.starts_with("file") { Cause::Downgrade } else { Cause::AddressRefused };
        assert_eq!(follow(target).await, Err(SourceError::Forbidden(cause)), "{target}");
    }
    assert_eq!(follow(&format!("http://2130706433:{port}/x")).await, Ok(()));
    assert_eq!(follow(&format!("//user:password@127.0.0.1:{port}/x")).await, Ok(()));
    assert_eq!(follow("http://").await, Err(SourceError::Upstream(Cause::Redirects)));
    assert!(upstream.seen().iter().all(|seen| seen.header("authorization").is_none()));
}

#[tokio::test]
async fn hosts_outside_the_list_are_refused_before_and_after_redirects() {
    let upstream = redirecting();
    let port = upstream.address.port();
    let listed = build(web_proxy(&["localhost", "*.example.com"], &["127.0.0.0/8", "::1/128"]), &impatient()).await;
    assert_eq!(fetch(&listed, &format!("/http://localhost:{port}/x")).await.unwrap().body.as_slice(), b"arrived");
    assert_eq!(fetch(&listed, &format!("/http:/localhost:{port}/x")).await.unwrap().body.as_slice(), b"arrived");
    for object in [
        format!("/http://127.0.0.1:{port}/x"),
        format!("/http://localhost.evil.com:{port}/x"),
        "/http://example.com/x".to_owned(),
        format!("/http://localhost:{port}/to/http%3A%2F%2F127%2E0%2E0%2E1%3A{port}%2Fx"),
    ] {
        let unlisted = SourceError::Forbidden(Cause::HostUnlisted);
        assert_eq!(fetch(&listed, &object).await.err(), Some(unlisted), "{object}");
    }
    for object in ["/x.jpg", "/ftp://localhost/x", "/http://", "/http%3A%2F%2Flocalhost%2Fx"] {
        assert_eq!(fetch(&listed, object).await.err(), Some(SourceError::InvalidUrl), "{object}");
    }
    let nothing_listed = build(web_proxy(&[], LOOPBACK), &impatient()).await;
    assert_eq!(
        fetch(&nothing_listed, &format!("/http://localhost:{port}/x")).await.err(),
        Some(SourceError::Forbidden(Cause::HostUnlisted))
    );
}

#[tokio::test]
async fn private_addresses_are_refused_unless_listed_however_they_are_reached() {
    let upstream = Upstream::start(|_| whole(200, "", b"internal"));
    let port = upstream.address.port();
    for host in ["127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "[::ffff:127.0.0.1]", "[::1]"] {
        let folder = build(web_folder(&format!("http://{host}:{port}/"), &[]), &impatient()).await;
        let misconfigured = SourceError::Misconfigured(Cause::AddressRefused);
        assert_eq!(fetch(&folder, "/x").await.err(), Some(misconfigured), "{host}");
        let proxy = build(web_proxy(&["*"], &["10.0.0.0/8"]), &impatient()).await;
        assert_eq!(
            fetch(&proxy, &format!("/http://{host}:{port}/x")).await.err(),
            Some(SourceError::Forbidden(Cause::AddressRefused)),
            "{host}"
        );
    }
    assert!(upstream.seen().is_empty(), "a connection was made");
}

#[tokio::test]
async fn unrequested_gzip_is_decoded_within_the_limit() {
    let pack = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut encoder, bytes).unwrap();
        encoder.finish().unwrap()
    };
    let (small, bomb) = (pack(b"<svg/>"), pack(&vec![0; 1 + (1 << 20)]));
    let upstream = Upstream::start(move |request| {
        let body = if request.target.contains("bomb") { &bomb } else { &small };
        whole(200, "Content-Encoding: gzip\r\n", body)
    });
    let endpoint = Url::parse(&upstream.url("")).unwrap();
    for kind in [web_folder(&upstream.url(""), LOOPBACK), s3(&endpoint, "b", "", "x")] {
        let source = build(kind, &impatient()).await;
        assert_eq!(fetch(&source, "/a.svg").await.unwrap().body.as_slice(), b"<svg/>");
        assert_eq!(fetch(&source, "/bomb.svg").await.err(), Some(SourceError::TooLarge { max: BYTES_MAX }));
    }
}

#[tokio::test]
async fn no_secret_is_shown_by_debug() {
    let endpoint = Url::parse("http://127.0.0.1:1/").unwrap();
    for kind in [s3(&endpoint, "b", "", "hush-secret"), web_folder("http://user:hush-password@127.0.0.1/", LOOPBACK)] {
        let shown = format!("{:?}", build(kind, &impatient()).await);
        assert!(!shown.contains("hush") && !shown.contains(seaweed::ACCESS_KEY), "{shown}");
    }
}

/// Runs the test `name` again in its own process, with these variables set.
async fn rerun_with(name: &str, variables: &[(&str, &str)]) {
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", name, "--nocapture"]).env(INNER, "1").envs(variables.iter().copied()).kill_on_drop(true);
    let output = child.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{name} did not run");
}

const INNER: &str = "TINTYPE_TEST_INNER";
const URL: &str = "TINTYPE_TEST_URL";

#[expect(clippy::disallowed_methods, reason = "how a test talks to itself in another process")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::test]
async fn s3_credentials_come_from_the_default_chain() {
    let endpoint = |url: &str| {
        SourceKind::S3(S3Config {
            bucket: "b".to_owned(),
            prefix: String::new(),
            region: None,
            endpoint: Some(Url::parse(url).unwrap()),
            path_style: true,
            credentials: None,
        })
    };
    if variable(INNER).is_some() {
        let source = build(endpoint(&variable(URL).unwrap()), &impatient()).await;
        fetch(&source, "/a").await.unwrap();
        return;
    }
    let upstream = Upstream::start(|_| whole(200, "", b"x"));
    let url = upstream.url("");
    let dir = tempfile::tempdir().unwrap();
    let profile = dir.path().join("credentials");
    let process = r#"credential_process = echo '{"Version":1,"AccessKeyId":"FROMPROCESS","SecretAccessKey":"s"}'"#;
    std::fs::write(
        &profile,
        format!("[default]\naws_access_key_id = FROMFILE\naws_secret_access_key = s\n[p]\n{process}\n"),
    )
    .unwrap();
    let profile = profile.to_str().unwrap();
    let nowhere = ("AWS_EC2_METADATA_DISABLED", "true");
    for (key, variables) in [
        ("FROMENV", &[("AWS_ACCESS_KEY_ID", "FROMENV"), ("AWS_SECRET_ACCESS_KEY", "s"), nowhere][..]),
        ("FROMFILE", &[("AWS_SHARED_CREDENTIALS_FILE", profile), ("AWS_CONFIG_FILE", "/dev/null"), nowhere]),
        (
            "FROMPROCESS",
            &[("AWS_CONFIG_FILE", "/dev/null"), ("AWS_PROFILE", "p"), ("AWS_SHARED_CREDENTIALS_FILE", profile)],
        ),
    ] {
        let variables = [variables, &[(URL, url.as_str())]].concat();
        rerun_with("s3_credentials_come_from_the_default_chain", &variables).await;
        let seen = upstream.seen();
        let authorization = seen.last().and_then(|s| s.header("authorization")).unwrap_or_default();
        assert!(authorization.contains(&format!("Credential={key}/")), "{authorization}");
        assert!(authorization.contains("/us-east-1/s3/"), "{authorization}");
    }
}

#[tokio::test]
async fn https_needs_a_trusted_certificate_and_never_follows_a_redirect_to_http() {
    if variable(INNER).is_some() {
        let base = variable(URL).unwrap();
        let source = build(web_folder(&base, LOOPBACK), &impatient()).await;
        assert_eq!(fetch(&source, "/plain.jpg").await.unwrap().body.len(), 3000);
        // HTTP/2 over connections that nginx keeps closing.
        let many = build(web_folder(&base, LOOPBACK), &conformance::limits()).await;
        Subject { source: many, locate: &plain }.conforms().await;
        let misnamed = build(web_folder(&base.replace("localhost", "127.0.0.1"), LOOPBACK), &impatient()).await;
        let tls = |fault| Some(SourceError::Upstream(Cause::Tls(fault)));
        assert_eq!(fetch(&misnamed, "/plain.jpg").await.err(), tls(TlsFault::Name));
        assert_eq!(fetch(&source, "/insecure/x").await.err(), Some(SourceError::Upstream(Cause::Downgrade)));
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    write_objects(dir.path());
    let Some(certificate) = Certificate::new() else { return };
    let Some(nginx) = Nginx::start_tls(dir.path(), &certificate) else { return };
    let untrusting = build(web_folder(nginx.base.as_str(), LOOPBACK), &impatient()).await;
    let untrusted = SourceError::Upstream(Cause::Tls(TlsFault::Untrusted));
    assert_eq!(fetch(&untrusting, "/plain.jpg").await.err(), Some(untrusted));
    let bucket = build(s3(&nginx.base, "b", "", "x"), &impatient()).await;
    assert_eq!(fetch(&bucket, "/plain.jpg").await.err(), Some(untrusted), "the same of a bucket");
    let plain = build(web_folder(&nginx.base.as_str().replace("https", "http"), LOOPBACK), &impatient()).await;
    assert!(matches!(fetch(&plain, "/plain.jpg").await.err(), Some(SourceError::Rejected { status: 400 })));
    let trusted = [("SSL_CERT_FILE", certificate.certificate.to_str().unwrap()), (URL, nginx.base.as_str())];
    rerun_with("https_needs_a_trusted_certificate_and_never_follows_a_redirect_to_http", &trusted).await;
}
