//! [`PARAMS`]: every parameter of the grammar, once.
//!
//! The entries live in one file per group under `table/`. Adding a parameter means adding an entry there, and a field
//! of `Params` if it affects rendering.

mod adjust;
mod border;
mod fill;
mod finish;
mod format;
mod media;
mod model;
mod orientation;
mod overlay;
mod shadow;
mod size;
mod text;
mod video;

pub use format::{FORMAT, HMAC_SIGNATURE, IMGIX_SIGNATURE};

use std::collections::HashMap;
use std::sync::LazyLock;

use super::ParamSpec;
use crate::nearest::nearest;

/// Greatest seed of the generative parameters.
const SEED_MAX: i64 = u32::MAX as i64;

const GROUPS: [&[ParamSpec]; 20] = [
    size::ENTRIES,
    orientation::ENTRIES,
    fill::ENTRIES,
    adjust::ENTRIES,
    overlay::ENTRIES,
    finish::GRADIENT,
    finish::FADE,
    finish::MARK_GRADIENT,
    finish::BLEND_GRADIENT,
    finish::MARK_FADE,
    finish::BLEND_FADE,
    shadow::MARK_SHADOW,
    shadow::MARK_REFLECTION,
    border::ENTRIES,
    shadow::SHADOW,
    text::ENTRIES,
    format::ENTRIES,
    media::ENTRIES,
    video::ENTRIES,
    model::ENTRIES,
];

const COUNT: usize = {
    let mut count = 0;
    let mut group = 0;
    while group < GROUPS.len() {
        count += GROUPS[group].len();
        group += 1;
    }
    count
};

/// The table, in the order of the reference: the 205 current parameters of the public grammar, `sig`, and the
/// parameters from its newer documentation pages.
pub static PARAMS: &[ParamSpec] = &{
    let mut all = [GROUPS[0][0]; COUNT];
    let (mut group, mut at, mut filled) = (0, 0, 0);
    while group < GROUPS.len() {
        if at < GROUPS[group].len() {
            all[filled] = GROUPS[group][at];
            filled += 1;
            at += 1;
        } else {
            group += 1;
            at = 0;
        }
    }
    all
};

/// One of the names under which a parameter may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    /// Index in [`PARAMS`].
    pub(super) index: usize,
    /// Decides which spelling wins when several are sent; among equals, the last wins.
    pub(super) rank: Rank,
}

/// Canonical beats alias, and the base64 twin of either beats its plain form (`rendering.md` 1.1 and 1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Alias,
    AliasTwin,
    Canonical,
    CanonicalTwin,
}

impl Rank {
    /// Returns whether the value is in base64url.
    pub(super) const fn is_twin(self) -> bool {
        matches!(self, Self::AliasTwin | Self::CanonicalTwin)
    }
}

static SPELLINGS: LazyLock<HashMap<String, Spelling>> = LazyLock::new(|| {
    let mut spellings = HashMap::new();
    for (index, spec) in PARAMS.iter().enumerate() {
        let aliases = spec.aliases.iter().map(|alias| (*alias, Rank::Alias, Rank::AliasTwin));
        for (name, plain, twin) in aliases.chain([(spec.name, Rank::Canonical, Rank::CanonicalTwin)]) {
            spellings.insert(name.to_owned(), Spelling { index, rank: plain });
            if spec.base64 {
                spellings.insert(format!("{name}64"), Spelling { index, rank: twin });
            }
        }
    }
    spellings
});

/// Returns what `name`, exactly as decoded, stands for.
pub(super) fn spelling(name: &str) -> Option<Spelling> {
    SPELLINGS.get(name).copied()
}

/// Returns the entry that `name`, exactly as decoded, stands for, and whether `name` is a base64 twin.
#[must_use]
pub fn spelled(name: &str) -> Option<(&'static ParamSpec, bool)> {
    let spelling = spelling(name)?;
    Some((PARAMS.get(spelling.index)?, spelling.rank.is_twin()))
}

/// Returns the canonical name of the parameter that a misspelt name probably means: `w` for `widht`, since `width` is
/// an older spelling of `w`. Capitals, underscores (which no name has) and a trailing `64` do not count as
/// misspellings.
#[must_use]
pub fn nearest_name(written: &str) -> Option<&'static str> {
    let spellings = PARAMS.iter().flat_map(|spec| spec.aliases.iter().copied().chain([spec.name]));
    let plain = written.to_ascii_lowercase().replace('_', "-");
    let near = |name: &str| match spelled(name) {
        Some((spec, _)) => Some(spec.name),
        None => nearest(name, spellings.clone()),
    };
    let spelling = near(&plain).or_else(|| near(plain.strip_suffix("64")?))?;
    PARAMS.iter().find(|spec| spec.name == spelling || spec.aliases.contains(&spelling)).map(|spec| spec.name)
}

/// Returns the entry with this canonical name.
#[must_use]
pub fn find(name: &str) -> Option<&'static ParamSpec> {
    spelling(name).filter(|spelling| spelling.rank == Rank::Canonical).and_then(|spelling| PARAMS.get(spelling.index))
}
