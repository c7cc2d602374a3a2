//! [`Parsed`]: the outcome of parsing a query, parameter by parameter, and its summary for people.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{FORMAT, Needs, Params, Value, nearest_name};

/// Length limit of the summary. Without it, a long query could produce a header that proxies refuse.
pub const SUMMARY_BYTES_MAX: usize = 4096;
/// How many unknown names are remembered per query.
pub(super) const UNKNOWN_MAX: usize = 8;
/// How many characters of an unknown name are shown; a longer name is cut off.
const UNKNOWN_LETTERS_MAX: usize = 32;
/// Characters of an unknown name that are shown unescaped, besides letters and digits. Any other could be mistaken for
/// the punctuation of the summary.
const SHOWN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// What a request asks for, after defaults and dependencies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// The typed values.
    pub params: Params,
    /// The parameters that count, in table order. Leaves out dropped parameters, and `s`, `sig` and `ixlib`, which say
    /// nothing about the image.
    pub honoured: Vec<Honoured>,
    /// The parameters that were sent or preset and have no effect, in table order, followed by the first few unknown
    /// names that were sent. Parameters that are only accepted are in `honoured` too.
    pub ignored: Vec<Ignored>,
    /// Whether any parameter asks for rendering; if none does, the original passes through.
    pub renders: bool,
}

/// A parameter that counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Honoured {
    /// Canonical name.
    pub name: &'static str,
    /// The value. Its canonical text may be arbitrary Unicode where the parameter is text.
    pub value: Value,
}

/// A parameter without effect.
///
/// `Display` writes it for people, in ASCII that no name can break out of: `bg-remove`, `bri (unreadable)`,
/// `crop (needs fit=crop)`, `widht (w?)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Canonical name, or an unknown one as it was sent, percent-decoded.
    pub name: Cow<'static, str>,
    /// The reason.
    pub why: IgnoredWhy,
}

/// Why a parameter has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoredWhy {
    /// It is read and checked but not rendered, mostly because it needs a model that this server does not have.
    NotRendered,
    /// Its value has none of the forms that the parameter takes.
    Unreadable,
    /// Another parameter that it needs is absent or was itself dropped.
    Needs(Needs),
    /// There is no parameter of this name.
    Unknown,
}

impl fmt::Display for Ignored {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.why {
            IgnoredWhy::NotRendered => out.write_str(&self.name),
            IgnoredWhy::Unreadable => write!(out, "{} (unreadable)", self.name),
            IgnoredWhy::Needs(needs) => {
                let between = if matches!(needs, Needs::Any(_)) { " or " } else { " and " };
                write!(out, "{} (needs {})", self.name, needs.conditions().join(between))
            }
            IgnoredWhy::Unknown => {
                let end = self.name.char_indices().nth(UNKNOWN_LETTERS_MAX).map(|(at, _)| at);
                let shown = self.name.get(..end.unwrap_or(self.name.len())).unwrap_or_default();
                write!(out, "{}", utf8_percent_encode(shown, SHOWN))?;
                if end.is_some() {
                    return out.write_str("...");
                }
                // Looked up only when shown: many URLs contain unknown names, and most of them are not mistakes.
                nearest_name(&self.name).map_or(Ok(()), |name| write!(out, " ({name}?)"))
            }
        }
    }
}

/// Writes what counts and what does not on one line of ASCII, as sent in `X-Tintype-Params`.
///
/// First comes `name=value` for every parameter that has an effect, separated by `&` and percent-encoded as in a URL.
/// After `; ignored: ` come the parameters without effect, separated by commas, each with its reason unless it is
/// merely not rendered: `w=300&h=200; ignored: bg-remove, ar (needs fit=crop or fit=fill), widht (w?)`.
///
/// The line is at most `bytes_max` long. The ignored parameters get at most half of that, and whatever does not fit is
/// left out.
#[must_use]
pub fn summary(honoured: &[Honoured], ignored: &[Ignored], bytes_max: usize) -> String {
    /// Joins as many of the first `items` as fit into `bytes_max`, separators included.
    fn joined(items: impl Iterator<Item = String>, separator: &str, bytes_max: usize) -> String {
        let mut text = String::new();
        for item in items {
            let before = if text.is_empty() { "" } else { separator };
            if text.len() + before.len() + item.len() > bytes_max {
                break;
            }
            text.push_str(before);
            text.push_str(&item);
        }
        text
    }
    let lost = joined(ignored.iter().map(ToString::to_string), ", ", bytes_max / 2);
    let lost = if lost.is_empty() { lost } else { format!("ignored: {lost}") };
    let has_effect = |param: &&Honoured| ignored.iter().all(|other| other.name != param.name);
    let pair = |param: &Honoured| {
        format!("{}={}", param.name, utf8_percent_encode(&param.value.to_string(), NON_ALPHANUMERIC))
    };
    let room = bytes_max.saturating_sub(lost.len() + 2);
    let counts = joined(honoured.iter().filter(has_effect).map(pair), "&", room);
    let between = if counts.is_empty() || lost.is_empty() { "" } else { "; " };
    counts + between + &lost
}

/// Returns what `X-Tintype-Params` adds when `fm=avif` was answered with `media_type` instead, because encoding AVIF
/// would have taken too long.
#[must_use]
pub fn instead(honoured: &[Honoured], media_type: &str) -> Option<String> {
    let is_avif = |param: &Honoured| param.name == FORMAT && param.value == Value::Word("avif");
    let came = media_type.strip_prefix("image/").filter(|came| *came != "avif" && !came.contains(';'))?;
    honoured.iter().any(is_avif).then(|| format!("; {came} instead of fm=avif"))
}

/// The two ways in which a query can be wrong; everything else is dropped or clamped (`rendering.md` 17).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// The value of a base64 twin is not base64url without padding, or not UTF-8. Answered 400, `param-base64-invalid`.
    #[error("the base64 form of {name} is not UTF-8 text in base64url without padding")]
    InvalidBase64 {
        /// Canonical name, without the `64`.
        name: &'static str,
    },
    /// The value of a protecting parameter cannot be read, in whichever spelling it came. Answered 422,
    /// `param-unreadable`.
    #[error("the value of {name} is invalid, so no image is sent; correct it")]
    Unreadable {
        /// Canonical name.
        name: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::parse;

    fn summary_of(query: &str, bytes_max: usize) -> String {
        let parsed = parse(query, &[]).unwrap();
        summary(&parsed.honoured, &parsed.ignored, bytes_max)
    }

    #[test]
    fn the_summary_lists_applied_and_ignored_parameters() {
        let check = |query: &str, expected: &str| assert_eq!(summary_of(query, SUMMARY_BYTES_MAX), expected, "{query}");
        check("w=300&h=20.4", "w=300&h=20");
        check("w=300&bg-remove=true", "w=300; ignored: bg-remove");
        check("upscale=true&bg-remove=1", "ignored: bg-remove, upscale");
        check("", "");
        check("txt=a;b,c&bri=x&ar=1:1", "txt=a%3Bb%2Cc; ignored: ar (needs fit=crop or fit=fill), bri (unreadable)");
        check("w=9&h=9&fit=fill&fill=gen&fm=jpg", "w=9&h=9&fit=fill&fm=jpg; ignored: fill");
    }

    #[test]
    fn a_misspelt_name_is_shown_with_the_closest_parameter() {
        let check = |query: &str, expected: &str| assert_eq!(summary_of(query, SUMMARY_BYTES_MAX), expected, "{query}");
        check("w=300&widht=400", "w=300; ignored: widht (w?)");
        check("widht=400", "ignored: widht (w?)");
        check("W=300&hieght=3&ftt=crop", "ignored: W (w?), hieght (h?), ftt (fit?)");
        check("blend-modee=x&bri=5", "bri=5; ignored: blend-modee (blend-mode?)");
        check("border_radius=4", "ignored: border_radius (border-radius?)");
        check(
            "txt_color=f00&BlendMode=x&MARK=/m&widht64=MTAw",
            "ignored: txt_color (txt-color?), BlendMode (blend-mode?), MARK (mark?), widht64 (w?)",
        );
        // An unknown name that resembles nothing gets no suggestion, and a repeated one is listed once.
        check("utm_source=a&v=1&utm_source=b", "ignored: utm_source, v");
        // Unknown names come after known ones, and without their value.
        check("secret-token=hunter2&crop=top", "ignored: crop (needs fit=crop), secret-token");
        check("&&=&=5&w=3&", "w=3");
    }

    #[test]
    fn no_name_can_break_out_of_the_line_or_fill_it() {
        let hostile = "a%0D%0ASet-Cookie:%20x&b;%20ignored:%20w&c,d(e)&%F0%9F%98%80&%FF&%00";
        let text = summary_of(hostile, SUMMARY_BYTES_MAX);
        assert!(text.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{text}");
        assert_eq!(text.matches("ignored:").count(), 1, "{text}");
        assert!(text.contains("a%0D%0ASet-Cookie%3A%20x") && text.contains("c%2Cd%28e%29"), "{text}");
        let many = (0..500).map(|index| format!("unknown-{index}=1")).collect::<Vec<_>>().join("&");
        assert_eq!(summary_of(&many, SUMMARY_BYTES_MAX).matches("unknown-").count(), UNKNOWN_MAX);
        let long = "\u{e9}".repeat(2000);
        let text = summary_of(&format!("{long}=1&w=2"), SUMMARY_BYTES_MAX);
        assert_eq!(text, format!("w=2; ignored: {}...", "%C3%A9".repeat(UNKNOWN_LETTERS_MAX)));
    }

    #[test]
    fn the_summary_of_a_long_query_stays_short_and_shows_both_lists() {
        let long = format!("w=1&txt={}&bg-remove=true", "x".repeat(5000));
        assert_eq!(summary_of(&long, SUMMARY_BYTES_MAX), "w=1; ignored: bg-remove");
        let names: Vec<String> =
            crate::param::PARAMS.iter().map(|spec| spec.example.split('&').next_back().unwrap().to_owned()).collect();
        let text = summary_of(&format!("{}&widht=4", names.join("&")), 1000);
        assert!(text.len() <= 1000 && text.starts_with("w=") && text.contains("; ignored: "), "{text}");
    }
}
