//! Tests that everything that decides the bytes of an image is in its key or in the configuration, whatever else a
//! client sends.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;
use crate::config::{self, Environment};
use crate::param::Location;

const KEY: &str = "0123456789abcdef0123";
const NOW: u64 = 1_700_000_000;

/// Builds sources of every kind that a request can meet, and adds `more` to the one without hosts.
fn sites(more: &str) -> Sites {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let text = format!(
        "[[source]]\nname = \"all\"\nkind = \"folder\"\nroot = \"{root}\"\n{more}\n\
         [[source]]\nname = \"open\"\nkind = \"folder\"\nroot = \"{root}\"\n\
         hosts = [\"img.test\", \"xn--bcher-kva.test\", \"[2001:db8::1]\", \"cdn.test\"]\n\
         default_params = {{ auto = \"format\", face-blur = \"20\" }}\n\
         [[source]]\nname = \"signed\"\nkind = \"folder\"\nroot = \"{root}\"\nhosts = [\"signed.test\"]\n\
         signing = {{ mode = \"required\", keys = [\"env:KEY\"] }}\n\
         [[source]]\nname = \"web\"\nkind = \"web-proxy\"\nhosts = [\"web.test\"]\nallow_hosts = [\"a.test\"]\n\
         signing = {{ mode = \"required\", keys = [\"env:KEY\"] }}\n"
    );
    let environment = Environment::from([("KEY".to_owned(), KEY.to_owned())]);
    let config = config::parse("test", &text, &environment, &[]).unwrap_or_else(|faults| panic!("{faults:?}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Sites::build(&config)).unwrap()
}

static SITES: LazyLock<Sites> = LazyLock::new(|| sites(""));
static LIMITS: LazyLock<Limits> = LazyLock::new(Limits::default);

fn door(sites: &Sites) -> Door<'_> {
    Door { sites, limits: &LIMITS, now_unix: NOW }
}

fn admit(sites: &Sites, host: &str, target: &str, headers: &HeaderMap) -> Result<Admitted, Error> {
    let site = sites.get(host).expect("one takes every host");
    door(sites).admit(site, &Target::split(target), headers)
}

fn admitted(host: &str, target: &str) -> Admitted {
    admit(&SITES, host, target, &HeaderMap::new()).unwrap_or_else(|error| panic!("{host}{target}: {error:?}"))
}

/// Writes down everything that a render reads of a variant. Names every field, so that a new one cannot be forgotten.
fn read(variant: &Variant, out: &mut String) {
    let Variant { site, object, intent, parts, key: _, object_key: _ } = variant;
    let _ = write!(out, "[{} {:?} {object:?} {intent:?}", site.config.name, site.fingerprint);
    for Part { role, origin } in parts {
        let _ = write!(out, " {role:?}: ");
        match origin {
            None => out.push_str("nothing"),
            Some(Origin::Stored(variant)) => {
                out.push_str("stored ");
                read(variant, out);
            }
            Some(Origin::Rendered(variant, expires_at)) => {
                let _ = write!(out, "rendered until {expires_at:?} ");
                read(variant, out);
            }
        }
    }
    out.push(']');
}

fn all_of(variant: &Variant) -> String {
    let mut out = String::new();
    read(variant, &mut out);
    out
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn only_configured_hosts_make_an_overlay_local() {
    // Returns the name of the overlay's source, or of the proxy that would fetch it.
    let source = |host: &str, url: &str| {
        let variant = admitted(host, &format!("/a.jpg?w=9&mark={}", encoded(url))).variant;
        match &variant.parts[..] {
            [Part { origin: Some(Origin::Stored(variant) | Origin::Rendered(variant, _)), .. }] => {
                variant.site.config.name.clone()
            }
            other => panic!("{url}: {other:?}"),
        }
    };
    for host in ["logo.example", "img.test", "localhost", "127.0.0.1"] {
        for (url, expected) in [
            ("http://logo.example/cup.png", "\0*"),
            ("http://localhost/cup.png", "\0*"),
            ("http://127.0.0.1:8080/cup.png", "\0*"),
            ("http://img.test/cup.png", "open"),
            ("https://IMG.test:8443/cup.png", "open"),
            ("http://img.test./cup.png", "open"),
            ("http://\u{ff49}mg.test/cup.png", "open"),
            ("http://b\u{fc}cher.test/cup.png", "open"),
            ("http://xn--bcher-kva.test/cup.png", "open"),
            ("http://[2001:DB8:0::1]:80/cup.png", "open"),
            ("http://img.test@evil.test/cup.png", "\0*"),
            ("http://me@img.test/cup.png", "\0*"),
            ("http://img.test\\@evil.test/cup.png", "\0*"),
            ("http://img.test.evil.test/cup.png", "\0*"),
        ] {
            assert_eq!(source(host, url), expected, "{host} {url}");
        }
    }
}

#[test]
fn overlays_that_may_not_be_served_count_as_missing() {
    let missing = |url: &str| {
        let variant = admitted("x.test", &format!("/a.jpg?w=9&mark={}", encoded(url))).variant;
        matches!(variant.parts[..], [Part { origin: None, .. }])
    };
    let signed = sign::sign("/b.png?w=5", "signed", config::SignScheme::HmacSha256, KEY.as_bytes());
    assert!(!missing(&format!("http://signed.test{signed}")));
    for url in [
        "http://signed.test/b.png?w=5",
        &format!("http://signed.test{}", signed.replace("w=5", "w=6")),
        &format!("http://img.test/b.png?expires={NOW}"),
        "http://img.test/%ff",
        "http://img.test/%00",
    ] {
        assert!(missing(url), "{url}");
    }
    assert!(!missing(&format!("http://img.test/b.png?expires={}", NOW + 1)));
}

#[test]
fn only_settings_that_affect_an_overlay_change_the_key() {
    let key = |sites: &Sites, target: &str| admit(sites, "x.test", target, &HeaderMap::new()).unwrap().variant.key;
    let target = format!("/a.jpg?w=9&mark={}", encoded("http://img.test/b.png"));
    let plain = key(&SITES, &target);
    assert_eq!(plain, key(&sites(""), &target));
    assert_eq!(plain, key(&sites("cache_ttl = \"1s\"\nerror_ttl = \"9s\"\nparams_header = true"), &target));
    // A setting of the source itself is in the key of each of its images.
    assert_ne!(plain, key(&sites("overlay_hosts = []"), &target));
    // Settings of the overlay's source count too: its hosts, its defaults, its keys.
    let other = |from: &str, to: &str| {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
        let text = format!(
            "[[source]]\nname = \"all\"\nkind = \"folder\"\nroot = \"{root}\"\n\
             [[source]]\nname = \"open\"\nkind = \"folder\"\nroot = \"{root}\"\nhosts = [\"img.test\"]\n\
             default_params = {{ sepia = 20 }}\nsigning = {{ mode = \"off\" }}\n"
        );
        assert!(text.contains(from));
        let environment = Environment::from([("KEY".to_owned(), KEY.to_owned())]);
        let config = config::parse("test", &text.replace(from, to), &environment, &[]).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        key(&runtime.block_on(Sites::build(&config)).unwrap(), &target)
    };
    let same = other("img.test", "img.test");
    for (from, to) in [
        ("img.test", "moved.test"),
        ("sepia = 20", "sepia = 30"),
        ("mode = \"off\"", "mode = \"required\", keys = [\"env:KEY\"]"),
        ("\"open\"", "\"renamed\""),
        ("sepia = 20 }", "sepia = 20 }\nrasterize_svg = true"),
    ] {
        assert_ne!(same, other(from, to), "{to}");
    }
}

#[test]
fn a_loop_of_default_overlays_is_refused_before_any_fetch() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let site = |name: &str, over: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nkind = \"folder\"\nroot = \"{root}\"\nhosts = [\"{name}.test\"]\n\
             default_params = {{ blend = \"http://{over}.test/x.jpg\" }}\n"
        )
    };
    let text = site("a", "b") + &site("b", "a") + &site("c", "c");
    let config = config::parse("test", &text, &Environment::new(), &[]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sites = runtime.block_on(Sites::build(&config)).unwrap();
    for host in ["a.test", "b.test", "c.test"] {
        for target in ["/x.jpg", "/y.jpg?w=5"] {
            assert!(
                matches!(admit(&sites, host, target, &HeaderMap::new()), Err(Error::OverlayLoop)),
                "{host}{target}"
            );
        }
    }
}

#[test]
fn paths_are_decoded_once_and_must_be_text() {
    let check = |target: &str, expected: Option<&str>| {
        let got = admit(&SITES, "x.test", target, &HeaderMap::new());
        assert_eq!(got.as_ref().ok().map(|got| got.variant.object.as_str()), expected, "{target}");
        assert!(got.is_ok() || matches!(got, Err(Error::Request(RequestError::Target))), "{target}");
    };
    check("/a%20b+c.jpg?w=1", Some("/a b+c.jpg"));
    check("//a/../b", Some("//a/../b"));
    check("/%2e%2e%2fetc", Some("/../etc"));
    check("/http%3A%2F%2Fx%2F%25D8.png", Some("/http://x/%D8.png"));
    check("/%00", None);
    check("/%ff", None);
}

#[test]
fn urls_are_split_without_being_rewritten() {
    let check = |url: &str, expected: Option<(&str, &str)>| {
        let found = split_url(url);
        assert_eq!(found.as_ref().map(|(host, target)| (host.as_str(), target.as_str())), expected, "{url}");
    };
    check("https://Img.Test:8443/a%20b.png?w=1&txt=%26#x", Some(("img.test", "/a%20b.png?w=1&txt=%26")));
    check("http://img.test.", Some(("img.test", "/")));
    check("http://img.test?w=1", Some(("img.test", "/?w=1")));
    check("http://img.test/a b\u{fc}", Some(("img.test", "/a%20b%C3%BC")));
    check("http://[::1]:80/x", Some(("::1", "/x")));
    check("http://[0::1]/x", Some(("::1", "/x")));
    check("http://u@img.test/x", Some(("u@img.test", "/x")));
    check("http://B\u{dc}cher.test/x", Some(("xn--bcher-kva.test", "/x")));
    check("http:///x", None);
    check("img.test/x", None);
}

/// Headers that clients and proxies send, and that attackers add.
const HEADERS: &[(&str, &[&str])] = &[
    ("accept", &["image/avif,image/webp,*/*", "image/webp", "*/*", "image/avif;q=0", "text/html", "\u{e9}"]),
    ("host", &["logo.example", "img.test", "signed.test:443", "evil.test"]),
    ("x-forwarded-host", &["logo.example", "img.test"]),
    ("x-forwarded-proto", &["http", "https"]),
    ("x-forwarded-for", &["203.0.113.7", "127.0.0.1"]),
    ("x-original-url", &["/other.jpg?w=5"]),
    ("x-rewrite-url", &["/other.jpg"]),
    ("forwarded", &["host=logo.example;proto=http"]),
    ("x-http-method-override", &["POST", "PURGE"]),
    ("user-agent", &["Mozilla/5.0 (iPhone)", "curl/8"]),
    ("cookie", &["id=7"]),
    ("authorization", &["Bearer x"]),
    ("range", &["bytes=0-9", "bytes=5-"]),
    ("if-none-match", &["*", "\"x\""]),
    ("accept-language", &["ar", "de"]),
    ("accept-encoding", &["gzip, br", "identity"]),
    ("cache-control", &["no-cache", "no-store"]),
    ("dpr", &["2", "1", "0.5", "x"]),
    ("sec-ch-dpr", &["3", "2"]),
    ("width", &["300", "301", "9000", "-1"]),
    ("sec-ch-width", &["200", "640"]),
    ("save-data", &["on", "off"]),
    ("viewport-width", &["320"]),
    ("sec-ch-viewport-width", &["320"]),
    ("origin", &["https://shop.test"]),
    ("referer", &["https://shop.test/x"]),
];

fn headers() -> impl Strategy<Value = HeaderMap> {
    let one = prop::sample::select(HEADERS).prop_flat_map(|(name, values)| (Just(name), prop::sample::select(values)));
    prop::collection::vec(one, 0..8).prop_map(|pairs| {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    })
}

fn target() -> impl Strategy<Value = String> {
    let hosts: &'static [&str] =
        &["logo.example", "img.test", "IMG.test:80", "cdn.test.", "signed.test", "web.test", "a.test", "localhost"];
    let parts: &'static [&str] =
        &["", "?w=5", "?face-blur=9", "?expires=1", "?expires=1800000000", "?mark=/c.png", "?auto=format&ch=width"];
    let url = (prop::sample::select(hosts), prop::sample::select(parts))
        .prop_map(|(host, part)| format!("http://{host}/b.png{part}"));
    let path = prop::sample::select(parts).prop_map(|part| format!("/b.png{part}"));
    let location = prop_oneof![2 => url, 1 => path].prop_map(|location| encoded(&location));
    let overlay =
        (prop::sample::select(&["mark", "blend", "mask"][..]), location).prop_map(|(name, at)| format!("{name}={at}"));
    let plain = prop::sample::select(
        &[
            "w=201",
            "auto=format",
            "ch=width,dpr,save-data",
            "dpr=2",
            "fm=json",
            "expires=1800000000",
            "dl=x.jpg",
            "x=y",
            "face-blur=5",
            "q=60",
            "txt=hi",
            "fit=crop",
            "crop=faces",
            "expires=x",
            "lp-blur=5",
        ][..],
    )
    .prop_map(str::to_owned);
    let object = prop::sample::select(&["/a.jpg", "/b.png", "/~text", "/http%3A%2F%2Fa.test%2Fx.jpg"][..]);
    let pairs = prop::collection::vec(prop_oneof![1 => plain, 1 => overlay], 0..5);
    (object, pairs).prop_map(|(object, pairs)| match pairs.join("&") {
        pairs if pairs.is_empty() => object.to_owned(),
        pairs => format!("{object}?{pairs}"),
    })
}

fn host() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["x.test", "logo.example", "localhost", "a.test", "img.test", "cdn.test"][..])
}

/// Returns the outcome of the negotiation for headers that the URL opts into.
fn outcome(site: &Site, target: &str, headers: &HeaderMap) -> Negotiation {
    let parsed = site.parse(Target::split(target).query.unwrap_or_default()).unwrap();
    Negotiation::of(headers, &parsed.params)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn urls_with_equal_keys_are_read_equally(
        requests in prop::collection::vec((host(), target(), headers()), 2..6),
        again in prop::collection::vec((host(), headers()), 1..4),
    ) {
        // The same targets under other hosts and with other headers: most of these share keys.
        let mut all = requests.clone();
        for (host, headers) in again {
            all.extend(requests.iter().map(|(_, target, _)| (host, target.clone(), headers.clone())));
        }
        let mut seen: HashMap<VariantKey, (String, String)> = HashMap::new();
        for (host, target, headers) in &all {
            let Ok(admitted) = admit(&SITES, host, target, headers) else { continue };
            let read = all_of(&admitted.variant);
            let asked = format!("{host} {target} {headers:?}");
            if let Some((first, by)) = seen.get(&admitted.variant.key) {
                prop_assert_eq!(first, &read, "{} and {}", by, asked);
            }
            seen.insert(admitted.variant.key, (read, asked));
        }
    }

    #[test]
    fn only_the_target_and_the_negotiated_format_decide_the_key(
        hosts in (host(), host()), target in target(), headers in (headers(), headers()),
    ) {
        let [first, second] =
            [(hosts.0, &headers.0), (hosts.1, &headers.1)].map(|(host, headers)| (admit(&SITES, host, &target, headers), host, headers));
        let (Ok(a), Ok(b)) = (&first.0, &second.0) else { return Ok(()) };
        let (one, two) = (SITES.get(first.1).unwrap(), SITES.get(second.1).unwrap());
        if one.config.name != two.config.name {
            prop_assert_ne!(a.variant.key, b.variant.key);
        } else if outcome(one, &target, first.2) == outcome(two, &target, second.2) {
            prop_assert_eq!(all_of(&a.variant), all_of(&b.variant));
            prop_assert_eq!(a.variant.key, b.variant.key);
        }
    }

    #[test]
    fn no_target_panics(target in "/[ -~]{0,80}", host in host()) {
        let _ = admit(&SITES, host, &target, &HeaderMap::new());
    }
}

/// Checks that `read` writes down the location held by the plan, so that the tests above see it.
#[test]
fn locations_are_in_the_plan() {
    let variant = admitted("x.test", "/a.jpg?mark=/b.png").variant;
    let Intent::Render(plan) = &variant.intent else { panic!("{variant:?}") };
    assert_eq!(plan.overlays()[0].1, &Location::Path("/b.png".to_owned()));
    assert!(all_of(&variant).contains("stored [all"));
}
