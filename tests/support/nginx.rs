//! nginx, standing in for somebody's web server full of images.

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use url::Url;

use super::process::{Server, free_ports};
use super::tools;

const STARTS_MAX: usize = 3;

/// A running server. Below its base URL lie the files of one directory; the same files are also
/// * below `/chunked/` without a length, in chunks;
/// * below `/cached/` with `Cache-Control: public, max-age=600`;
/// * below `/slow/` at 1 kB per second;
/// * below `/moved/` as redirects to the base;
/// * below `/insecure/` as redirects to plain HTTP;
/// * and below `/denied/` not at all (403).
#[derive(Debug)]
pub struct Nginx {
    /// `http://127.0.0.1:port/`
    pub base: Url,
    _server: Server,
    _dir: TempDir,
}

impl Nginx {
    /// Serves `root`, with few requests per connection. Returns `None`, outside CI only, when nginx is not installed.
    pub fn start(root: &Path) -> Option<Self> {
        Self::start_with(root, None)
    }

    /// Serves `root` over TLS and HTTP/2 as `localhost`.
    pub fn start_tls(root: &Path, certificate: &Certificate) -> Option<Self> {
        Self::start_with(root, Some(certificate))
    }

    fn start_with(root: &Path, certificate: Option<&Certificate>) -> Option<Self> {
        let places = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].map(PathBuf::from);
        let nginx = tools::find("nginx", &places)?;
        let started = (0..STARTS_MAX).find_map(|_| Self::try_start(&nginx, root, certificate));
        Some(started.expect("nginx does not start"))
    }

    fn try_start(nginx: &Path, root: &Path, certificate: Option<&Certificate>) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let [port] = free_ports();
        let config = dir.path().join("nginx.conf");
        std::fs::write(&config, configuration(dir.path(), root, port, certificate)).unwrap();
        let mut command = Command::new(nginx);
        command.arg("-p").arg(dir.path()).arg("-e").arg(dir.path().join("error.log")).arg("-c").arg(&config);
        let mut server = Server::spawn(&mut command, &dir.path().join("log")).unwrap();
        if !server.wait_until(Duration::from_secs(20), || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()) {
            eprintln!("{}", std::fs::read_to_string(dir.path().join("log")).unwrap_or_default());
            return None;
        }
        let origin = if certificate.is_some() { "https://localhost" } else { "http://127.0.0.1" };
        let base = Url::parse(&format!("{origin}:{port}/")).unwrap();
        Some(Self { base, _server: server, _dir: dir })
    }
}

/// A self-signed certificate for `localhost`.
#[derive(Debug)]
pub struct Certificate {
    /// Both files are PEM.
    pub certificate: PathBuf,
    pub key: PathBuf,
    _dir: TempDir,
}

impl Certificate {
    /// Makes a certificate. Returns `None`, outside CI only, when the OpenSSL tool is not installed.
    pub fn new() -> Option<Self> {
        let openssl = tools::find("openssl", &["/usr/bin/openssl", "/usr/local/bin/openssl"].map(PathBuf::from))?;
        let dir = tempfile::tempdir().unwrap();
        let (certificate, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        let mut command = Command::new(openssl);
        command.args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ]);
        command.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
        command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        command.arg("-out").arg(&certificate).arg("-keyout").arg(&key);
        assert!(command.output().unwrap().status.success(), "openssl req");
        Some(Self { certificate, key, _dir: dir })
    }
}

fn configuration(dir: &Path, root: &Path, port: u16, certificate: Option<&Certificate>) -> String {
    let (dir, root) = (dir.display(), root.display());
    let (options, tls) = certificate.map_or_else(Default::default, |c| {
        let files = format!("ssl_certificate {}; ssl_certificate_key {};", c.certificate.display(), c.key.display());
        (" ssl http2", files)
    });
    format!(
        r#"
daemon off;
master_process off;
pid {dir}/nginx.pid;
error_log {dir}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    keepalive_requests 7;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    types {{
        image/jpeg jpg jpeg; image/png png; image/gif gif; image/webp webp; image/avif avif; image/svg+xml svg;
        image/tiff tif tiff; text/html html; text/plain txt;
    }}
    default_type application/octet-stream;
    server {{
        listen 127.0.0.1:{port}{options};
        {tls}
        root "{root}";
        location /chunked/ {{ alias "{root}/"; sub_filter_types *; sub_filter "no such text" ""; }}
        location /cached/ {{ alias "{root}/"; add_header Cache-Control "public, max-age=600"; }}
        location /slow/ {{ alias "{root}/"; limit_rate 1k; }}
        location /moved/ {{ rewrite ^/moved/(.*)$ /$1 redirect; }}
        location /insecure/ {{ return 302 http://localhost:{port}/; }}
        location /denied/ {{ return 403; }}
    }}
}}
"#
    )
}
