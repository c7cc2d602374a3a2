//! SeaweedFS, an S3 service in one process.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tempfile::TempDir;
use url::Url;

use super::process::{Server, free_ports};
use super::tools;

pub const ACCESS_KEY: &str = "test-access-key";
pub const SECRET_KEY: &str = "test-secret-key-0123456789";
/// A second key pair with the same rights, to change to.
pub const NEXT_PAIR: (&str, &str) = ("next-access-key", "next-secret-key-0123456789");
/// A key pair that may only read, and only in the bucket `photos`.
pub const READER: (&str, &str) = ("reader-access-key", "reader-secret-key-0123456789");

/// Another test may have taken one of the ports in the meantime.
const STARTS_MAX: usize = 3;

/// A running server with an empty store.
#[derive(Debug)]
pub struct Seaweed {
    /// Base URL of the S3 interface, path style.
    pub endpoint: Url,
    /// A client with all rights.
    pub client: Client,
    _server: Server,
    _dir: TempDir,
}

impl Seaweed {
    /// Starts a server, which takes some seconds. Returns `None`, outside CI only, when it is not installed.
    pub fn start() -> Option<Self> {
        let weed = tools::find("SeaweedFS", &[tools::dir().join("venv/bin/weed")])?;
        let started = (0..STARTS_MAX).find_map(|_| Self::try_start(&weed));
        Some(started.expect("SeaweedFS does not start"))
    }

    fn try_start(weed: &std::path::Path) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let [master, master_grpc, volume, volume_grpc, filer, filer_grpc, s3, s3_grpc] = free_ports();
        let identities = format!(
            r#"{{"identities":[
                {{"name":"test","credentials":[{{"accessKey":"{ACCESS_KEY}","secretKey":"{SECRET_KEY}"}},
                    {{"accessKey":"{}","secretKey":"{}"}}],
                    "actions":["Admin","Read","Write","List"]}},
                {{"name":"reader","credentials":[{{"accessKey":"{}","secretKey":"{}"}}],
                    "actions":["Read:photos"]}}]}}"#,
            NEXT_PAIR.0, NEXT_PAIR.1, READER.0, READER.1
        );
        std::fs::write(dir.path().join("s3.json"), identities).unwrap();
        std::fs::create_dir(dir.path().join("data")).unwrap();
        let mut command = Command::new(weed);
        command.current_dir(dir.path()).args(["server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-dir=data"]);
        command.args(["-filer", "-s3", "-s3.config=s3.json", "-s3.port.iceberg=0", "-s3.port.lance=0"]);
        command.args(["-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=20"]);
        // By default every write fails once less than 1 % of the disk is free, which can still be gigabytes.
        command.arg("-volume.minFreeSpace=1MiB");
        for (flag, port) in [
            ("master.port", master),
            ("master.port.grpc", master_grpc),
            ("volume.port", volume),
            ("volume.port.grpc", volume_grpc),
            ("filer.port", filer),
            ("filer.port.grpc", filer_grpc),
            ("s3.port", s3),
            ("s3.port.grpc", s3_grpc),
        ] {
            command.arg(format!("-{flag}={port}"));
        }
        let mut server = Server::spawn(&mut command, &dir.path().join("log")).unwrap();
        if !server.wait_until(Duration::from_secs(60), || answers_403(s3)) {
            eprintln!("{}", std::fs::read_to_string(dir.path().join("log")).unwrap_or_default());
            return None;
        }
        let endpoint = Url::parse(&format!("http://127.0.0.1:{s3}")).unwrap();
        Some(Self { client: client(&endpoint), endpoint, _server: server, _dir: dir })
    }

    /// Makes a bucket.
    pub async fn create_bucket(&self, name: &str) {
        self.client.create_bucket().bucket(name).send().await.unwrap();
    }

    /// Stores an object.
    pub async fn put(&self, bucket: &str, key: &str, bytes: Vec<u8>, content_type: &str) {
        let put = self.client.put_object().bucket(bucket).key(key).content_type(content_type).body(bytes.into());
        put.send().await.unwrap();
    }
}

/// Returns whether the S3 interface is up, which it is once it refuses an unsigned listing.
fn answers_403(port: u16) -> bool {
    let ask = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        let mut start = vec![0; 12];
        stream.read_exact(&mut start)?;
        Ok(start)
    };
    ask().is_ok_and(|start| start == b"HTTP/1.1 403")
}

fn client(endpoint: &Url) -> Client {
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .endpoint_url(endpoint.as_str())
        .force_path_style(true)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test"));
    Client::from_conf(config.build())
}
