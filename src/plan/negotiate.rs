//! [`Negotiation`]: the request headers, reduced to outcomes, and the value of the `Vary` header.
//!
//! A header is read only if the URL opts in (`auto=format`, `fm=avif`, `ch`), so that it splits no other request.

use http::{HeaderMap, HeaderName, header};

use crate::param::Params;
use crate::units::Dpr;

use super::types::{Negotiation, VaryOn};

/// Default widths of a fluid srcset (`delivery.md` 6.2). Hinted widths are rounded up to one of them, so that layouts
/// that differ by a pixel share a rendition.
pub const SRCSET_WIDTHS: [u32; 31] = [
    100, 116, 135, 156, 181, 210, 244, 283, 328, 380, 441, 512, 594, 689, 799, 927, 1075, 1247, 1446, 1678, 1946, 2257,
    2619, 3038, 3524, 4087, 4741, 5500, 6380, 7401, 8192,
];

/// Hinted pixel ratios are rounded to this many steps per unit: browsers send the float of a zoom level
/// (1.0909090423583984), and otherwise every digit would make another rendition.
const DPR_STEPS: f64 = 1000.0;

impl Negotiation {
    /// Reduces the headers that `params` opts into to their outcome.
    ///
    /// In `Accept`, only a literal `image/avif` or `image/webp` with a weight above 0 counts; wildcards do not
    /// (`rendering.md` 13). Anything malformed is skipped.
    #[must_use]
    pub fn of(headers: &HeaderMap, params: &Params) -> Self {
        let (auto, ch) = (params.format.auto, params.format.ch);
        Self {
            avif: auto.format && accepts(headers, "image/avif"),
            // WebP also replaces an AVIF that would be late.
            webp: (auto.format || super::format::is_avif(&params.format)) && accepts(headers, "image/webp"),
            width_px: ch.width.then(|| hint(headers, &["sec-ch-width", "width"])).flatten().map(bucketed),
            dpr: ch.dpr.then(|| hint(headers, &["sec-ch-dpr", "dpr"])).flatten().and_then(stepped),
            save_data: ch.save_data && saves_data(headers),
        }
    }
}

impl VaryOn {
    /// Returns the value of the `Vary` header, or `None` if the answer is the same for every client.
    #[must_use]
    pub fn header_value(self) -> Option<String> {
        let names = [
            (self.accept, "Accept"),
            (self.width, "Sec-CH-Width, Width"),
            (self.dpr, "Sec-CH-DPR, DPR"),
            (self.save_data, "Save-Data"),
        ];
        let used: Vec<&str> = names.iter().filter(|(used, _)| *used).map(|(_, name)| *name).collect();
        (!used.is_empty()).then(|| used.join(", "))
    }
}

/// Returns whether any `Accept` line names `media_type` with a weight above 0.
fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|line| {
        let line = String::from_utf8_lossy(line.as_bytes());
        split_unquoted(&line, ',').any(|entry| {
            let mut parts = split_unquoted(entry, ';');
            let named = parts.next().is_some_and(|name| name.trim().eq_ignore_ascii_case(media_type));
            named && weight(parts) > 0.0
        })
    })
}

/// Returns the weight among the parameters of one entry: 1 if there is none, 0 if it is not a finite number.
fn weight<'a>(parameters: impl Iterator<Item = &'a str>) -> f64 {
    parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .map_or(1.0, |(_, value)| value.trim().parse().ok().filter(|q: &f64| q.is_finite()).unwrap_or(0.0))
}

/// Splits at `separator` outside double quotes. An unclosed quote extends to the end.
fn split_unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        if escaped {
            escaped = false;
            return false;
        }
        match c {
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return c == separator && !quoted,
        }
        false
    })
}

/// Returns the value of the first of `names` that holds a positive number.
fn hint(headers: &HeaderMap, names: &[&'static str]) -> Option<f64> {
    names.iter().find_map(|name| {
        let text = headers.get(HeaderName::from_static(name))?.to_str().ok()?;
        text.trim().parse().ok().filter(|v: &f64| v.is_finite() && *v > 0.0)
    })
}

/// Returns the smallest width of the list that is at least `width`, or the largest width if none is.
fn bucketed(width: f64) -> u32 {
    let last = SRCSET_WIDTHS[SRCSET_WIDTHS.len() - 1];
    SRCSET_WIDTHS.into_iter().find(|w| f64::from(*w) >= width).unwrap_or(last)
}

fn stepped(dpr: f64) -> Option<Dpr> {
    // A ratio that rounds to 0 becomes one step, because 0 is not a ratio.
    Dpr::clamped((dpr.min(5.0) * DPR_STEPS).round().max(1.0) / DPR_STEPS)
}

fn saves_data(headers: &HeaderMap) -> bool {
    headers.get_all(HeaderName::from_static("save-data")).iter().any(|line| {
        let line = String::from_utf8_lossy(line.as_bytes());
        line.split([',', ';']).next().is_some_and(|token| token.trim().eq_ignore_ascii_case("on"))
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use crate::param::{Auto, ClientHints};

    fn params() -> Params {
        let mut params = Params::default();
        params.format.auto = Auto { format: true, ..Auto::default() };
        params.format.ch = ClientHints { width: true, dpr: true, save_data: true };
        params
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            map.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        map
    }

    #[test]
    fn webp_stands_in_for_avif_by_name() {
        let found = |query: &str| {
            let parsed = crate::param::parse(query, &[]).unwrap();
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, "image/avif,image/webp,*/*".parse().unwrap());
            let found = Negotiation::of(&headers, &parsed.params);
            (found.avif, found.webp)
        };
        assert_eq!(
            ["fm=avif", "auto=format", "fm=webp", "w=9"].map(found),
            [(false, true), (true, true), (false, false), (false, false)]
        );
    }

    fn check_accept(lines: &[&str], avif: bool, webp: bool) {
        let lines: Vec<_> = lines.iter().map(|value| ("accept", *value)).collect();
        let found = Negotiation::of(&headers(&lines), &params());
        assert_eq!((found.avif, found.webp), (avif, webp), "{lines:?}");
    }

    #[test]
    fn accept_counts_only_literal_types_with_a_weight() {
        check_accept(&[], false, false);
        check_accept(&["*/*"], false, false);
        check_accept(&["image/*, */*;q=0.8"], false, false);
        check_accept(&["image/avif,image/webp,*/*"], true, true);
        check_accept(&["IMAGE/WebP"], false, true);
        check_accept(&["image/avif;q=0, image/webp;Q=0.001"], false, true);
        check_accept(&["image/avif; q = 0.000 , image/webp ; q=1"], false, true);
        check_accept(&["text/html", "image/avif"], true, false);
        check_accept(&["image/avif;v=b3;q=0.9"], true, false);
        check_accept(&["image/avifs, ximage/webp, image/webp2"], false, false);
    }

    #[test]
    fn accept_survives_junk() {
        check_accept(&["image/avif;q=", "image/webp;q=nan"], false, false);
        check_accept(&["image/avif;q=-1, image/webp;q=inf"], false, false);
        check_accept(&[",;,=;q,image/webp;;"], false, true);
        check_accept(&["text/plain;a=\"x, image/avif\", image/webp"], false, true);
        check_accept(&["text/plain;a=\"x\\\", image/avif\", image/webp"], false, true);
        check_accept(&["\"image/avif, image/webp"], false, false);
    }

    #[test]
    fn nothing_is_read_unless_the_url_opts_in() {
        let all = headers(&[("accept", "image/avif"), ("width", "300"), ("dpr", "2"), ("save-data", "on")]);
        assert_eq!(Negotiation::of(&all, &Params::default()), Negotiation::default());
    }

    #[test]
    fn hints_are_bucketed_and_clamped() {
        let check = |lines: &[(&'static str, &str)], width_px, dpr: Option<f64>| {
            let found = Negotiation::of(&headers(lines), &params());
            assert_eq!((found.width_px, found.dpr.map(Dpr::get)), (width_px, dpr), "{lines:?}");
        };
        check(&[("width", "300")], Some(328), None);
        check(&[("width", "328")], Some(328), None);
        check(&[("width", "1")], Some(100), None);
        check(&[("width", "99999")], Some(8192), None);
        check(&[("sec-ch-width", "500"), ("width", "300")], Some(512), None);
        check(&[("sec-ch-width", "junk"), ("width", "300")], Some(328), None);
        check(&[("width", "-3"), ("dpr", "0")], None, None);
        check(&[("width", "nan"), ("dpr", "inf")], None, None);
        check(&[("dpr", "2.625")], None, Some(2.625));
        check(&[("sec-ch-dpr", "1.0909090423583984")], None, Some(1.091));
        check(&[("dpr", "17")], None, Some(5.0));
        check(&[("dpr", "0.00001")], None, Some(0.001));
    }

    #[test]
    fn save_data_is_a_token() {
        for (value, expected) in [("on", true), ("On", true), ("on;x=1", true), ("off", false), ("one", false)] {
            assert_eq!(Negotiation::of(&headers(&[("save-data", value)]), &params()).save_data, expected, "{value}");
        }
    }

    #[test]
    fn srcset_widths_follow_their_rule() {
        let mut width = 100.0_f64;
        for expected in &SRCSET_WIDTHS[..30] {
            assert_eq!((width + 0.5).floor() as u32, *expected);
            width *= 1.16;
        }
    }

    #[test]
    fn vary_lists_what_was_used() {
        assert_eq!(VaryOn::default().header_value(), None);
        let vary = VaryOn { accept: true, dpr: true, ..VaryOn::default() };
        assert_eq!(vary.header_value().as_deref(), Some("Accept, Sec-CH-DPR, DPR"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(accept in "[\\x20-\\x7e\\u{80}-\\u{ff}]{0,60}", width in "[0-9eE.+-]{0,12}") {
            if let Ok(value) = HeaderValue::from_bytes(accept.as_bytes()) {
                let mut map = headers(&[("width", &width), ("dpr", &width)]);
                map.append(header::ACCEPT, value);
                let found = Negotiation::of(&map, &params());
                if let Some(width) = found.width_px {
                    prop_assert!(SRCSET_WIDTHS.contains(&width));
                }
                if let Some(dpr) = found.dpr {
                    prop_assert!(dpr.get() > 0.0 && dpr.get() <= 5.0);
                }
            }
        }
    }
}
