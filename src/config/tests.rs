//! Tests of faulty and valid configurations, and of the reference.

use super::keys::SOURCE_SETTINGS;
use super::{reference, *};

const SOUND: &str = "[[source]]\nname = \"a\"\nkind = \"folder\"\nroot = \"x\"\n";

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Returns the faults of `text` as `line key`, in order.
fn faults(text: &str) -> Vec<String> {
    faults_in(text, &Environment::new())
}

fn faults_in(text: &str, environment: &Environment) -> Vec<String> {
    let Err(faults) = parse("t.toml", text, environment, &[]) else { return Vec::new() };
    faults
        .iter()
        .map(|fault| match &fault.place {
            Place::Line { file: _, line } => format!("{line} {}", fault.key),
            other @ (Place::File(_) | Place::Environment(_) | Place::Flag(_) | Place::Absent) => {
                format!("{other} {}", fault.key)
            }
        })
        .collect()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(faults(text), expected, "{text}");
}

/// Checks `body` inside a folder source, starting on line 5.
#[track_caller]
fn check_source(body: &str, expected: &[&str]) {
    check(&format!("{SOUND}{body}\n"), expected);
}

fn sound(text: &str) -> Config {
    parse("t.toml", text, &Environment::new(), &[]).unwrap()
}

#[test]
fn the_keys_of_the_specification_are_read() {
    let environment =
        environment(&[("NEW", "0123456789abcdef"), ("OLD", "fedcba9876543210"), ("AK", "a"), ("SK", "s")]);
    let text = r#"
[server]
listen = "127.0.0.1:8081"
admin_listen = "127.0.0.1:9091"
[render]
workers = 3
timeout = "1500ms"
[limits]
original_bytes_max = "1MiB"
pixels_max = 100_000_000
frames_max = 7
output_side_max = 4096
uri_bytes_max = 8000
[cache]
memory_bytes_max = "2MiB"
disk_dir = "var/cache"
disk_bytes_max = "10GiB"
[log]
dir = "var/log"
retention = "24h"
client_ip = "none"
[[source]]
name = "photos"
hosts = ["IMG.example.com", "[::1]"]
kind = "s3"
bucket = "b"
prefix = "/p/"
region = "eu-central-1"
endpoint = "http://127.0.0.1:8333"
path_style = true
access_key = "env:AK"
secret_key = "env:SK"
default_params = { q = 60, auto = ["format", "compress"], sharp = 1.5, invert = true, bg = "f00" }
cache_ttl = "1h"
cache_ttl_mode = "override"
error_ttl = "5s"
signing = { mode = "required", schemes = ["hmac-sha256"], keys = ["env:NEW", "env:OLD"] }
"#;
    let config = parse("t.toml", text, &environment, &[]).unwrap();
    assert_eq!(config.server.listen.port(), 8081);
    assert_eq!((config.render.workers, config.render.timeout), (3, Duration::from_millis(1500)));
    assert_eq!((config.limits.original_bytes_max, config.limits.frames_max), (1 << 20, 7));
    assert_eq!((config.cache.memory_bytes_max, config.cache.disk_bytes_max), (2 << 20, 10 << 30));
    assert_eq!((config.log.retention, config.log.client_ip), (Duration::from_secs(86_400), ClientIp::None));
    let source = &config.sources[0];
    assert_eq!(source.hosts, ["img.example.com", "[::1]"]);
    let SourceKind::S3(s3) = &source.kind else { panic!("{source:?}") };
    assert_eq!((s3.prefix.as_str(), s3.path_style), ("p/", true));
    assert!(s3.credentials.is_some());
    let params: Vec<_> = source.default_params.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let expected = [("q", "60"), ("auto", "format,compress"), ("sharp", "1.5"), ("invert", "true"), ("bg", "f00")];
    assert_eq!(params, expected, "in the order written");
    assert_eq!((source.cache_ttl_mode, source.error_ttl), (TtlMode::Override, Duration::from_secs(5)));
    assert_eq!(source.signing.schemes, [SignScheme::HmacSha256]);
    assert_eq!(&*source.signing.keys[1].expose(), b"fedcba9876543210");
    let shown = format!("{config:?}");
    assert!(!shown.contains("fedcba") && !shown.contains("0123456789abcdef"), "Debug shows a secret");
}

#[test]
fn all_faults_come_at_once_each_with_its_line() {
    let text = r#"[server]
listen = "nowhere"
colour = "red"
[limits]
pixels_max = 0
original_bytes_max = "lots"
frames_max = 99999999999
[render]
timeout = 10
[images]
a = 1
[[source]]
name = "a/b"
kind = "web-proxy"
root = "x"
hosts = ["http://a", "ok.example",
  "b:80"]
default_params = { ch = "width", w = 3 }
[[source]]
kind = "s4"
[[source]]
name = "c"
kind = "web-folder"
allow_private = ["10.0.0.0/33"]
signing = { mode = "required", sort = "x", schemes = [] }
"#;
    check(
        text,
        &[
            "2 server.listen",
            "3 server.colour",
            "5 limits.pixels_max",
            "6 limits.original_bytes_max",
            "7 limits.frames_max",
            "9 render.timeout",
            "10 images",
            "12 source.allow_hosts",
            "12 source.signing.mode",
            "13 source.name",
            "15 source.root",
            "16 source.hosts",
            "17 source.hosts",
            "18 source.default_params",
            "19 source.name",
            "20 source.kind",
            "21 source.base_url",
            "21 source.hosts",
            "24 source.allow_private",
            "25 source.signing.keys",
            "25 source.signing.schemes",
            "25 source.signing.sort",
        ],
    );
}

#[test]
fn faults_of_syntax_do_not_hide_the_others() {
    check(&format!("[limits]\npixels_max = \nframes_max = 0\n{SOUND}"), &["2 ", "3 limits.frames_max"]);
    check(&format!("[log]\nretention = \"1h\"\nretention = \"2h\"\n{SOUND}"), &["3 "]);
}

#[test]
fn each_key_is_checked_independently() {
    let bad = [
        ("limits", "output_side_max", "0"),
        ("limits", "uri_bytes_max", "-1"),
        ("limits", "pixels_max", "\"many\""),
        ("limits", "pixels_max", "1.5"),
        ("limits", "original_bytes_max", "\"99999999999TiB\""),
        ("limits", "original_bytes_max", "\"5 apples\""),
        ("limits", "fetch_timeout", "\"0s\""),
        ("limits", "fetch_timeout", "\"10\""),
        ("cache", "disk_dir", "\"\""),
        ("cache", "disk_bytes_max", "0"),
        ("log", "client_ip", "\"half\""),
        ("log", "retention", "\"\""),
        ("render", "sandbox", "\"yes\""),
        ("server", "listen", "8080"),
        ("server", "listen", "\"example.com:8080\""),
        ("server", "listen", "\":many\""),
        ("server", "listen", "\"localhost\""),
    ];
    for (section, key, value) in bad {
        check(&format!("[{section}]\n{key} = {value}\n{SOUND}"), &[&format!("2 {section}.{key}")]);
    }
    for (section, key, value) in [
        ("limits", "original_bytes_max", "\"1_000 kB\""),
        ("limits", "original_bytes_max", "4096"),
        ("cache", "memory_bytes_max", "0"),
        ("log", "retention", "\"1h 30m\""),
        ("server", "listen", "\"[::1]:0\""),
        ("server", "listen", "\"localhost:8080\""),
        ("server", "listen", "\":8080\""),
    ] {
        check(&format!("[{section}]\n{key} = {value}\n{SOUND}"), &[]);
    }
}

#[test]
fn listeners_must_differ_but_may_both_take_any_port() {
    let with =
        |listen: &str, admin: &str| format!("[server]\nlisten = \"{listen}\"\nadmin_listen = \"{admin}\"\n{SOUND}");
    check(&with("127.0.0.1:1", "127.0.0.1:1"), &["3 server.admin_listen"]);
    check(&with("0.0.0.0:1", "127.0.0.1:1"), &["3 server.admin_listen"]);
    check(&with("127.0.0.1:0", "127.0.0.1:0"), &[]);
    check(&with("127.0.0.1:1", "127.0.0.2:1"), &[]);
}

#[test]
fn sources_are_checked_against_each_other() {
    let folder = |name: &str, hosts: &str| {
        format!("[[source]]\nname = \"{name}\"\nkind = \"folder\"\nroot = \"x\"\nhosts = [{hosts}]\n")
    };
    check("", &["t.toml source"]);
    check("[source]\nname = \"a\"\n", &["1 source"]);
    check(&format!("{}{}", folder("a", "\"h\""), folder("a", "\"i\"")), &["7 source.name"]);
    check(&format!("{}{}", folder("a", "\"h\""), folder("b", "\"H\"")), &["10 source.hosts"]);
    check(&format!("{}{}", folder("a", ""), folder("b", "")), &["10 source.hosts"]);
    check(&format!("{SOUND}{}", folder("b", "\"h\"")), &[]);
    check(
        "[[source]]\nname = \"z\"\nkind = \"s3\"\naccess_key = \"env:A\"\n",
        &["1 source.bucket", "1 source.secret_key"],
    );
}

#[test]
fn signing_needs_keys_that_exist_and_are_long_enough() {
    let signing = |rest: &str| format!("{SOUND}signing = {{ mode = \"required\", {rest} }}\n");
    let environment = environment(&[("LONG", "0123456789abcdef"), ("SHORT", "0123456789abcde"), ("EMPTY", "")]);
    let check = |rest: &str, expected: &[&str]| {
        assert_eq!(faults_in(&signing(rest), &environment), expected, "{rest}");
    };
    let fault = &["5 source.signing.keys"];
    check("keys = [\"env:LONG\"]", &[]);
    check("keys = []", fault);
    check("keys = [\"env:SHORT\"]", fault);
    check("keys = [\"env:SHORT\"], allow_short_keys = true", &[]);
    check("keys = [\"env:EMPTY\"], allow_short_keys = true", fault);
    check("keys = [\"env:NONE\"]", fault);
    check("keys = [\"file:/nonexistent/key\"]", fault);
    check("keys = [\"the key itself\"]", fault);

    let text = signing("keys = [\"the key itself\", \"env:SHORT\"]");
    let Err(faults) = parse("t.toml", &text, &environment, &[]) else { panic!("sound?") };
    for fault in faults {
        let shown = fault.to_string();
        assert!(!shown.contains("the key itself") && !shown.contains("0123456789"), "{shown}");
    }
}

#[test]
fn every_member_of_a_list_has_its_own_fault() {
    let environment = environment(&[("SHORT", "0123456789")]);
    let keys = "\"inline\",\n\"env:NONE\",\n\"env:SHORT\",\n3,\n\"file:/nonexistent/key\"";
    let text = format!("{SOUND}[source.signing]\nmode = \"required\"\nkeys = [{keys}]\n");
    let first = text.lines().position(|line| line.starts_with("keys")).unwrap() + 1;
    let expected: Vec<_> = (first..first + 5).map(|line| format!("{line} source.signing.keys")).collect();
    assert_eq!(faults_in(&text, &environment), expected);

    let second = "[[source]]\nname = \"b\"\nkind = \"folder\"\nroot = \"x\"\nhosts = [\"c\",\n\"http://d\",\n\"a\"]\n";
    let text = format!("{SOUND}hosts = [\"a\",\n\"b/\",\n\"a\"]\n{second}");
    let first = text.lines().position(|line| line.starts_with("hosts")).unwrap() + 1;
    let expected: Vec<_> = [1, 2, 8, 9].map(|after| format!("{} source.hosts", first + after)).to_vec();
    assert_eq!(faults_in(&text, &environment), expected);
}

#[test]
fn a_key_file_loses_one_newline() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "0123456789abcdef\n").unwrap();
    let text = format!("{SOUND}signing = {{ mode = \"required\", keys = [\"file:{}\"] }}\n", file.path().display());
    assert_eq!(&*sound(&text).sources[0].signing.keys[0].expose(), b"0123456789abcdef");
}

#[test]
fn default_params_that_protect_have_a_value_that_can_be_read() {
    for value in ["true", "\"on\"", "\"\"", "-5", "\"high\"", "[]"] {
        for name in ["face-blur", "face-pixelate", "lp-blur"] {
            check_source(&format!("default_params = {{ {name} = {value} }}"), &["5 source.default_params"]);
        }
    }
    for pair in ["face-blur64 = \"dHJ1ZQ\"", "face-blur64 = \"*\"", "face-blur64 = \"\""] {
        check_source(&format!("default_params = {{ {pair} }}"), &["5 source.default_params"]);
    }
    for pair in
        ["face-blur = 50", "face-blur = \"30\"", "face-pixel = false", "lp-blur = \"off\"", "face-blur64 = \"NTA\""]
    {
        check_source(&format!("default_params = {{ {pair} }}"), &[]);
    }
}

#[test]
fn default_params_hold_scalars_and_lists_only() {
    check_source("default_params = { w = 3, q = [1, [2]] }", &["5 source.default_params"]);
    check_source("default_params = { w = { h = 1 } }", &["5 source.default_params"]);
    check_source("default_params = \"w=3\"", &["5 source.default_params"]);
    check_source(
        "[source.default_params]\nch = \"dpr\"\nexpires = 3",
        &["6 source.default_params", "7 source.default_params"],
    );
}

#[test]
fn default_params_are_parameters_with_values_they_can_have() {
    let check = |pair: &str, is_sound: bool| {
        let expected: &[&str] = if is_sound { &[] } else { &["5 source.default_params"] };
        check_source(&format!("default_params = {{ {pair} }}"), expected);
    };
    check("auto = [\"format\", \"compress\"]", true);
    check("q = 60", true);
    check("fit = \"crop\"", true);
    check("crop = \"faces,top\"", true); // needs fit=crop, which a request may add
    check("txt64 = \"SGk\"", true);
    check("dl = \"\"", true);
    check("wide = 3", false);
    check("fit = \"snugly\"", false);
    check("w = \"\"", false);
    check("txt64 = \"&&\"", false);
    check("ch = \"width\"", false);
    check("s = \"0123\"", false);
}

#[test]
fn a_web_proxy_lists_hosts_with_or_without_port() {
    let environment = environment(&[("K", "0123456789abcdef")]);
    let check = |hosts: &str, expected: &[&str]| {
        let signing = "signing = { mode = \"required\", keys = [\"env:K\"] }";
        let text = format!("[[source]]\nname = \"p\"\nkind = \"web-proxy\"\nallow_hosts = [{hosts}]\n{signing}\n");
        assert_eq!(faults_in(&text, &environment), expected, "{hosts}");
    };
    let fault = &["4 source.allow_hosts"];
    check("\"a.example\", \"*.b.example\", \"c.example:8080\", \"127.0.0.1:81\", \"[::1]:82\", \"[::1]\", \"*\"", &[]);
    check("", fault);
    check("\"http://a.example\"", fault);
    check("\"a.example/x\"", fault);
    check("\"a.*.example\"", fault);
    check("\"a.example:99999\"", fault);
}

#[test]
fn flags_override_the_environment_which_overrides_the_file() {
    let text = format!("[limits]\nframes_max = 1\npixels_max = 1\noutput_side_max = 1\n{SOUND}");
    let environment = environment(&[("TINTYPE_LIMITS_FRAMES_MAX", "2"), ("TINTYPE_LIMITS_PIXELS_MAX", "2_000")]);
    let flag = Override { flag: "--set".to_owned(), key: "limits.frames_max".to_owned(), value: "3".to_owned() };
    let config = parse("t.toml", &text, &environment, &[flag]).unwrap();
    assert_eq!((config.limits.frames_max, config.limits.pixels_max, config.limits.output_side_max), (3, 2_000, 1));
}

#[test]
fn faults_in_the_environment_and_flags_name_their_place() {
    let environment = environment(&[
        ("TINTYPE_SERVER_LISTEM", "x"),
        ("TINTYPE_SERVER_LISTEN", "x"),
        ("TINTYPE_WRITE_REFERENCE", "1"),
    ]);
    let flag = Override { flag: "--set".to_owned(), key: "limits.frames".to_owned(), value: "3".to_owned() };
    let faults = parse("t.toml", SOUND, &environment, &[flag]).unwrap_err();
    let shown: Vec<_> = faults.iter().map(|fault| format!("{} {}", fault.place, fault.key)).collect();
    let expected = [
        "environment TINTYPE_SERVER_LISTEM server.listem",
        "environment TINTYPE_SERVER_LISTEN server.listen",
        "flag --set limits.frames",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn a_file_that_cannot_be_read_is_one_fault() {
    let faults = load(Some(Path::new("/nonexistent/tintype.toml")), &Environment::new(), &[]).unwrap_err();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].to_string().starts_with("/nonexistent/tintype.toml: cannot be read"), "{}", faults[0]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the switch that rewrites the file")]
fn the_written_reference_is_current_and_sound() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/reference.toml");
    let text = reference::text();
    if std::env::var_os("TINTYPE_WRITE_REFERENCE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == text, "config/reference.toml is stale; run the tests once with TINTYPE_WRITE_REFERENCE=1");

    let config = sound(&text);
    let mut defaults = Config::default();
    defaults.render.workers = config.render.workers;
    let read = Config { sources: Vec::new(), ..config };
    assert_eq!(format!("{read:?}"), format!("{defaults:?}"), "the reference shows the defaults");
}

#[test]
fn every_example_of_the_reference_can_be_read() {
    let environment = environment(&[
        ("IMG_KEY_NEW", "0123456789abcdef"),
        ("IMG_KEY_OLD", "0123456789abcdef"),
        ("S3_ACCESS_KEY", "a"),
        ("S3_SECRET_KEY", "b"),
    ]);
    // Uncommenting adds the keys of the other kinds and one key file that this machine lacks. No other fault may
    // appear.
    let text: String = reference::text()
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    for fault in parse("t.toml", &text, &environment, &[]).unwrap_err() {
        let is_expected = fault.message.starts_with("does not belong")
            || fault.message.contains("cannot read the file /run/secrets/k");
        assert!(is_expected, "{fault}");
    }
}

#[test]
fn relative_paths_start_from_the_file_and_those_of_flags_from_the_working_directory() {
    let text = "[cache]\ndisk_dir = \"cache\"\n[log]\ndir = \"/var/log/x\"\n[[source]]\nname = \"a\"\nkind = \"folder\"\nroot = \"../photos\"\n";
    let config = parse("/etc/tintype/t.toml", text, &Environment::new(), &[]).unwrap();
    assert_eq!(config.cache.disk_dir, Some(PathBuf::from("/etc/tintype/cache")));
    assert_eq!(config.log.dir, Some(PathBuf::from("/var/log/x")));
    let SourceKind::Folder { root } = &config.sources[0].kind else { panic!("{config:?}") };
    assert_eq!(*root, PathBuf::from("/etc/tintype/../photos"));

    let flag = Override { flag: "--cache-dir".into(), key: "cache.disk_dir".into(), value: "here".into() };
    let variable = environment(&[("TINTYPE_LOG_DIR", "there")]);
    let config = parse("/etc/tintype/t.toml", text, &variable, &[flag]).unwrap();
    assert_eq!(config.cache.disk_dir, Some(PathBuf::from("here")));
    assert_eq!(config.log.dir, Some(PathBuf::from("there")));
}

/// One source of each kind with every key of that kind, each on its own line.
const COMPLETE: [&str; 4] = [
    "kind = \"folder\"\nroot = \"/a\"\n",
    "kind = \"web-folder\"\nbase_url = \"http://a.test/x/\"\nallow_private = [\"10.0.0.0/8\"]\n",
    "kind = \"web-proxy\"\nallow_hosts = [\"a.test\", \"b.test\"]\nallow_private = [\"10.0.0.0/8\"]\n",
    "kind = \"s3\"\nbucket = \"b\"\nprefix = \"p\"\nregion = \"r\"\nendpoint = \"http://e.test\"\npath_style = true\n\
     access_key = \"env:K\"\nsecret_key = \"env:K\"\n",
];

/// The keys common to all kinds.
const COMMON: &str = "name = \"n\"\nhosts = [\"h.test\"]\noverlay_hosts = [\"c.test\"]\ndefault_params = { w = 5 }\n\
    cache_ttl = \"5s\"\ncache_ttl_mode = \"override\"\nerror_ttl = \"5s\"\nrasterize_svg = false\nignore_lp_blur = false\n\
    params_header = false\nsigning.mode = \"required\"\nsigning.schemes = [\"imgix\"]\nsigning.keys = [\"env:K\"]\n\
    signing.allow_short_keys = false\n";

/// Other values for keys that affect bytes or permission. An empty value stands for a key that is not written.
const DECISIVE: &[(&str, &[&str])] = &[
    ("root", &["\"/b\""]),
    ("base_url", &["\"http://a.test/y/\"", "\"http://b.test/x/\"", "\"https://a.test/x/\"", "\"http://a.test:81/x/\""]),
    ("allow_hosts", &["[\"a.test\"]", "[\"a.test\", \"c.test\"]", "[\"a.test\", \"b.test:80\"]", "[\"*.a.test\"]"]),
    ("allow_private", &["", "[\"10.0.0.0/9\"]", "[\"10.0.0.0/8\", \"127.0.0.0/8\"]"]),
    ("overlay_hosts", &["", "[]", "[\"d.test\"]", "[\"c.test\", \"d.test\"]"]),
    ("bucket", &["\"c\""]),
    ("prefix", &["", "\"q\""]),
    ("region", &["", "\"s\""]),
    ("endpoint", &["", "\"http://f.test\"", "\"https://e.test\""]),
    ("path_style", &["false"]),
];

/// Other values for keys that affect neither bytes nor permission, each with the reason.
const HARMLESS: &[(&str, &str, &str)] = &[
    ("name", "\"m\"", "the key of an object holds it beside the fingerprint"),
    ("hosts", "[\"i.test\"]", "decide which source a request is for"),
    ("access_key", "\"env:L\"", "opens the same bucket"),
    ("secret_key", "\"env:L\"", "opens the same bucket"),
    ("default_params", "{ w = 6 }", "are in the plan"),
    ("cache_ttl", "\"6s\"", "is about time"),
    ("cache_ttl_mode", "\"minimum\"", "is about time"),
    ("error_ttl", "\"6s\"", "is about time"),
    ("rasterize_svg", "true", "is in the plan"),
    ("ignore_lp_blur", "true", "is in the plan"),
    ("params_header", "true", "is a header"),
    ("signing.mode", "\"off\"", "is checked before any lookup"),
    ("signing.schemes", "[\"hmac-sha256\"]", "are checked before any lookup"),
    ("signing.keys", "[\"env:L\"]", "are checked before any lookup"),
    ("signing.allow_short_keys", "true", "is checked before any lookup"),
];

/// Returns `text` with another value on the line of `key`; an empty value removes the line.
fn with_value(text: &str, key: &str, value: &str) -> String {
    let own = format!("{key} = ");
    let lines = text.lines().filter(|line| !(line.starts_with(&own) && value.is_empty()));
    lines.map(|line| if line.starts_with(&own) { format!("{own}{value}\n") } else { format!("{line}\n") }).collect()
}

/// Changes each key of the table in turn, so that adding a key forces a decision.
#[test]
fn settings_that_decide_bytes_or_permission_are_in_the_fingerprint() {
    let environment = environment(&[("K", "0123456789abcdef"), ("L", "fedcba9876543210")]);
    let fingerprint = |source: &str| {
        let text = format!("[[source]]\n{source}");
        let mut config = parse("test", &text, &environment, &[]).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
        config.sources.remove(0).fingerprint()
    };
    let sources = COMPLETE.map(|own| format!("{COMMON}{own}"));
    let mut seen: Vec<_> = sources.iter().map(|source| fingerprint(source)).collect();
    for spec in SOURCE_SETTINGS.iter().filter(|spec| spec.name != "kind") {
        let key = spec.name;
        let having: Vec<_> =
            sources.iter().filter(|text| text.contains(&format!("\n{key} = ")) || key == "name").collect();
        assert!(!having.is_empty(), "{key} is in no source of this test");
        let decisive = DECISIVE.iter().find(|(decisive, _)| *decisive == key);
        let harmless = HARMLESS.iter().find(|(harmless, ..)| *harmless == key);
        assert!(decisive.is_some() != harmless.is_some(), "decide on {key}");
        for text in having {
            for value in decisive.map_or(&[][..], |(_, values)| values) {
                let other = fingerprint(&with_value(text, key, value));
                assert!(!seen.contains(&other), "{key} = {value} is not in the fingerprint of {text}");
                seen.push(other);
            }
            if let Some((_, value, why)) = harmless {
                // A proxy must have signing = required.
                if (key, *value) == ("signing.mode", "\"off\"") && text.contains("web-proxy") {
                    continue;
                }
                assert_ne!(with_value(text, key, value), *text);
                assert_eq!(fingerprint(&with_value(text, key, value)), fingerprint(text), "{key} {why}");
            }
        }
    }
}
