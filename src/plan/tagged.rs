//! [`Intent::tagged`]: writes an intent as tagged fields, without those that have their default. Cache keys are made of
//! this form.
//!
//! A field is identified by its name, not by its position, and is left out if it has its default. So a parameter that
//! is added later keeps all stored renditions that do not use it, and a word that is added to an enumeration cannot
//! give an old rendition to a new plan.

mod elided;

use std::sync::LazyLock;

use serde::Serialize;

use super::feature::{Features, FieldSink};
use super::resolve::resolve_params;
use super::resolved::{Intent, Plan};
use super::types::{Focal, Negotiation, Output, Policy, Select, Sizing, Vectors};
use crate::param::Params;

/// Raised when the same plan gives other pixels or bytes than before, so that stored renditions are no longer used.
pub const PLAN_REVISION: u32 = 2;

/// Initial capacity, which most plans fit into.
const ROOM: usize = 512;

/// The plan of a request that asks for nothing in particular. It holds the default of each field of a plan.
static DEFAULT: LazyLock<Plan> = LazyLock::new(|| {
    let intent = resolve_params(&Params::default(), true, &Negotiation::default(), &Policy::default()).intent;
    let Intent::Render(plan) = intent else { unreachable!("asked for rendering") };
    *plan
});

impl Intent {
    /// Returns the fields that differ from their default, each with its name. Different intents never give the same
    /// bytes.
    ///
    /// A field inside something that the default plan does not have at all (a text, a border) counts as different if it
    /// is not absent, false, 0 or empty.
    #[must_use]
    pub fn tagged(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(ROOM);
        match self {
            Self::Render(plan) => {
                elided::variant("Render", &mut out);
                plan.differing(&DEFAULT, &mut out);
            }
            Self::PassThrough | Self::Unsupported(_) => elided::write(self, &mut out),
        }
        out
    }
}

/// A structure of which only the fields that differ from a default are written.
trait Differing {
    /// Compares before it writes: most fields of most plans have their default.
    fn differing(&self, default: &Self, out: &mut Vec<u8>);
}

/// Implements [`Differing`]. Names every field, so that none can be forgotten; those behind the semicolon are structures
/// that have a default themselves.
macro_rules! differing {
    ($($type:ident { $($field:ident),+; $($inner:ident),* })+) => {
        $(impl Differing for $type {
            fn differing(&self, default: &Self, out: &mut Vec<u8>) {
                let Self { $($field,)+ $($inner),* } = self;
                elided::begin(out);
                $(if *$field != default.$field {
                    elided::name(stringify!($field), out);
                    elided::write($field, out);
                })+
                $(if *$inner != default.$inner {
                    elided::name(stringify!($inner), out);
                    $inner.differing(&default.$inner, out);
                })*
                elided::end(out);
            }
        })+
    };
}

differing! {
    Plan {
        orient, rect, trim, hide_faces, redeye, data, written, sheet;
        select, sizing, features, vectors, output
    }
    Select { page, annotation, frame, interval, skip, reverse, fps, plays; }
    Sizing {
        w, h, ar, dpr, fit, facearea, face_index, crop, min_w, max_w, min_h, max_h, side_max;
        focal
    }
    Focal { x, y, z; }
    Vectors { bypass, sanitize, draw; }
    Output {
        preferred, fallback, fallback_animated, webp_for_avif, yields, encode_time_max, quality, lossless, progressive,
        chroma, colors_max, color_space, dpi, iptc;
    }
}

impl Differing for Features {
    /// By default there is no feature.
    fn differing(&self, _: &Self, out: &mut Vec<u8>) {
        elided::begin(out);
        self.each_present(&mut Present(out));
        elided::end(out);
    }
}

/// Writes features as fields that are present.
struct Present<'o>(&'o mut Vec<u8>);

impl FieldSink for Present<'_> {
    fn present(&mut self, name: &str, value: &impl Serialize) {
        elided::name(name, self.0);
        elided::variant("some", self.0);
        elided::write(value, self.0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;
    use crate::param;
    use crate::plan::examples::properties::any_params;
    use crate::plan::resolve;

    fn written(value: &impl Serialize) -> Vec<u8> {
        let mut out = Vec::new();
        elided::write(value, &mut out);
        out
    }

    #[derive(Serialize)]
    struct Before {
        width: u32,
        fit: Word,
        text: Option<Inner>,
    }

    /// The same with an additional field, an additional inner field and an additional word, and with the words in
    /// another order.
    #[derive(Serialize)]
    struct After {
        width: u32,
        quality: u32,
        fit: MoreWords,
        text: Option<MoreInner>,
    }

    #[derive(Serialize)]
    enum Word {
        Clip,
        Crop,
    }

    #[derive(Serialize)]
    enum MoreWords {
        #[expect(dead_code, reason = "the word that is new")]
        Cover,
        Clip,
        Crop,
    }

    #[derive(Serialize)]
    struct Inner {
        size: f64,
    }

    #[derive(Serialize)]
    struct MoreInner {
        size: f64,
        outline: Option<u8>,
    }

    #[test]
    fn new_fields_and_words_keep_what_was_tagged_before() {
        let old = Before { width: 300, fit: Word::Crop, text: Some(Inner { size: 12.0 }) };
        let text = |outline| Some(MoreInner { size: 12.0, outline });
        let new = |quality, outline| After { width: 300, quality, fit: MoreWords::Crop, text: text(outline) };
        assert_eq!(written(&old), written(&new(0, None)));
        assert_ne!(written(&old), written(&new(80, None)));
        assert_ne!(written(&old), written(&new(0, Some(0))));
        let clips = (Before { fit: Word::Clip, ..old }, After { fit: MoreWords::Clip, ..new(0, None) });
        assert_eq!(written(&clips.0), written(&clips.1));
    }

    #[test]
    fn what_is_as_by_default_is_left_out_whatever_that_is() {
        let tagged = |sizing: &Sizing| {
            let mut out = Vec::new();
            sizing.differing(&DEFAULT.sizing, &mut out);
            out
        };
        assert!(DEFAULT.sizing.side_max > 0 && DEFAULT.sizing.focal.z == 1.0);
        let focal = Focal { x: 0.0, ..DEFAULT.sizing.focal };
        let other = Sizing { side_max: 0, focal, ..DEFAULT.sizing.clone() };
        let has = |bytes: &[u8], name: &str| bytes.windows(name.len()).any(|window| window == name.as_bytes());
        let bytes = tagged(&other);
        assert!(has(&bytes, "side_max") && has(&bytes, "focal") && !has(&bytes, "dpr"));
        assert_eq!(tagged(&DEFAULT.sizing).len(), 2);
    }

    #[test]
    fn what_is_there_differs_from_what_is_not() {
        #[derive(Serialize)]
        struct One {
            list: Vec<Option<u32>>,
            text: Option<String>,
        }
        let one = |list: &[Option<u32>], text: Option<&str>| {
            written(&One { list: list.to_vec(), text: text.map(str::to_owned) })
        };
        let all = [
            one(&[], None),
            one(&[], Some("")),
            one(&[], Some("a")),
            one(&[None], None),
            one(&[Some(0)], None),
            one(&[None, None], None),
            one(&[Some(1), Some(2)], None),
            one(&[Some(1), None, Some(2)], None),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn a_request_for_nothing_has_no_fields() {
        let plain = |query: &str| {
            let parsed = param::parse(query, &[]).unwrap();
            resolve(&parsed, &Negotiation::default(), &Policy::default()).intent.tagged()
        };
        let (bare, one) = (plain("fit=clip"), plain("w=300"));
        let has = |bytes: &[u8], name: &str| bytes.windows(name.len()).any(|window| window == name.as_bytes());
        assert!(has(&one, "sizing") && !has(&one, "output") && !has(&one, "effects"));
        assert!(bare.len() < 16 && one.len() < 64, "{} and {} bytes", bare.len(), one.len());
    }

    proptest! {
        #[test]
        fn different_intents_have_different_tags(a in any_params(), b in any_params()) {
            let intent = |params| resolve_params(params, true, &Negotiation::default(), &Policy::default()).intent;
            let (a, b) = (intent(&a), intent(&b));
            prop_assert_eq!(a == b, a.tagged() == b.tagged(), "{:?}\n{:?}", a, b);
        }

        #[test]
        fn plans_survive_the_worker_protocol(params in any_params()) {
            let intent = resolve_params(&params, true, &Negotiation::default(), &Policy::default()).intent;
            let bytes = postcard::to_stdvec(&intent).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Intent>(&bytes).unwrap(), intent);
        }
    }
}
