//! Tests that walk the table, and properties of the parser over the whole table.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// Parameters that are validated but have no field in `Params`, because nothing here would act differently for their
/// values.
const WITHOUT_FIELD: &[&str] = &[
    "bg-remove-fg-type",
    "bg-remove-semi-transparency",
    "bg-remove-transparency-threshold",
    "bg-replace-neg-prompt",
    "fill-gen-neg-prompt",
    "fill-gen-pos",
    "fill-gen-prompt",
    "fill-gen-seed",
    "ixlib",
    "object-removal-negative-prompt",
    "object-removal-prompt",
    "object-removal-seed",
    "s",
    "sig",
    "video-bitrate",
    "video-clip-end",
    "video-clip-start",
    "video-codec",
    "video-thumbnail",
    "video-clip-duration",
    "video-generate-subtitles",
    "video-renditions",
    "video-spritesheet-columns",
    "video-spritesheet-format",
    "video-spritesheet-h",
    "video-spritesheet-interval",
    "video-spritesheet-smart-crop",
    "video-spritesheet-w",
    "video-subtitle-translations",
    "video-wave",
    "video-wave-align",
    "video-wave-amplitude",
    "video-wave-bg-color",
    "video-wave-color",
    "video-wave-h",
    "video-wave-mode",
    "video-wave-pad",
    "video-wave-scale",
    "video-wave-split",
    "video-wave-thickness",
    "video-wave-w",
    "video-wave-x",
    "video-wave-y",
];

fn parsed(query: &str) -> Parsed {
    parse(query, &[]).expect("a valid query")
}

/// Returns the example's value for the entry itself: the text after `name=`.
fn own_value(spec: &ParamSpec) -> &'static str {
    let own = |pair: &'static str| pair.split_once('=').filter(|(name, _)| *name == spec.name);
    spec.example.split('&').find_map(own).unwrap_or_else(|| panic!("{}: example without it", spec.name)).1
}

/// Returns the example with the entry's own name and value replaced.
fn respelt(spec: &ParamSpec, name: &str, value: &str) -> String {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((own, _)) if own == spec.name => format!("{name}={value}"),
        Some(_) | None => pair.to_owned(),
    };
    spec.example.split('&').map(pair).collect::<Vec<_>>().join("&")
}

/// Returns the words that a form takes.
fn words_of(kind: &Kind) -> Vec<&'static str> {
    if let Kind::Word(words) | Kind::Words(words) | Kind::WordsAnyCase(words) = kind {
        words.to_vec()
    } else if let Kind::Synonym(word, _) = kind {
        vec![word]
    } else {
        Vec::new()
    }
}

fn base64url(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

#[test]
fn names_are_unique() {
    let mut seen = BTreeSet::new();
    for spec in PARAMS {
        for name in spec.aliases.iter().chain([&spec.name]) {
            assert!(seen.insert((*name).to_owned()), "{name}");
            assert!(!spec.base64 || seen.insert(format!("{name}64")), "{name}64");
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte.is_ascii_digit()),
                "{name}"
            );
        }
    }
}

#[test]
fn the_table_has_the_whole_grammar() {
    let of = |tier| PARAMS.iter().filter(|spec| spec.tier == tier).count();
    // One core parameter beyond the public list, `sig`, and the extended parameters that are documented but not listed.
    assert_eq!([of(Tier::Core), of(Tier::Extended), of(Tier::Ai), of(Tier::Video)], [80, 72 + 71 + 24 + 4, 25, 29]);
    for spec in PARAMS {
        assert!(Category::ALL.contains(&spec.category));
        assert!(spec.summary.ends_with('.') && spec.summary.len() > 8, "{}: {:?}", spec.name, spec.summary);
        assert!(!spec.kinds.is_empty(), "{}", spec.name);
        assert_eq!(find(spec.name).map(|found| found.name), Some(spec.name));
    }
    assert!(find("width").is_none() && find("w64").is_none());
}

#[test]
fn defaults_parse_to_themselves() {
    for spec in PARAMS {
        let Some(default) = spec.default else { continue };
        let value = spec.parse(default).unwrap_or_else(|| panic!("{}: default {default}", spec.name));
        assert_eq!(spec.parse(&value.to_string()), Some(value), "{}", spec.name);
    }
}

#[test]
fn examples_are_honoured_and_reach_their_field() {
    for spec in PARAMS {
        let with = parsed(spec.example);
        let control = ["s", "sig", "ixlib"].contains(&spec.name);
        assert!(control || with.honoured.iter().any(|own| own.name == spec.name), "{}: {}", spec.name, spec.example);
        let without = parsed(&respelt(spec, "unknown", ""));
        assert_eq!(with.params == without.params, WITHOUT_FIELD.contains(&spec.name), "{}: its field", spec.name);
    }
}

#[test]
fn every_word_reaches_its_field() {
    for spec in PARAMS.iter().filter(|spec| !WITHOUT_FIELD.contains(&spec.name)) {
        for kind in spec.kinds {
            for word in words_of(kind) {
                let mut params = Params::default();
                (spec.set)(&mut params, &spec.parse(word).expect("one of its own words"));
                assert_ne!(params, Params::default(), "{}={word}", spec.name);
            }
        }
    }
}

#[test]
fn needs_name_parameters_and_words() {
    for spec in PARAMS {
        for condition in spec.needs.conditions() {
            let (name, word) = condition.split_once('=').map_or((*condition, None), |(name, word)| (name, Some(word)));
            let needed = find(name).unwrap_or_else(|| panic!("{}: needs {name}", spec.name));
            if let Some(word) = word {
                let value = needed.parse(word).unwrap_or_else(|| panic!("{}: needs {condition}", spec.name));
                assert!(value.has(word), "{}: needs {condition}", spec.name);
            }
        }
        let alone = parsed(&format!("{}={}", spec.name, own_value(spec)));
        let dropped = !alone.honoured.iter().any(|own| own.name == spec.name);
        let control = ["s", "sig", "ixlib"].contains(&spec.name);
        assert_eq!(dropped, matches!(spec.needs, Needs::All(_) | Needs::Any(_)) || control, "{} alone", spec.name);
    }
}

#[test]
fn aliases_and_twins_equal_their_parameter() {
    for spec in PARAMS {
        let value = own_value(spec);
        let expected = parsed(spec.example);
        let decoded =
            percent_encoding::percent_decode_str(&value.replace('+', " ")).decode_utf8().unwrap().into_owned();
        for name in spec.aliases.iter().chain([&spec.name]) {
            assert_eq!(parsed(&respelt(spec, name, value)), expected, "{name}");
            let mut twin = parsed(&respelt(spec, &format!("{name}64"), &base64url(&decoded)));
            twin.ignored.retain(|ignored| ignored.why != IgnoredWhy::Unknown);
            assert_eq!(twin == expected, spec.base64 || WITHOUT_FIELD.contains(&spec.name), "{name}64");
        }
    }
}

/// Covers every form that takes whole numbers, in lists too: a decimal in range is rounded, never dropped.
#[test]
#[expect(clippy::wildcard_enum_match_arm, reason = "the forms that count in whole numbers, of all there are")]
fn decimals_of_whole_numbers_are_rounded() {
    let mut checked = BTreeSet::new();
    for spec in PARAMS {
        for kind in spec.kinds {
            let pairs: &[(&str, &str)] = match kind {
                Kind::Whole(range) if range.contains(&11) => &[("10.5", "11"), ("10.49", "10"), ("10.0", "10")],
                Kind::Whole(range) if range.contains(&-10) => &[("-10.5", "-10"), ("-10.51", "-11")],
                Kind::Whole(_) => &[("2.5", "3"), ("2.4", "2")],
                Kind::WholeDegrees | Kind::Amount(_) => &[("10.5", "11"), ("10.4", "10")],
                Kind::Length(_) | Kind::Offset(_) | Kind::Extent(_) | Kind::Radius(_) => {
                    &[("10.5", "11"), ("10.4", "10")]
                }
                Kind::Border(_) => &[("10.5,f00", "11,f00")],
                Kind::Radii | Kind::CornerRadii => &[("10.5", "11"), ("1.5,2,3.4,4", "2,2,3,4")],
                Kind::PixelRect => &[("1.5,2.5,3.4,4.5", "2,3,3,5")],
                Kind::Span => &[("2.4-5.5", "2-6"), ("2.5-", "3-")],
                Kind::Word(["0", "1", ..]) => &[("6.0", "6"), ("5.5", "6")],
                Kind::Word(["420", ..]) => &[("420.0", "420")],
                Kind::Word(["1"]) => &[("1.0", "1")],
                _ => continue,
            };
            for (decimal, whole) in pairs {
                assert!(spec.parse(decimal).is_some(), "{}={decimal}", spec.name);
                assert_eq!(spec.parse(decimal), spec.parse(whole), "{}={decimal}", spec.name);
            }
            checked.insert(spec.name);
        }
    }
    assert!(checked.len() > 100, "{checked:?}");
    // Words that contain digits, and truth values, are not numbers.
    for (name, text) in [("px", "1e1"), ("video-bitrate", "1.0m"), ("lossless", "1.0"), ("fm", "420.0")] {
        assert_eq!(find(name).unwrap().parse(text), None, "{name}={text}");
    }
}

/// Angles wrap, except those that say how high or how steep something is, and `txt-rotate`, which is clamped to its
/// range.
#[test]
fn angles_wrap() {
    for name in ["rot", "hue", "hue-set", "mark-rot", "gradient-angle", "mark-gradient-angle", "blend-gradient-angle"] {
        let parse = |text: &str| find(name).unwrap().parse(text);
        for (turned, same) in [("360", "0"), ("-30", "330"), ("725", "5"), ("-720", "0"), ("3600000000", "0")] {
            assert!(parse(turned).is_some(), "{name}={turned}");
            assert_eq!(parse(turned), parse(same), "{name}={turned}");
        }
    }
}

#[test]
fn issue_list_of_rendered_parameters() {
    let rendered: BTreeSet<_> =
        PARAMS.iter().filter(|spec| spec.state == State::Rendered).map(|spec| spec.name).collect();
    let first = "w h fit ar dpr min-w max-w min-h max-h rect crop fp-x fp-y fp-z fp-debug orient flip rot rot-type bg \
                 fill fill-color fm q lossless jpg-progressive chromasub colorquant cs dpi dl auto s sig expires ixlib";
    for name in first.split_whitespace() {
        assert!(rendered.contains(name), "{name}");
    }
}

/// Compares the table with the public list of parameters in `fixtures/parameters.json`.
mod specification {
    use super::*;

    /// Where the table follows `rendering.md` or common sense rather than the list, with the reason.
    const OTHER_NEEDS: &[(&str, &str)] = &[
        ("q", "the format may come from negotiation or the original"),
        ("lossless", "the format may come from negotiation or the original"),
        ("blend-mode", "`blend-color` works alone and is mixed by it"),
        ("blend-alpha", "`blend-color` works alone and is mixed by it"),
        ("fp-x", "also moves the cut of `fit=min`; `crop` itself needs `fit=crop`"),
        ("fp-y", "as above"),
        ("faceindex", "also chooses the face of `crop=faces` (section 4)"),
        ("fill-gradient-cs", "`fit=fillmax` has bars too; `fill` itself needs one of the two"),
        ("fill-gradient-linear", "as above"),
        ("fill-gradient-linear-direction", "as above"),
        ("fill-gradient-radial", "as above"),
        ("fill-gradient-radial-radius", "as above"),
        ("fill-gradient-radial-x", "as above"),
        ("fill-gradient-radial-y", "as above"),
        ("fill-gradient-type", "as above"),
    ];

    /// Ranges that differ from the list's, with the reason.
    const OTHER_RANGES: &[(&str, &str)] = &[
        ("w", "beyond 8192 the output is scaled in proportion (section 3.1)"),
        ("h", "beyond 8192 the output is scaled in proportion (section 3.1)"),
        ("dpr", "0 and below are dropped"),
        ("mark-alpha", "0 is legal (section 10)"),
        ("mark-x", "may be negative (section 10)"),
        ("mark-y", "may be negative (section 10)"),
        ("blend-x", "may be negative, as that of a watermark"),
        ("blend-y", "may be negative, as that of a watermark"),
        ("rot", "wraps (section 6.3)"),
        ("hue", "wraps (section 6.3)"),
        ("mark-rot", "wraps, as `rot`"),
        ("trim-pad", "positive only (section 6.1)"),
        ("shad", "a negative one is dropped (section 17)"),
        ("txt-shad", "a negative one is dropped (section 17)"),
        ("corner-radius", "0 and below keep the default"),
        ("face-blur", "a negative one is no value: only 0 and words turn it off (section 18)"),
        ("face-pixel", "a negative one is no value (section 18)"),
        ("lp-blur", "a negative one is no value (section 18)"),
        ("frame", "`-1` is a span"),
        ("video-clip-start", "`-1` is a span"),
        ("video-clip-end", "`-1` is a span"),
    ];

    /// Defaults that differ from the list's, with the reason.
    const OTHER_DEFAULTS: &[(&str, &str)] = &[
        ("corner-radius", "a share of the side, which is no value"),
        ("bg-replace", "a text that is written `false`"),
        ("bg-replace-neg-prompt", "a text that is written `false`"),
        ("blend-align", "centred, which the list does not say (section 9)"),
        ("blend-x", "absent, the alignment counts"),
        ("blend-y", "absent, the alignment counts"),
        ("txt-x", "absent, the alignment counts"),
        ("txt-y", "absent, the alignment counts"),
        ("loop", "absent, the file decides"),
    ];

    fn entries() -> Vec<serde_json::Value> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/parameters.json");
        let all: Vec<serde_json::Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        // Of those known from the documentation's pages only, the ones in the table are held to what is said there.
        let is_here =
            |entry: &serde_json::Value| entry["status"] == "current" || find(entry["name"].as_str().unwrap()).is_some();
        all.into_iter().filter(is_here).collect()
    }

    fn words(list: &serde_json::Value) -> BTreeSet<String> {
        list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn names_aliases_tiers_and_categories() {
        let mut left: BTreeMap<_, _> = PARAMS.iter().map(|spec| (spec.name, spec)).collect();
        for entry in &entries() {
            let name = entry["name"].as_str().unwrap();
            let spec = left.remove(name).unwrap_or_else(|| panic!("{name} is missing"));
            let aliases: BTreeSet<_> = spec.aliases.iter().map(|alias| (*alias).to_owned()).collect();
            assert_eq!(aliases, words(&entry["aliases"]), "{name}");
            assert_eq!(spec.tier.as_str(), entry["tier"], "{name}");
            assert_eq!(spec.category.as_str(), entry["category"], "{name}");
            assert_eq!(spec.base64, entry["base64"] == true, "{name}");
            assert_eq!(spec.merges, entry["repeatable"] == true, "{name}");
        }
        // For some families the list names only the head.
        left.retain(|name, _| !["fade-", "gradient-", "drop-shadow-"].iter().any(|family| name.contains(family)));
        left.retain(|_, spec| !spec.newer);
        assert_eq!(left.into_keys().collect::<Vec<_>>(), ["sig"]);
    }

    #[test]
    fn dependencies() {
        for entry in &entries() {
            let name = entry["name"].as_str().unwrap();
            let needs = find(name).unwrap().needs;
            let expected = entry["depends"]["conditions"].as_array().map(|_| words(&entry["depends"]["conditions"]));
            let own: BTreeSet<_> = needs.conditions().iter().map(|condition| (*condition).to_owned()).collect();
            // With a single condition, `any` and `all` are the same.
            let mode = match needs {
                Needs::Any(_) => entry["depends"]["mode"] == "any",
                Needs::All(_) => own.len() == 1 || entry["depends"]["mode"] == "all",
                Needs::Nothing => true,
                Needs::Advisory(_) => false,
            };
            let same = mode && own == expected.unwrap_or_default();
            assert_eq!(!same, OTHER_NEEDS.iter().any(|(other, _)| *other == name), "{name}");
        }
    }

    #[test]
    fn defaults() {
        for entry in &entries() {
            let name = entry["name"].as_str().unwrap();
            let spec = find(name).unwrap();
            // The list does not know the defaults of newer parameters.
            if entry["status"] == "docs-only" && entry["default"].is_null() {
                continue;
            }
            let text = entry["default"].as_str().map_or_else(|| entry["default"].to_string(), str::to_owned);
            if OTHER_DEFAULTS.iter().any(|(other, _)| *other == name) {
                continue;
            }
            let expected = Some(text).filter(|text| text != "null").map(|text| spec.parse(&text).expect(name));
            assert_eq!(spec.default.and_then(|default| spec.parse(default)), expected, "{name}");
        }
    }

    #[test]
    fn words_are_accepted() {
        for entry in &entries() {
            let name = entry["name"].as_str().unwrap();
            for form in entry["forms"].as_array().unwrap() {
                let Some(listed) = form["enum"].as_array() else { continue };
                for word in listed {
                    let word = word.as_str().unwrap();
                    assert!(find(name).unwrap().parse(word).is_some(), "{name}={word}");
                }
            }
        }
    }

    #[test]
    fn ranges_clamp() {
        let mut checked = 0;
        for entry in &entries() {
            let name = entry["name"].as_str().unwrap();
            if OTHER_RANGES.iter().any(|(other, _)| *other == name) {
                continue;
            }
            let forms = entry["forms"].as_array().unwrap();
            let Some(form) = forms.iter().find(|form| form["type"] == "integer" || form["type"] == "number") else {
                continue;
            };
            let (range, spec) = (&form["range"], find(name).unwrap());
            let is_length = forms.len() > 1 && forms[1]["type"] == "fraction";
            if let Some(high) = range[1].as_i64() {
                assert_eq!(spec.parse(&(high + 1).to_string()), spec.parse(&high.to_string()), "{name} above {high}");
                assert!(spec.parse(&high.to_string()).is_some(), "{name}={high}");
                checked += 1;
            }
            if let Some(low) = range[0].as_i64().filter(|_| !is_length) {
                assert_eq!(spec.parse(&(low - 1).to_string()), spec.parse(&low.to_string()), "{name} below {low}");
                assert!(spec.parse(&low.to_string()).is_some(), "{name}={low}");
                checked += 1;
            }
        }
        assert!(checked > 100, "only {checked} bounds were found");
    }
}

/// Values, as written in a query, that state neither a strength nor "off".
const UNREADABLE: &[&str] = &[
    "", "+", "%20", "true", "on", "yes", "no", "none", "abc", "high", "-5", "-0.1", "1e2", "NaN", "inf", "50%25",
    "5,5", "0x10", "%", "%ff", "%00", "False", "OFF", "\u{ff15}", "50;s=x",
];

#[test]
fn an_invalid_protecting_parameter_never_counts_as_absent() {
    let protecting: Vec<_> = PARAMS.iter().filter(|spec| spec.protects).collect();
    assert_eq!(
        protecting.iter().map(|spec| spec.name).collect::<Vec<_>>(),
        ["expires", "face-blur", "face-pixel", "lp-blur"]
    );
    for spec in protecting {
        // Nothing may drop it: it has no conditions, does not merge, and has no meaning as a bare name.
        assert!(spec.needs == Needs::Nothing && !spec.merges && !spec.bare && spec.base64, "{}", spec.name);
        // An unreadable time is a value of its own, and counts as passed.
        let by_value = spec.name == "expires";
        let refused = Err(ParamError::Unreadable { name: spec.name });
        for name in spec.aliases.iter().chain([&spec.name]) {
            let check = |query: &str, defaults: &[(String, String)]| {
                let got = parse(query, defaults);
                if by_value {
                    let read = got.expect("a time is never refused").params.control.expires;
                    assert_eq!(read, Some(Expires::Unparseable), "{query} {defaults:?}");
                } else {
                    assert_eq!(got, refused, "{query} {defaults:?}");
                }
            };
            for value in UNREADABLE {
                check(&format!("w=5&{name}={value}"), &[]);
                let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned();
                check(&format!("{name}64={}", base64url(&decoded)), &[]);
                check("w=5", &[((*name).to_owned(), decoded)]);
            }
            check(name, &[]);
            check(&format!("{name}64"), &[]);
            let bad = parse(&format!("{name}64=*"), &[]);
            assert_eq!(bad, refused, "{name}64");
            if !by_value {
                // An unreadable value is an error even where another value beats it.
                check(&format!("{name}=50&{name}="), &[]);
                check(&format!("{name}=x&{name}=50"), &[]);
                check(&format!("{name}=x&{}64=NTA", spec.name), &[]);
                check(&format!("{name}=50"), &[(spec.name.to_owned(), "x".to_owned())]);
            }
        }
    }
}

#[test]
fn hiding_is_turned_off_by_three_values_only() {
    let strength = |query: &str, defaults: &[(String, String)]| {
        let faces = parse(query, defaults).unwrap().params.faces;
        [faces.blur, faces.pixel, faces.lp_blur]
    };
    for (at, name) in ["face-blur", "face-pixel", "lp-blur"].into_iter().enumerate() {
        let of = |value: &str| strength(&format!("{name}={value}"), &[])[at];
        for off in ["0", "0.0", "-0", "false", "off"] {
            assert_eq!(of(off), Some(0), "{name}={off}");
            let over = strength(&format!("{name}={off}"), &[(name.to_owned(), "50".to_owned())]);
            assert_eq!(over[at], Some(0), "{name}={off} over a default");
        }
        for (on, expected) in [("1", 1), ("0.01", 1), ("50", 50), ("+50+", 50), ("99.5", 100), ("100000", 100)] {
            assert_eq!(of(on), Some(expected), "{name}={on}");
        }
    }
}

/// Checks that every parameter whose name suggests hiding is marked as protecting; an unmarked one would fail open.
#[test]
fn parameters_named_like_a_cover_are_protecting() {
    let covers = ["face-", "lp-", "license-", "plate-", "redact", "anonym", "privacy", "hide"];
    for spec in PARAMS {
        let names = || spec.aliases.iter().chain([&spec.name]);
        let is_cover = names().any(|name| covers.iter().any(|word| name.starts_with(word)));
        assert_eq!(is_cover || spec.name == "expires", spec.protects, "{}", spec.name);
    }
}

/// Where the default is the safe side, an unreadable value leaves the default.
#[test]
fn switches_that_lift_a_protection_need_their_word() {
    for query in ["svg-sanitize=", "svg-sanitize=no", "svg-sanitize=off", "svg-sanitize64=b2Zm"] {
        assert_ne!(parsed(query).params.format.svg_sanitize, Some(false), "{query}");
    }
    for query in ["rasterize-bypass=", "rasterize-bypass=yes", "iptc=true", "iptc=1", "iptc=", "iptc=ALLOW"] {
        let format = parsed(query).params.format;
        assert!(format.rasterize_bypass != Some(true) && format.iptc_allow != Some(true), "{query}");
    }
}

/// Generates a value that has a chance of being valid, encoded for a query.
fn value() -> impl Strategy<Value = String> {
    let words = PARAMS.iter().flat_map(|spec| spec.kinds).flat_map(words_of);
    let word = prop::sample::select(words.collect::<Vec<&str>>());
    let example = prop::sample::select(PARAMS.iter().map(own_value).collect::<Vec<_>>()).prop_map(str::to_owned);
    let plain = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        (-300_i32..9000).prop_map(|number| number.to_string()),
        (-3.0..400.0_f64).prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        prop::collection::vec(word, 1..4).prop_map(|words| words.join(",")),
        "[0-9a-fA-F]{3,8}(,[0-9a-f]{3,8})?",
        "[0-9.]{1,3}[:x,-][0-9.]{1,3}(,[0-9.]{1,3}){0,2}",
        ".{0,12}",
    ];
    prop_oneof![
        example,
        plain.prop_map(
            |text| percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string()
        ),
        "[ -~]{0,12}",
    ]
}

/// Generates a query of parameters from the table, along with what some of them need.
fn query() -> impl Strategy<Value = String> {
    let names = PARAMS.iter().flat_map(|spec| spec.aliases.iter().chain([&spec.name])).copied();
    let pair = (prop::sample::select(names.collect::<Vec<&str>>()), value()).prop_map(|(n, v)| format!("{n}={v}"));
    let example = prop::sample::select(PARAMS.iter().map(|spec| spec.example.to_owned()).collect::<Vec<_>>());
    prop::collection::vec(prop_oneof![3 => pair, 1 => example], 0..12).prop_map(|pairs| pairs.join("&"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn canonical_parses_to_the_same(query in query()) {
        match parse(&query, &[]) {
            Ok(mut first) => {
                // Dropped parameters are not written.
                first.ignored.retain(|ignored| ignored.why == IgnoredWhy::NotRendered);
                prop_assert_eq!(parsed(&canonical(&first)), first);
            }
            Err(ParamError::Unreadable { name }) => prop_assert!(find(name).is_some_and(|spec| spec.protects)),
            Err(error @ ParamError::InvalidBase64 { .. }) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn any_text_is_parsed(query in ".{0,200}", default in ".{0,20}") {
        let _ = parse(&query, &[(default.clone(), query.clone()), ("w".to_owned(), default)]);
    }

    #[test]
    fn every_parameter_takes_any_text(text in value(), noise in ".{0,30}") {
        for spec in PARAMS {
            for text in [&text, &noise] {
                if let Some(value) = spec.parse(text) {
                    prop_assert_eq!(spec.parse(&value.to_string()), Some(value), "{} from {:?}", spec.name, text);
                }
            }
        }
    }

    #[test]
    fn numbers_stay_in_range(whole in any::<i64>(), decimal in any::<f64>()) {
        for kind in PARAMS.iter().flat_map(|spec| spec.kinds) {
            for text in [whole.to_string(), decimal.to_string(), format!("{whole}0000000000000")] {
                match (kind, kind.parse(&text)) {
                    (Kind::Whole(range), Some(Value::Whole(value))) => prop_assert!(range.contains(&value)),
                    (Kind::Number(range) | Kind::Quantity(range), Some(Value::Number(value))) => {
                        prop_assert!(range.contains(&value));
                    }
                    (Kind::Factor(max), Some(Value::Number(value))) => prop_assert!(value > 0.0 && value <= *max),
                    (Kind::Length(max), Some(Value::Length(crate::units::Length::Px(value)))) => {
                        prop_assert!(value >= 2.0 && value <= *max as f64 && value.fract() == 0.0);
                    }
                    (Kind::Whole(_), other) => prop_assert!(other.is_none() && text.contains(['N', 'i'])),
                    (_, _) => {}
                }
            }
        }
    }
}
