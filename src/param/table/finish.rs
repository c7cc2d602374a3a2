//! Fading edges: of the picture, of the watermark, of the blended picture.

use crate::param::kind::SIDE_PX_MAX;
use crate::param::{Category, Kind, Needs, ParamSpec, State, Tier};

/// The family under one prefix: `$params` holds its values, `$before` is what its examples begin with.
macro_rules! fade {
    ($prefix:literal, $category:ident, $needs:expr, $what:literal, $note:literal, $before:literal, |$p:ident| $params:expr) => {
        [
            fade!(side $prefix, "", $category, $needs, concat!("How far all edges of ", $what, " fade to transparent, in \
                pixels or as a fraction of the width or height. ", $note), $before, |$p| $params.all),
            fade!(side $prefix, "-top", $category, $needs, concat!("How far the top edge of ", $what, " fades; takes the \
                place of `", $prefix, "fade` there."), $before, |$p| $params.top),
            fade!(side $prefix, "-right", $category, $needs, concat!("How far the right edge of ", $what, " fades; takes the \
                place of `", $prefix, "fade` there."), $before, |$p| $params.right),
            fade!(side $prefix, "-bottom", $category, $needs, concat!("How far the bottom edge of ", $what, " fades; takes \
                the place of `", $prefix, "fade` there."), $before, |$p| $params.bottom),
            fade!(side $prefix, "-left", $category, $needs, concat!("How far the left edge of ", $what, " fades; takes the \
                place of `", $prefix, "fade` there."), $before, |$p| $params.left),
        ]
    };
    (side $prefix:literal, $side:literal, $category:ident, $needs:expr, $summary:expr, $before:literal, |$p:ident| $field:expr) => {
        ParamSpec {
            name: concat!($prefix, "fade", $side),
            tier: Tier::Extended,
            kinds: &[Kind::Extent(SIDE_PX_MAX)],
            default: if $side.is_empty() { Some("0") } else { None },
            needs: $needs,
            summary: $summary,
            example: concat!($before, $prefix, "fade", $side, "=0.3"),
            state: State::Rendered,
            set: |$p, v| $field = v.length(),
            ..ParamSpec::base(Category::$category)
        }
    };
}

/// Of the picture.
pub(super) const FADE: [ParamSpec; 5] = fade!(
    "",
    GradientOverlay,
    Needs::Nothing,
    "the picture",
    "With `mask=ellipse` and `mask=corners` the edge of the mask fades inwards instead.",
    "",
    |p| p.finish.fade
);

/// Of the watermark.
pub(super) const MARK_FADE: [ParamSpec; 5] = fade!(
    "mark-",
    Watermark,
    Needs::All(&["mark"]),
    "the watermark, or of each tile of it,",
    "It turns with `mark-rot`.",
    "mark=/cat.jpg&mark-w=120&",
    |p| p.mark.finish.fade
);

/// Of the blended picture.
pub(super) const BLEND_FADE: [ParamSpec; 5] = fade!(
    "blend-",
    Blending,
    Needs::All(&["blend"]),
    "the blended picture",
    "A colour has no edges.",
    "blend=/galaxies.jpg&blend-mode=normal&blend-w=0.7&blend-align=middle,center&",
    |p| p.blend.finish.fade
);
