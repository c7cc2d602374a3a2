//! Key files that are replaced while the server runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use tintype::config::SignScheme;

use crate::images::photos;
use crate::server::Tintype;
use crate::support::seaweed::{ACCESS_KEY, NEXT_PAIR, SECRET_KEY, Seaweed};

/// The time within which README promises that a new key is read.
const BOUND: Duration = Duration::from_secs(3);

fn key(n: usize) -> String {
    format!("key-number-{n}-0123456789")
}

fn status(server: &Tintype, key: &str) -> u16 {
    server.get(&tintype::sign::sign("/cup.png?w=20", "signed", SignScheme::Imgix, key.as_bytes())).status
}

/// Checks that within the bound the new key is accepted and the old one refused, and that until then the old one keeps
/// working.
#[track_caller]
fn check(server: &Tintype, old: usize, new: usize) {
    let (start, mut gaps) = (Instant::now(), 0);
    loop {
        let (with_old, with_new) = (status(server, &key(old)), status(server, &key(new)));
        match (with_old, with_new) {
            (403, 200) => break,
            // The key was replaced between the two requests.
            (200, 200) => gaps += 1,
            (200, 403) => {}
            other => panic!("{other:?}"),
        }
        assert!(start.elapsed() < BOUND, "{old} -> {new}: {with_old}, {with_new} after {BOUND:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(gaps <= 1);
}

#[test]
fn a_signing_key_is_replaced_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir(at("..1")).unwrap();
    fs::write(at("..1/key"), key(0)).unwrap();
    symlink("..1", at("..data")).unwrap();
    symlink("..data/key", at("key")).unwrap();
    let sources = format!(
        "[[source]]\nname = \"signed\"\nkind = \"folder\"\nroot = \"{}\"\n\
         signing = {{ mode = \"required\", keys = [\"file:{}\"] }}\n",
        photos().display(),
        at("key").display()
    );
    let mut server = Tintype::start(&sources);
    assert_eq!((status(&server, &key(0)), status(&server, &key(1))), (200, 403));

    // The way Kubernetes replaces it.
    fs::create_dir(at("..2")).unwrap();
    fs::write(at("..2/key"), key(1) + "\n").unwrap();
    symlink("..2", at("..data_tmp")).unwrap();
    fs::rename(at("..data_tmp"), at("..data")).unwrap();
    check(&server, 0, 1);
    // Rewritten in place, behind the links.
    fs::write(at("..2/key"), key(2)).unwrap();
    check(&server, 1, 2);
    // Replaced by renaming another file over it.
    fs::write(at("new"), key(3)).unwrap();
    fs::rename(at("new"), at("key")).unwrap();
    check(&server, 2, 3);
    // Missing, empty, too short: the last good key stays in use.
    let bad: [fn(&Path); 3] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::write(path, "").unwrap(),
        |path| fs::write(path, "x").unwrap(),
    ];
    for spoil in bad {
        spoil(&at("key"));
        std::thread::sleep(BOUND);
        assert_eq!((status(&server, &key(3)), server.admin("/readyz").status), (200, 200));
    }
    fs::write(at("key"), key(4)).unwrap();
    check(&server, 3, 4);

    let written = server.stop();
    for line in
        ["cannot read the file", "is empty", "contains a key that is too short", "the previous key stays in use"]
    {
        assert!(written.contains(line), "{line} is not in\n{written}");
    }
    assert_eq!(written.matches("the previous key stays in use").count(), 3, "one line for each:\n{written}");
    assert!(!written.contains("key-number"), "{written}");
}

#[test]
fn a_key_pair_of_s3_is_replaced_without_a_restart_and_no_request_fails() {
    let Some(seaweed) = Seaweed::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let write = |access: &str, secret: &str| {
        fs::write(at("access"), access).unwrap();
        fs::write(at("secret"), secret).unwrap();
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        seaweed.create_bucket("photos").await;
        let cup = fs::read(photos().join("cup.png")).unwrap();
        for n in 0..400 {
            seaweed.put("photos", &format!("{n}.png"), cup.clone(), "image/png").await;
        }
    });
    write(ACCESS_KEY, SECRET_KEY);
    let sources = format!(
        "[[source]]\nname = \"bucket\"\nkind = \"s3\"\nbucket = \"photos\"\nendpoint = \"{}\"\npath_style = true\n\
         access_key = \"file:{}\"\nsecret_key = \"file:{}\"\n",
        seaweed.endpoint,
        at("access").display(),
        at("secret").display()
    );
    let mut server = Tintype::start(&sources);
    let mut objects = 0..400;
    let mut fetch_for = |time: Duration| {
        let start = Instant::now();
        while start.elapsed() < time {
            let object = objects.next().expect("enough objects");
            assert_eq!(server.get(&format!("/{object}.png")).status, 200);
            std::thread::sleep(Duration::from_millis(40));
        }
    };
    fetch_for(Duration::from_millis(500));
    write(NEXT_PAIR.0, NEXT_PAIR.1);
    fetch_for(BOUND);
    // Half a pair counts as none: the files are written one after the other, with a pause in between.
    fs::write(at("secret"), "").unwrap();
    fs::write(at("access"), ACCESS_KEY).unwrap();
    fetch_for(BOUND);
    fs::write(at("secret"), SECRET_KEY).unwrap();
    fetch_for(BOUND);
    // Shows that the keys are used at all.
    write("revoked", "revoked");
    std::thread::sleep(BOUND);
    let reply = server.get("/399.png");
    assert_eq!((reply.status, reply.header("x-tintype-error")), (502, Some("source-misconfigured")));
    write(ACCESS_KEY, SECRET_KEY);
    std::thread::sleep(BOUND);
    assert_eq!(server.get("/399.png").status, 200, "what was denied for our own fault is not remembered");
    let written = server.stop();
    for secret in [ACCESS_KEY, SECRET_KEY, NEXT_PAIR.0, NEXT_PAIR.1] {
        assert!(!written.contains(secret), "{secret} is in\n{written}");
    }
}
