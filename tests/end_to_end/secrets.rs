//! No signature, token, `expires`, key or client address appears in anything the server writes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::images::photos;
use crate::server::{KEY, OLD_KEY, S3_KEYS, Tintype};
use crate::support::upstream::{Upstream, whole};
use tintype::config::SignScheme;

/// A signed folder, a proxy and a bucket that does not exist.
fn sources(bucket_endpoint: &str) -> String {
    format!(
        r#"
        [[source]]
        name = "signed"
        hosts = ["img.test"]
        kind = "folder"
        root = "{root}"
        signing = {{ mode = "required", keys = ["env:E2E_KEY", "env:E2E_OLD_KEY"] }}
        [[source]]
        name = "proxy"
        hosts = ["proxy.test"]
        kind = "web-proxy"
        allow_hosts = ["127.0.0.1"]
        allow_private = ["127.0.0.0/8"]
        signing = {{ mode = "required", keys = ["env:E2E_KEY"] }}
        [[source]]
        name = "bucket"
        hosts = ["s3.test"]
        kind = "s3"
        bucket = "b"
        region = "us-east-1"
        endpoint = "{endpoint}"
        path_style = true
        access_key = "env:E2E_S3_ACCESS_KEY"
        secret_key = "env:E2E_S3_SECRET_KEY"
        "#,
        root = photos().display(),
        endpoint = bucket_endpoint,
    )
}

#[test]
fn no_secret_is_in_any_log_or_answer() {
    let upstream = Upstream::start(|_| whole(404, "", b"UPSTREAM-TEXT"));
    let mut server = Tintype::start(&sources(&upstream.url("")));
    let mark = URL_SAFE_NO_PAD.encode("https://user:PASSWORD-1@h.example/a.png?sig=TOKEN-1");
    let url = format!("/coffee.jpg?w=30&mark64={mark}&expires=4102444799&access_token=TOKEN-2");
    let mut secrets: Vec<String> =
        [KEY, OLD_KEY, S3_KEYS.0, S3_KEYS.1, "4102444799", "PASSWORD", "TOKEN", "UPSTREAM-TEXT"]
            .map(str::to_owned)
            .to_vec();
    let mut replies = Vec::new();
    for scheme in [SignScheme::Imgix, SignScheme::HmacSha256] {
        let signed = tintype::sign::sign(&url, "signed", scheme, KEY.as_bytes());
        secrets.push(signed.rsplit_once('=').unwrap().1.to_owned());
        let headers = [
            ("Referer", "https://shop.example/cart?session=TOKEN-3"),
            ("Authorization", "Bearer TOKEN-4"),
            ("Cookie", "id=TOKEN-5"),
            ("X-Forwarded-For", "203.0.113.77"),
        ];
        replies.push(server.send("GET", &signed, &headers));
        assert_eq!(replies.last().unwrap().status, 200, "{}", replies.last().unwrap().text());
        replies.push(server.send("GET", &signed.replace("w=30", "w=31"), &headers));
        assert_eq!(replies.last().unwrap().status, 403);
    }
    let proxied = format!("/{}", "http%3A%2F%2Fuser%3APASSWORD-2%40127.0.0.1%3A@PORT@%2Fa.png%3Fkey%3DTOKEN-6");
    let proxied = proxied.replace("@PORT@", &upstream.address.port().to_string());
    let proxied = tintype::sign::sign(&format!("{proxied}?w=20"), "proxy", SignScheme::Imgix, KEY.as_bytes());
    replies.push(server.send("GET", &proxied, &[("Host", "proxy.test")]));
    replies.push(server.send("GET", "/missing.jpg?w=20", &[("Host", "s3.test")]));
    // URLs as people mistype them: each gets its own answer and its own log line.
    let mistyped = [
        "/coffee.jpg&w=30&s=TOKEN-7",
        "/coffee.jpg%26w=30%26s%3DTOKEN-7",
        "/coffee.jpg;jsessionid=TOKEN-7?w=30",
        "/key=TOKEN-7/coffee.jpg?w=30%26s%3DTOKEN-7&h=1%2526sig%253DTOKEN-7",
        "/coffee.jpg?w=30%26amp%3Bs%3DTOKEN-7&amp;s=TOKEN-7",
        "/aHR0cDovL2EuZXhhbXBsZS8/a2V5PVRPS0VOLTc",
        "/coffee.jpg?mark=aHR0cDovL2EuZXhhbXBsZS8_a2V5PVRPS0VOLTc",
    ];
    let agent = [("User-Agent", "bot/1 (+http://bot.example/?id=TOKEN-8)"), ("Referer", "https://shop.test/TOKEN-8")];
    for target in mistyped {
        replies.push(server.send("GET", target, &agent));
        assert!((400..500).contains(&replies.last().unwrap().status), "{target}");
    }
    secrets.extend(["a2V5PVRPS0VOLTc".to_owned(), "aHR0cDovL2EuZXhhbXBsZS8_a2V5PVRPS0VOLTc".to_owned()]);
    replies.push(server.admin("/metrics"));
    for reply in &replies[4..6] {
        assert!((400..500).contains(&reply.status), "{}", reply.status);
    }

    let written = server.stop();
    assert_eq!(written.matches("\"path\":").count(), 6 + mistyped.len(), "each request has its line:\n{written}");
    assert!(written.contains("\"client\":\"127.0.0.0\""), "cut to /24 by default");
    assert!(written.contains("\"referer\":\"https://shop.example\""));
    assert!(written.contains("\"cache\":\"miss\"") && written.contains("\"error\":\"signature-invalid\""));
    for secret in &secrets {
        assert!(!written.contains(secret.as_str()), "{secret} is in\n{written}");
        for reply in &replies {
            let headers = format!("{:?}", reply.headers);
            let body = String::from_utf8_lossy(&reply.body);
            assert!(!headers.contains(secret.as_str()) && !body.contains(secret.as_str()), "{secret}: {headers}");
        }
    }
    for private in ["203.0.113", "/etc", photos().to_str().unwrap()] {
        assert!(!written.contains(private), "{private} is in\n{written}");
    }
}
