//! Parses a query string into [`Parsed`]: splitting, decoding, duplicates, aliases, base64 twins, defaults,
//! dependencies.
//!
//! Work and memory are proportional to the length of the query. However often a parameter is repeated, only the winning
//! spelling is parsed, unless the parameter merges or protects.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

use super::parsed::UNKNOWN_MAX;
use super::table::{Rank, Spelling, spelled, spelling};
use super::{Effect, Honoured, Ignored, IgnoredWhy, Needs, PARAMS, ParamError, ParamSpec, Parsed, Value};

/// Parses the raw query (without `?`, still percent-encoded) on top of the source's default parameters.
///
/// `defaults` are names and values as configured, not percent-encoded. A parameter of the query with a valid value
/// replaces the default of the same name, whichever spelling either uses. `auto` adds to its default, and `ch` is never
/// taken from the defaults (`rendering.md` 13).
///
/// # Errors
/// [`ParamError::Unreadable`] for an unreadable value of a parameter that protects; [`ParamError::InvalidBase64`] for
/// an invalid base64 twin of any other known parameter. Both apply to the query and to the defaults.
pub fn parse(query: &str, defaults: &[(String, String)]) -> Result<Parsed, ParamError> {
    let sent = query.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), RawValue::Percent(value))
    });
    let preset = defaults.iter().map(|(name, value)| (Cow::from(name.as_str()), RawValue::Not(value)));

    let mut slots = Slots::default();
    slots.fill(sent, ParamOrigin::Sent)?;
    slots.fill(
        preset.filter(|(name, _)| spelled(name).is_none_or(|(spec, _)| spec.presettable || spec.protects)),
        ParamOrigin::Preset,
    )?;
    let Slots { mut known, unknown } = slots;
    known.sort_unstable_by_key(|slot| (slot.index, slot.origin));
    let mut values = Values(Vec::with_capacity(known.len()));
    let mut ignored = Vec::new();
    let mut slots = known.into_iter().peekable();
    while let Some(first) = slots.next() {
        let index = first.index;
        let spec = &PARAMS[index];
        let second = slots.next_if(|slot| slot.index == index);
        let value = if spec.merges {
            merged([first].into_iter().chain(second).flat_map(|slot| slot.values(spec)))
        } else {
            [first].into_iter().chain(second).find_map(|slot| merged(slot.values(spec)))
        };
        match value {
            Some(value) => values.0.push((index, value)),
            None => ignored.push((index, IgnoredWhy::Unreadable)),
        }
    }
    drop_unmet(&mut values, &mut ignored);
    let mut parsed = collect(values, ignored);
    let unknown = unknown.into_iter().map(|name| Ignored { name: name.into_owned().into(), why: IgnoredWhy::Unknown });
    parsed.ignored.extend(unknown);
    Ok(parsed)
}

/// Writes a query string that parses to the same result, in canonical form: canonical names and values, in table order.
#[must_use]
pub fn canonical(parsed: &Parsed) -> String {
    /// Left readable besides letters and digits; none of these characters has a meaning in a query.
    const ENCODED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b',').remove(b':').remove(b'/');
    let pair =
        |Honoured { name, value }: &Honoured| format!("{name}={}", utf8_percent_encode(&value.to_string(), ENCODED));
    parsed.honoured.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// A value as received.
#[derive(Clone, Copy)]
enum RawValue<'a> {
    /// From a query: percent-encoded, `+` for a space.
    Percent(&'a str),
    /// From the configuration.
    Not(&'a str),
}

impl<'a> RawValue<'a> {
    const fn is_empty(self) -> bool {
        match self {
            Self::Percent(text) | Self::Not(text) => text.is_empty(),
        }
    }

    fn decoded(self) -> Cow<'a, str> {
        match self {
            Self::Percent(text) => decode(text),
            Self::Not(text) => Cow::Borrowed(text),
        }
    }
}

/// Decodes once. Malformed escapes stay as they are, and bytes that are not UTF-8 become U+FFFD; neither is an error.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Cow::Borrowed(text);
    }
    // Plus signs are replaced before decoding, so that `%2B` stays a plus.
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode(spaced.as_bytes()).decode_utf8_lossy().into_owned())
}

/// Where a parameter comes from. What was sent sorts before what is preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ParamOrigin {
    /// The query.
    Sent,
    /// The source's default parameters.
    Preset,
}

/// The winning spelling of one parameter from one origin, decoded.
struct Slot<'a> {
    /// Index in the table.
    index: usize,
    origin: ParamOrigin,
    rank: Rank,
    text: Cow<'a, str>,
    /// Earlier occurrences, kept only for a parameter that merges.
    earlier: Vec<Cow<'a, str>>,
}

impl<'a> Slot<'a> {
    /// Takes in another occurrence of the same parameter.
    fn offer(&mut self, spec: &ParamSpec, rank: Rank, text: Cow<'a, str>) {
        if spec.merges {
            self.earlier.push(std::mem::replace(&mut self.text, text));
        } else if self.rank <= rank {
            (self.rank, self.text) = (rank, text);
        }
    }

    /// Returns the valid values, in the order sent.
    fn values(self, spec: &ParamSpec) -> impl Iterator<Item = Value> {
        self.earlier.into_iter().chain([self.text]).filter_map(|text| spec.parse(&text))
    }
}

/// What was received: at most one slot per parameter and origin.
///
/// A request pays for the parameters it has, not for the size of the table. Few are present, so searching a list is
/// faster than a map.
#[derive(Default)]
struct Slots<'a> {
    known: Vec<Slot<'a>>,
    /// The first few unknown names that were sent, each once.
    unknown: Vec<Cow<'a, str>>,
}

impl<'a> Slots<'a> {
    fn fill(
        &mut self,
        pairs: impl Iterator<Item = (Cow<'a, str>, RawValue<'a>)>,
        origin: ParamOrigin,
    ) -> Result<(), ParamError> {
        for (name, value) in pairs {
            let Some(Spelling { index, rank }) = spelling(&name) else {
                // Unknown names in the configuration are reported when it is read.
                let counts = origin == ParamOrigin::Sent && !name.is_empty() && self.unknown.len() < UNKNOWN_MAX;
                if counts && !self.unknown.contains(&name) {
                    self.unknown.push(name);
                }
                continue;
            };
            let spec = &PARAMS[index];
            // An empty value counts as absent, unless the bare name has a meaning or the parameter protects somebody.
            if value.is_empty() && !spec.protects && (rank.is_twin() || !spec.bare) {
                continue;
            }
            let decoded = value.decoded();
            // A twin or a protecting value must be valid even where another spelling or a repetition beats it.
            let text = if rank.is_twin() { Cow::Owned(decode_twin(spec, &decoded)?) } else { decoded };
            if spec.protects && spec.parse(&text).is_none() {
                return Err(ParamError::Unreadable { name: spec.name });
            }
            match self.known.iter_mut().find(|slot| slot.index == index && slot.origin == origin) {
                Some(taken) => taken.offer(spec, rank, text),
                None => self.known.push(Slot { index, origin, rank, text, earlier: Vec::new() }),
            }
        }
        Ok(())
    }
}

fn decode_twin(spec: &ParamSpec, text: &str) -> Result<String, ParamError> {
    let name = spec.name;
    let decoded = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let invalid = || if spec.protects { ParamError::Unreadable { name } } else { ParamError::InvalidBase64 { name } };
    decoded.ok_or_else(invalid)
}

/// Returns the union of word lists; for any other type, which has only one value, the first.
fn merged(values: impl Iterator<Item = Value>) -> Option<Value> {
    values.reduce(|all, more| match (all, more) {
        (Value::Words(mut all), Value::Words(more)) => {
            for word in more {
                if !all.contains(&word) {
                    all.push(word);
                }
            }
            Value::Words(all)
        }
        (first, _) => first,
    })
}

/// The values that count, each with its index in the table, in table order.
struct Values(Vec<(usize, Value)>);

impl Values {
    fn get(&self, index: usize) -> Option<&Value> {
        self.0.binary_search_by_key(&index, |(index, _)| *index).ok().map(|at| &self.0[at].1)
    }
}

/// Drops parameters whose needs are unmet, then those that needed them, until nothing changes.
fn drop_unmet(values: &mut Values, ignored: &mut Vec<(usize, IgnoredWhy)>) {
    loop {
        let unmet: Vec<usize> =
            values.0.iter().map(|(index, _)| *index).filter(|&index| !is_met(PARAMS[index].needs, values)).collect();
        if unmet.is_empty() {
            return;
        }
        values.0.retain(|(index, _)| !unmet.contains(index));
        ignored.extend(unmet.into_iter().map(|index| (index, IgnoredWhy::Needs(PARAMS[index].needs))));
    }
}

fn is_met(needs: Needs, values: &Values) -> bool {
    let holds = |condition: &&str| {
        let (name, word) = condition.split_once('=').map_or((*condition, None), |(name, word)| (name, Some(word)));
        let value = spelling(name).and_then(|spelling| values.get(spelling.index));
        value.is_some_and(|value| word.is_none_or(|word| value.has(word)))
    };
    match needs {
        Needs::Nothing | Needs::Advisory(_) => true,
        Needs::All(conditions) => conditions.iter().all(holds),
        Needs::Any(conditions) => conditions.iter().any(holds),
    }
}

/// Collects the typed result. Leaves out what says nothing about the answer: signatures, and the name of the client library.
fn collect(values: Values, mut ignored: Vec<(usize, IgnoredWhy)>) -> Parsed {
    let mut parsed = Parsed { honoured: Vec::with_capacity(values.0.len()), ..Parsed::default() };
    for (index, value) in values.0 {
        let spec = &PARAMS[index];
        (spec.set)(&mut parsed.params, &value);
        parsed.renders |= spec.effect == Effect::Pixels;
        if !spec.has_effect(&value) {
            ignored.push((index, IgnoredWhy::NotRendered));
        }
        if spec.effect != Effect::Control {
            parsed.honoured.push(Honoured { name: spec.name, value });
        }
    }
    ignored.sort_unstable_by_key(|(index, _)| *index);
    let named = |(index, why): (usize, IgnoredWhy)| Ignored { name: PARAMS[index].name.into(), why };
    parsed.ignored =
        ignored.into_iter().filter(|(index, _)| PARAMS[*index].effect != Effect::Control).map(named).collect();
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::{CropWord, Expires, Fit, FormatWord, Location, PARAMS, Params, State};
    use crate::units::{Length, Quality};

    fn params(query: &str) -> Params {
        parse(query, &[]).unwrap().params
    }

    fn with_defaults(query: &str, defaults: &[(&str, &str)]) -> Parsed {
        let defaults: Vec<_> = defaults.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        parse(query, &defaults).unwrap()
    }

    /// Checks the honoured set, written as a query.
    fn check(query: &str, expected: &str) {
        assert_eq!(canonical(&parse(query, &[]).unwrap()), expected, "{query}");
    }

    fn check_defaults(query: &str, defaults: &[(&str, &str)], expected: &str) {
        assert_eq!(canonical(&with_defaults(query, defaults)), expected, "{query} over {defaults:?}");
    }

    #[test]
    fn absent_empty_and_unknown() {
        for query in ["", "&", "&&&", "=", "=5", "w", "w=", "w&h", "foo=1", "W=100", "Width=100", "w[0]=5", "%", "w%=5"]
        {
            check(query, "");
            let mut parsed = parse(query, &[]).unwrap();
            // An unknown name leaves nothing behind except that it was sent.
            parsed.ignored.retain(|ignored| ignored.why != IgnoredWhy::Unknown);
            assert_eq!(parsed, Parsed::default(), "{query}");
        }
        check("foo64=!!!&auto64=!!!&ch64=!!!&s64=!!!&sig64=!!!&ixlib64=!!!", "");
    }

    #[test]
    fn decoding() {
        check("%77=100", "w=100");
        check("w=%31%30%30", "w=100");
        check("txt=a+b%20c%2Bd", "txt=a%20b%20c%2Bd");
        check("txt=%2525", "txt=%2525");
        check("txt=100%", "txt=100%25");
        check("txt=%zz%4", "txt=%25zz%254");
        check("txt=%ff", "txt=%EF%BF%BD");
        check("txt=a%0D%0Ab%09c%00d", "txt=a%20b%20cd");
        check("txt=%00", "");
        check("ar=3%3A2&fit=crop", "fit=crop&ar=3:2");
        check("txt=a=b", "txt=a%3Db");
    }

    #[test]
    fn duplicates_and_spellings() {
        check("w=100&w=200", "w=200");
        check("w=100&w=", "w=100");
        check("w=100&w=abc", "");
        check("width=100", "w=100");
        check("w=100&width=200", "w=100");
        check("width=200&w=100&width=300", "w=100");
        check("width=100&width=200", "w=200");
        check("w=100&width64=MjAw", "w=100");
        check("w64=MjAw&w=100", "w=200");
        check("w64=MjAw&w64=&w=100", "w=200");
        check("width64=MjAw&width=100", "w=200");
        check("txt=a&txtclr64=cmVk", "txt=a&txt-color=ff0000");
    }

    #[test]
    fn auto_adds_up() {
        check("auto=compress&auto=format,foo&auto=&auto=nothing", "auto=compress,format");
        check("auto=foo", "");
        let auto = params("auto=true&auto=enhance").format.auto;
        assert!(auto.compress && auto.format && auto.enhance && !auto.redeye);
        check_defaults("auto=compress", &[("auto", "format")], "auto=compress,format");
        check_defaults("w=100", &[("auto", "format")], "w=100&auto=format");
        check_defaults("auto=", &[("auto", "format,compress")], "auto=format,compress");
    }

    #[test]
    fn base64_twins() {
        assert_eq!(params("txt64=SGVsbG8sIFdvcmxkIQ").text.txt.as_deref(), Some("Hello, World!"));
        let long = "SSBjYW5uw7h0IGJlbMOuw6l24oiRIGl0IHdvcu-jv3MhIPCfmLE";
        assert_eq!(params(&format!("txt64={long}")).text.txt.as_deref(), Some("I cannøt belîév∑ it wor\u{f8ff}s! 😱"));
        // The encoded text is `a+b`: a plus sign inside base64 does not become a space.
        assert_eq!(params("txt64=YSti").text.txt.as_deref(), Some("a+b"));
        for value in ["MTAw=", "MTAwMA==", "MTAw%3D", "-_-_+", "a/b", "a%2Fb", "a%2Bb", "!!!", "M", "_w", "MTAw "] {
            for name in ["w64", "width64", "txt64", "mark64", "expires64"] {
                assert!(parse(&format!("w=1&{name}={value}&h=2"), &[]).is_err(), "{name}={value}");
            }
        }
        let error = parse("mw64=a*b", &[]).unwrap_err();
        assert_eq!(error, ParamError::InvalidBase64 { name: "mark-w" });
        assert!(parse("", &[("txt64".to_owned(), "?".to_owned())]).is_err());
    }

    #[test]
    fn a_default_is_overridden_by_any_spelling_of_its_name() {
        check_defaults("w=100", &[("w", "500"), ("h", "50")], "w=100&h=50");
        check_defaults("width=100", &[("w", "500")], "w=100");
        check_defaults("w64=MTAw", &[("width", "500")], "w=100");
        check_defaults("w=abc", &[("w", "500")], "w=500");
        check_defaults("w=", &[("w64", "NTAw")], "w=500");
        check_defaults("", &[("ch", "Width"), ("foo", "1")], "");
        check_defaults("fit=max", &[("fit", "crop"), ("crop", "top")], "fit=max");
        check_defaults("", &[("txt", "a+b%20")], "txt=a%2Bb%2520");
        check_defaults("dl", &[("dl", "a.jpg")], "dl=");
    }

    #[test]
    fn sizes() {
        let width = |query: &str| params(query).size.w;
        assert_eq!(width("w=300"), Some(Length::Px(300.0)));
        assert_eq!(width("w=300.5"), Some(Length::Px(301.0)));
        assert_eq!(width("w=300.4"), Some(Length::Px(300.0)));
        assert_eq!(width("w=1"), Some(Length::Fraction(1.0)));
        assert_eq!(width("w=1.0"), Some(Length::Fraction(1.0)));
        assert_eq!(width("w=0.5"), Some(Length::Fraction(0.5)));
        assert_eq!(width("w=1.2"), Some(Length::Px(2.0)));
        // Scaled down in proportion later, so not clamped to 8192 here.
        assert_eq!(width("w=10000"), Some(Length::Px(10_000.0)));
        assert_eq!(width(&format!("w={}", "9".repeat(400))), Some(Length::Px(100_000_000.0)));
        for query in ["w=0", "w=-5", "w=0.0", "w=-0", "w=NaN", "w=inf", "w=1e400", "w=1e2", "w=0x10", "w=5px", "w=1,5"]
        {
            assert_eq!(width(query), None, "{query}");
        }
        for (text, ratio) in [("16:9", 16.0 / 9.0), ("3x2", 1.5), ("3,2", 1.5), ("1.5", 1.5), ("0.85:1", 0.85)] {
            assert_eq!(params(&format!("fit=crop&ar={text}")).size.ar, Some(ratio), "{text}");
        }
        for text in ["0:1", "1:0", "-1:1", "1:", ":1", "a:b", "1:2:3", "0", "1e2", "inf"] {
            assert_eq!(params(&format!("fit=crop&ar={text}")).size.ar, None, "{text}");
        }
        assert!(params("dpr=9").size.dpr.is_some_and(|dpr| dpr.get() == 5.0));
        assert!(params("dpr=0").size.dpr.is_none() && params("dpr=-1").size.dpr.is_none());
        check("rect=right,middle,0.5,full", "rect=right,middle,0.5,full");
        check("rect=1,0,1,1", "rect=1,0,1,1");
        check("rect=1.0,.25,200,100.5", "rect=1.0,0.25,200,101");
        for rect in ["1,2,3", "1,2,3,4,5", "top,left,5,5", "1,1,0,5", "1,1,-5,5", "a,b,c,d", ",,,"] {
            check(&format!("rect={rect}"), "");
        }
    }

    #[test]
    fn dropped_and_clamped() {
        check("q=500&bri=-999&fp-x=2&page=0", "bri=-100&q=100&page=1");
        check("rot=-30&hue=-10&mark=/m&mark-rot=725.5", "rot=330&hue=350&mark=/m&mark-rot=5.5");
        check("rot=360&hue=360", "rot=0&hue=0");
        check("hue=359.5&hue-set=-30", "hue=0&hue-set=330");
        check(
            "bri=10.5&blur=.4&px=9.5&hue=10.5&orient=6.0&chromasub=420.0&frame=2.5",
            "orient=6&bri=11&hue=11&blur=0&px=10&chromasub=420&frame=3",
        );
        check("border=2.5,f00&border-radius=1.2,2.5,3,4", "border=3,ff0000&border-radius=1,3,3,4");
        check("q=abc&bri=&sat=1e3&lossless=maybe&fm=bmp&fit=cover&flip=x", "");
        check("q=99999999999999999999999", "q=100");
        check("q=75.5", "q=76");
        check("shad=-10&txt=a&txt-shad=-1", "txt=a");
        check("high=20&blur=-5", "high=0&blur=0");
        check("bg=FF8800&monochrome=transparent", "bg=ff8800");
        check("bg=%23f00", "bg=ff0000");
        check("orient=90&fm=jpeg&fit=fill&fill=generative", "fit=fill&orient=6&fill=gen&fm=jpg");
        check("frame=3&video-clip-start=2-", "frame=3&video-clip-start=2-");
        check("frame=-5", "frame=-5");
        check("frame=5-2", "");
        check("frame=0", "frame=1");
        check("mask=corners&corner-radius=0", "mask=corners");
        check("mask=corners&corner-radius=1,2,3,4", "mask=corners&corner-radius=1,2,3,4");
        check("mask=poly5&mask-bg=000", "mask=poly5&mask-bg=000000");
        check("grid-colors=ccc&transparency=grid", "transparency=grid&grid-colors=cccccc,ffffff");
        check("duotone=8000,f00", "duotone=000000,ff0000");
        check("duotone=000", "");
        check("ch=Width,DPR,Save-Data,foo", "ch=width,dpr,save-data");
    }

    #[test]
    fn what_has_no_effect_is_listed_with_the_reason() {
        let check = |query: &str, expected: &[&str]| {
            let found: Vec<String> = parse(query, &[]).unwrap().ignored.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{query}");
        };
        check("w=300&fit=crop&crop=top", &[]);
        check("w=300&bg-remove=true&upscale=1", &["bg-remove", "upscale"]);
        // Nothing is lost when a value is off or asks for what happens anyway.
        check("bg-remove=false&upscale=0&bg-remove-fallback=true&video-thumbnail=auto", &[]);
        check("lp-blur=0", &[]);
        check("lp-blur=off&video-generate-subtitles=off&video-wave=0", &[]);
        check("bg-remove=true&bg-remove-semi-transparency=false", &["bg-remove", "bg-remove-semi-transparency"]);
        check("fit=fill&w=9&h=9&fill=gen&fill-gen-seed=7", &["fill", "fill-gen-seed"]);
        check("fit=fill&w=9&h=9&fill=blur", &[]);
        check("bri=bright&sat=20", &["bri (unreadable)"]);
        check("w=300&crop=top&ar=1:1", &["ar (needs fit=crop or fit=fill)", "crop (needs fit=crop)"]);
        check("mark-w=5&mark-fit=crop", &["mark-fit (needs mark and mark-w and mark-h)", "mark-w (needs mark)"]);
        // A parameter that depends on an unreadable one is dropped with it.
        check("fit=cover&crop=top", &["fit (unreadable)", "crop (needs fit=crop)"]);
        check("fit=crop&crop=car", &["crop (unreadable)"]);
        check("fit=crop&crop=car,faces", &[]);
        check("w=&s=abc&sig=abc&ixlib=js-1", &[]);
        check("foo=1&bri=x&w=3", &["bri (unreadable)", "foo"]);
        // A default replaces a value that cannot be read.
        assert_eq!(with_defaults("w=abc", &[("w", "500")]).ignored, []);
    }

    #[test]
    fn parameters_without_an_effect_are_listed_as_ignored() {
        for spec in PARAMS.iter().filter(|spec| spec.state == State::Accepted) {
            let parsed = parse(spec.example, &[]).unwrap();
            let own = parsed.ignored.iter().find(|ignored| ignored.name == spec.name);
            let value =
                parsed.honoured.iter().find(|honoured| honoured.name == spec.name).map(|own| own.value.to_string());
            let is_default = spec.default.is_some() && value.as_deref() == spec.default;
            assert_eq!(own.is_none(), is_default, "{}: {}", spec.name, spec.example);
        }
    }

    #[test]
    fn unmet_dependencies_drop() {
        check("w=100&crop=top", "w=100");
        check("fit=crop&crop=car,faces,top", "fit=crop&crop=faces,top");
        check("fit=crop&crop=zebra,auto&faceindex=2", "fit=crop&crop=auto&faceindex=2");
        check("fit=crop&crop=top,left,foo,top", "fit=crop&crop=top,left");
        check("fit=crop&fp-x=0.2", "fit=crop");
        check("fit=crop&crop=faces,focalpoint&fp-x=0.2", "fit=crop&crop=faces,focalpoint&fp-x=0.2");
        check("crop=focalpoint&fp-x=0.2", "");
        check("min-w=5&max-h=5", "");
        check("ar=1:1", "");
        check("ar=1:1&fit=fill", "fit=fill&ar=1:1");
        check("fill=solid&fill-color=red", "");
        check("fit=fillmax&fill-color=red", "fit=fillmax");
        check("fit=fillmax&fill=solid&fill-color=red", "fit=fillmax&fill=solid&fill-color=ff0000");
        check("fit=fillmax&fill=gradient&fill-gradient-cs=hsv", "fit=fillmax&fill=gradient&fill-gradient-cs=hsv");
        check("fit=facearea,fill&fill=blur", "fit=facearea,fill&fill=blur");
        check("trim=alpha&trim-color=red&trim-tol=5", "trim=alpha&trim-tol=5");
        check("txt-size=5&txt-line-color=red", "");
        check("txt=a&txt-line-color=red", "txt=a");
        check("mark=/a.png&mark-w=5&mark-fit=crop", "mark=/a.png&mark-w=5");
        check("blend-color=red&blend-alpha=5&blend-w=7", "blend-color=ff0000&blend-alpha=5");
        check("bg-remove=false&bg-remove-fg-type=car", "bg-remove=false");
        check("bg-remove=1&bg-remove-fg-type=car", "bg-remove=true&bg-remove-fg-type=car");
        // The format is not known yet, so quality is never dropped on its account.
        check("fm=png&q=5&lossless=1", "fm=png&q=5&lossless=true");
        // A location that starts like the word is not the word.
        check("mask=corners,x&corner-radius=5", "mask=corners,x");
    }

    #[test]
    fn typed_results() {
        let all = params("fit=facearea,max&fm=jxl&q=60&expires=1700000000&dl=a%2Fb.jpg&flip=hv&auto=format");
        assert_eq!((all.size.fit, all.size.fit_fallback), (Some(Fit::FaceArea), Some(Fit::Max)));
        assert_eq!((all.format.fm, all.format.q), (Some(FormatWord::Jxl), Some(Quality::clamped(60))));
        assert_eq!(all.control.expires, Some(Expires::At(1_700_000_000)));
        assert_eq!((all.format.dl.as_deref(), all.format.dl_bare), (Some("a/b.jpg"), false));
        assert!(all.rotation.flip_h && all.rotation.flip_v);
        let crop = params("fit=crop&crop=center,focalpoint").size.crop;
        assert_eq!(crop, [CropWord::Center, CropWord::FocalPoint]);
    }

    #[test]
    fn expiry_fails_closed() {
        for text in
            ["", "abc", "-1", "-1.5", "%2B5", "99999999999999999999999", "+", "1e9", ".", "1.", ".5", "1.5.2", "1.x"]
        {
            assert_eq!(params(&format!("expires={text}")).control.expires, Some(Expires::Unparseable), "{text}");
        }
        // Clocks may report fractions, and no fraction makes the URL last longer.
        for text in ["1700000000", "1700000000.0", "1700000000.4", "1700000000.999999"] {
            assert_eq!(params(&format!("expires={text}")).control.expires, Some(Expires::At(1_700_000_000)), "{text}");
        }
        assert_eq!(params("w=5").control.expires, None);
        assert_eq!(params("expires").control.expires, Some(Expires::Unparseable));
        assert_eq!(params("expires64=").control.expires, Some(Expires::Unparseable));
        assert_eq!(params("expires64=MTIz").control.expires, Some(Expires::At(123)));
    }

    #[test]
    fn locations() {
        let mark = |text: &str| params(&format!("mark={text}")).mark.source;
        assert_eq!(mark("/a%20b.png"), Some(Location::Path("/a b.png".to_owned())));
        assert_eq!(mark("~text%3Ftxt%3Dhi"), Some(Location::Path("~text?txt=hi".to_owned())));
        assert_eq!(mark("https://a.example/b.png"), Some(Location::Url("https://a.example/b.png".to_owned())));
        assert_eq!(mark("HTTP%3A%2F%2Fa.example%2F"), Some(Location::Url("HTTP://a.example/".to_owned())));
        for text in ["file:///etc/passwd", "ftp://a/b", "http://", "https:///", "a%00b", "a%0Ab", "%20"] {
            assert_eq!(mark(text), None, "{text}");
        }
    }

    #[test]
    fn only_some_parameters_ask_for_rendering() {
        let renders = |query: &str| parse(query, &[]).unwrap().renders;
        assert!(!renders("s=abc&sig=abc&expires=5&ixlib=js-1&dl=a&ch=width&video-bitrate=1m&foo=1"));
        assert!(!renders("w=abc&crop=top"));
        assert!(renders("w=5") && renders("auto=format") && renders("ch=width&q=5"));
        assert!(with_defaults("", &[("fm", "webp")]).renders);
    }

    #[test]
    fn four_thousand_parameters_are_quick_and_small() {
        let many = "w=1&".repeat(2000);
        check(&many, "w=1");
        check(&"auto=format&".repeat(700), "auto=format");
        check(&format!("crop={}&fit=crop", "top,".repeat(2000)), "fit=crop&crop=top");
    }
}
