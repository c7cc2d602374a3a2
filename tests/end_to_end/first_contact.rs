//! What a newcomer meets: the address opened in a browser, the command line, and its messages about paths and typos.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::images::photos;
use crate::server::Tintype;

const BROWSER: (&str, &str) = ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8");

fn sources() -> String {
    let root = photos();
    let signed = "signing = { mode = \"required\", keys = [\"env:E2E_KEY\"] }";
    format!(
        "[[source]]\nname = \"open\"\nkind = \"folder\"\nroot = \"{0}\"\n\
         [[source]]\nname = \"signed\"\nhosts = [\"signed.test\"]\nkind = \"folder\"\nroot = \"{0}\"\n{signed}\n\
         [[source]]\nname = \"proxy\"\nhosts = [\"proxy.test\"]\nkind = \"web-proxy\"\nallow_hosts = [\"a.test\"]\n{signed}\n",
        root.display()
    )
}

#[test]
fn a_browser_at_the_root_gets_a_page_and_a_program_gets_the_error() {
    let server = Tintype::start(&sources());
    for host in ["img.test", "signed.test", "proxy.test"] {
        let page = server.send("GET", "/", &[BROWSER, ("Host", host)]);
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{host}");
        assert!(page.text().contains("Tintype") && page.text().contains(env!("CARGO_PKG_VERSION")), "{host}");
        assert!(page.text().contains(env!("CARGO_PKG_REPOSITORY")), "{host}");
        assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
        let head = server.send("HEAD", "/", &[BROWSER, ("Host", host)]);
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), page.header("content-length"));

        let error = server.send("GET", "/", &[("Accept", "*/*"), ("Host", host)]);
        assert!(error.status >= 400, "{host}");
        for answer in [&page, &error] {
            assert_eq!(answer.header("vary"), Some("Accept"), "a cache keeps the two apart");
        }
    }
    assert_eq!(server.send("GET", "/?w=300", &[BROWSER]).status, 404, "parameters ask for an image");
    assert_eq!(server.send("GET", "/none.jpg", &[BROWSER]).status, 404);
}

#[test]
fn browsers_and_crawlers_find_their_usual_files() {
    let server = Tintype::start(&sources());
    for host in ["img.test", "signed.test", "proxy.test"] {
        let icon = server.send("GET", "/favicon.ico", &[("Host", host)]);
        assert_eq!((icon.status, icon.header("content-type")), (200, Some("image/x-icon")), "{host}");
        assert!(icon.body.starts_with(&[0, 0, 1, 0]));
        let robots = server.send("GET", "/robots.txt", &[("Host", host)]);
        assert_eq!((robots.status, robots.header("content-type")), (200, Some("text/plain; charset=utf-8")));
        assert!(robots.text().starts_with("User-agent: *"));
    }
    assert_eq!(server.get("/favicon.png").status, 404);
}

#[test]
fn objects_of_the_source_replace_the_built_in_files() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("robots.txt"), "User-agent: nobody\n").unwrap();
    fs::copy(photos().join("cup.png"), root.path().join("favicon.ico")).unwrap();
    let server = Tintype::start(&format!(
        "[[source]]\nname = \"own\"\nkind = \"folder\"\nroot = \"{}\"\n",
        root.path().display()
    ));
    assert_eq!(server.get("/robots.txt").text(), "User-agent: nobody\n");
    assert_eq!(server.get("/favicon.ico").header("content-type"), Some("image/png"));
}

fn tintype(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tintype")).args(words).current_dir(folder).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Makes a folder with `conf/t.toml`, a valid configuration whose paths are relative to it, and a plain `file`.
fn workplace(further: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("conf/photos")).unwrap();
    fs::write(dir.path().join("conf/key"), "0123456789abcdef").unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n{further}\n\
         [[source]]\nname = \"a\"\nkind = \"folder\"\nroot = \"photos\"\n\
         signing = {{ mode = \"required\", keys = [\"file:key\"] }}\n"
    );
    fs::write(dir.path().join("conf/t.toml"), text).unwrap();
    dir
}

#[test]
fn paths_in_a_configuration_start_from_its_folder() {
    let dir = workplace("[cache]\ndisk_dir = \"cache\"");
    for (folder, file) in [("", "conf/t.toml"), ("conf", "t.toml"), ("conf/photos", "../t.toml")] {
        let output = tintype(&dir.path().join(folder), &["check-config", file]);
        assert!(output.status.success(), "{folder}: {}", said(&output));
    }
    let signed = tintype(dir.path(), &["sign", "--config", "conf/t.toml", "/a.jpg?w=4"]);
    assert!(signed.status.success(), "{}", said(&signed));
    let by_hand = tintype(dir.path(), &["sign", "--key", "file:conf/key", "/a.jpg?w=4"]);
    assert_eq!(said(&signed), said(&by_hand));
}

#[test]
fn a_misspelt_parameter_is_shown_by_the_server_and_by_the_command() {
    let server = Tintype::start(&format!(
        "[[source]]\nname = \"a\"\nkind = \"folder\"\nroot = \"{}\"\nparams_header = true\n",
        photos().display()
    ));
    let dir = tempfile::tempdir().unwrap();
    let long =
        format!("{}=1&{}&fm=jpg", "x".repeat(3000), (0..300).map(|i| format!("y{i}=")).collect::<Vec<_>>().join("&"));
    for (query, expected) in [
        ("w=30&widht=40&fm=jpg", "w=30&fm=jpg; ignored: widht (w?)"),
        ("fm=jpg&hieght=9&utm_source=z", "fm=jpg; ignored: hieght (h?), utm_source"),
        ("w=30&fm=jpg&a%0d%0aX-Evil:%201=2&;c@d=3", "w=30&fm=jpg; ignored: a%0D%0AX-Evil%3A%201, %3Bc%40d"),
        ("w=30&fm=jpg&upscale=true&video-wave=1", "w=30&fm=jpg; ignored: video-wave, upscale"),
        ("w=30.4&fm=jpg", "w=30&fm=jpg"),
        (&long, &format!("fm=jpg; ignored: {}..., y0, y1, y2, y3, y4, y5, y6", "x".repeat(32))),
    ] {
        let reply = server.get(&format!("/coffee.jpg?{query}"));
        assert_eq!((reply.status, reply.header("x-tintype-params")), (200, Some(expected)), "{query}");
        assert_eq!(reply.header("x-evil"), None);
        let input = photos().join("coffee.jpg");
        let output = tintype(dir.path(), &["render", input.to_str().unwrap(), query, "out.jpg"]);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(said(&output).lines().nth(1), Some(expected), "{query}");
    }
    // This also works when nothing else is asked: the original passes through, and the typo is reported.
    let reply = server.get("/coffee.jpg?widht=40");
    assert_eq!(reply.header("x-tintype-params"), Some("ignored: widht (w?)"));
    assert_eq!(reply.body, fs::read(photos().join("coffee.jpg")).unwrap());
}

#[test]
fn every_error_about_a_path_names_the_path() {
    let dir = workplace("");
    let folder = dir.path();
    let photo = photos().join("cup.png");
    let photo = photo.to_str().unwrap();
    fs::write(folder.join("no-root.toml"), "[[source]]\nname = \"a\"\nkind = \"folder\"\nroot = \"nowhere\"\n")
        .unwrap();
    let no_key = "signing = { mode = \"required\", keys = [\"file:absent.key\"] }";
    fs::write(
        folder.join("no-key.toml"),
        format!("[[source]]\nname = \"a\"\nkind = \"folder\"\nroot = \".\"\n{no_key}\n"),
    )
    .unwrap();
    let serve = |flag: &'static str, value: &'static str| {
        ["serve", "--config", "conf/t.toml", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", flag, value]
    };
    let cases: &[(&[&str], &str)] = &[
        (&["check-config", "none.toml"], "none.toml"),
        (&["check-config", "conf"], "conf"),
        (&["check-config", "no-root.toml"], "nowhere"),
        (&["check-config", "no-key.toml"], "absent.key"),
        (&["serve", "--config", "none.toml"], "none.toml"),
        (&["serve", "--config", "no-root.toml", "--listen", ":0", "--admin-listen", ":0"], "nowhere"),
        (&serve("--cache-dir", "file/cache"), "file/cache"),
        (&serve("--log-dir", "file/log"), "file/log"),
        (&["render", "none.jpg", "w=3", "out.png"], "none.jpg"),
        (&["render", photo, "w=3", "nowhere/out.png"], "nowhere/out.png"),
        (&["render", photo, "w=300&mark=/none.png", "out.png"], "none.png"),
        (&["sign", "/a.jpg", "--key", "file:absent.key"], "absent.key"),
        (&["sign", "/a.jpg", "--config", "none.toml"], "none.toml"),
        (&["gallery", "file/gallery"], "file/gallery"),
        (&["gallery", "gallery", "--root", "nowhere"], "nowhere"),
    ];
    for (words, path) in cases {
        let output = tintype(folder, words);
        assert!(!output.status.success(), "{words:?}");
        assert!(said(&output).contains(path), "{words:?} says: {}", said(&output));
    }
}

#[test]
fn check_config_finds_faults_of_this_machine_and_suggests_corrections() {
    let check = |further: &str, source: &str, expected: &str| {
        let dir = workplace(further);
        let file = dir.path().join("conf/t.toml");
        let text = fs::read_to_string(&file).unwrap() + source;
        fs::write(&file, text).unwrap();
        let output = tintype(dir.path(), &["check-config", "conf/t.toml"]);
        assert!(said(&output).contains(expected), "{further}{source}: {}", said(&output));
        output.status.success()
    };
    assert!(!check(
        "[cache]\ndisk_dir = \"../file/cache\"",
        "",
        "cache.disk_dir: conf/../file/cache cannot be written"
    ));
    assert!(!check("[log]\ndir = \"../file\"", "", "conf/../file is not a folder"));
    assert!(!check("", "default_params = { auto = \"fromat\" }", "did you mean \"format\"?"));
    assert!(!check("", "default_params = { auto = \"format,compres\" }", "did you mean \"compress\"?"));
    assert!(!check("", "default_params = { widht = 300 }", "did you mean w?"));
    assert!(!check("", "overlay_host = []", "did you mean overlay_hosts?"));
    assert!(!check("[cahce]\n", "", "did you mean cache?"));
    assert!(!check("[limits]\npixel_max = 3", "", "did you mean pixels_max?"));
    assert!(check("", "", "no faults"));
}

#[test]
fn a_public_admin_listener_is_a_warning() {
    let dir = workplace("");
    let file = dir.path().join("conf/t.toml");
    let text = fs::read_to_string(&file).unwrap().replace("admin_listen = \"127.0.0.1:0\"", "admin_listen = \":9090\"");
    fs::write(&file, text).unwrap();
    let output = tintype(dir.path(), &["check-config", "conf/t.toml"]);
    assert!(said(&output).contains("warning: conf/t.toml:3: server.admin_listen"), "{}", said(&output));
    assert!(output.status.success(), "it may be meant, behind a firewall");
}

#[test]
fn help_lists_the_gallery() {
    let output = tintype(Path::new("."), &["help"]);
    assert!(said(&output).contains("gallery"), "{}", said(&output));
}

#[test]
fn a_listen_address_may_be_localhost_or_only_a_port() {
    for listen in ["localhost:0", ":0"] {
        let dir = workplace("");
        let words = ["serve", "--config", "conf/t.toml", "--listen", listen, "--examples"];
        let mut child = Command::new(env!("CARGO_BIN_EXE_tintype"))
            .args(words)
            .current_dir(dir.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut out, &mut line).unwrap();
        let address =
            line.strip_prefix("Serving on http://").and_then(|rest| rest.split(';').next()).unwrap().to_owned();
        assert!(address.starts_with("127.0.0.1:"), "{listen}: {line}");
        let reached = std::net::TcpStream::connect(&address);
        child.kill().unwrap();
        child.wait().unwrap();
        reached.unwrap();
    }
}
