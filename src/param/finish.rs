//! What fades or tints a finished picture, or a layer before it is laid on one, typed: `fade*`, `mark-fade*`,
//! `blend-fade*`.

use serde::{Deserialize, Serialize};

use crate::units::Length;

/// The families that the picture, the watermark and the blended picture have alike.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FinishParams {
    /// `*fade*`
    pub fade: FadeParams,
}

/// Fading edges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct FadeParams {
    /// The parameter without a side.
    pub all: Option<Length>,
    pub top: Option<Length>,
    pub right: Option<Length>,
    pub bottom: Option<Length>,
    pub left: Option<Length>,
}
