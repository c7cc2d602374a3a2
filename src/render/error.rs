//! Why there is no rendition: facts, each of a type of its own. A worker that was taken over can say nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::pixels::Misfit;
use crate::pixels::rows::Unreadable;
use crate::plan::Format;
use crate::sniff::SourceFormat;

/// Why there is no image. Never holds libvips' text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum RenderError {
    /// The bytes are no image that we read.
    #[error("not a picture")]
    NotAnImage,
    /// Something that this server cannot read or write: its codec is absent, or was never allowed.
    #[error("unsupported format {0}")]
    UnsupportedFormat(Codec),
    /// The decoder gave up.
    #[error("undecodable")]
    Undecodable,
    /// More than allowed.
    #[error("{what} {got} over the limit {max}")]
    TooLarge {
        /// Of what.
        what: Bound,
        /// Found in the original.
        got: u64,
        /// Allowed.
        max: u64,
    },
    /// A step failed: our fault, not the original's.
    #[error("stage {0} failed")]
    Stage(Step),
    /// The encoder could not write the image.
    #[error("encoding {} failed", .0.facts().name)]
    Encode(Format),
    /// Over `render.timeout`; the worker was killed.
    #[error("timed out")]
    Timeout,
    /// The worker died.
    #[error("worker crashed")]
    WorkerCrashed,
    /// The queue is full.
    #[error("queue full")]
    QueueFull,
    /// No worker can be started, or the server is stopping.
    #[error("no worker available")]
    Unavailable,
}

impl RenderError {
    /// Whether a worker can know: the others are about workers.
    #[must_use]
    pub const fn is_of_the_job(&self) -> bool {
        match self {
            Self::NotAnImage
            | Self::UnsupportedFormat(_)
            | Self::Undecodable
            | Self::TooLarge { .. }
            | Self::Stage(_)
            | Self::Encode(_) => true,
            Self::Timeout | Self::WorkerCrashed | Self::QueueFull | Self::Unavailable => false,
        }
    }
}

/// A codec that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Codec {
    /// For any original of the kind.
    Reader(SourceFormat),
    /// For originals of the kind that need this.
    Feature(SourceFormat, Feature),
    /// For a format of renditions.
    Writer(Format),
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reader(format) => f.write_str(format.name()),
            Self::Feature(format, feature) => write!(f, "{} {feature}", format.name()),
            Self::Writer(format) => f.write_str(format.facts().name),
        }
    }
}

/// What an original needs that we cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "said by `Display`")]
pub enum Feature {
    OldStyleJpeg,
    ThunderScan,
    HalfFloats,
    PlanarTiles,
    SubsampledYcbcr,
    /// Bits of a sample.
    Bits(u32),
    /// The number of a compression.
    Compression(u32),
    HuffmanCoding,
    JpegInside,
    PngInside,
    NoFlattenedImage,
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OldStyleJpeg => f.write_str("with old-style JPEG"),
            Self::ThunderScan => f.write_str("with ThunderScan"),
            Self::HalfFloats => f.write_str("with 16-bit floats"),
            Self::PlanarTiles => f.write_str("with planar tiles"),
            Self::SubsampledYcbcr => f.write_str("with subsampled YCbCr"),
            Self::Bits(bits) => write!(f, "with {bits}-bit samples"),
            Self::Compression(number) => write!(f, "with compression {number}"),
            Self::HuffmanCoding => f.write_str("with Huffman coding"),
            Self::JpegInside => f.write_str("with a JPEG missing inside"),
            Self::PngInside => f.write_str("with a PNG missing inside"),
            Self::NoFlattenedImage => f.write_str("without a flattened image"),
        }
    }
}

/// What an original may only have so much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "said by `Display`")]
pub enum Bound {
    Pixels,
    Frames,
    /// Frames times pixels.
    AnimationPixels,
    /// Of an SVG.
    Bytes,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pixels => "pixels",
            Self::Frames => "frames",
            Self::AnimationPixels => "animation pixels",
            Self::Bytes => "bytes",
        })
    }
}

/// A step that can fail by a fault of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after what they do")]
pub enum Step {
    Crop,
    Resize,
    Extend,
    Pad,
    Mark,
    Blend,
    Mask,
    Text,
    Reflect,
    /// The frames of an animation as one.
    Sheet,
    /// There is no frame.
    Frames,
    /// An overlay that the layout counts on.
    Overlay,
    /// To the worker.
    Transport,
    /// Code of ours panicked.
    Panic,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Crop => "crop",
            Self::Resize => "resize",
            Self::Extend => "extend",
            Self::Pad => "pad",
            Self::Mark => "mark",
            Self::Blend => "blend",
            Self::Mask => "mask",
            Self::Text => "text",
            Self::Reflect => "reflect",
            Self::Sheet => "sheet",
            Self::Frames => "frames",
            Self::Overlay => "overlay",
            Self::Transport => "transport",
            Self::Panic => "panic",
        })
    }
}

impl From<Misfit> for RenderError {
    fn from(misfit: Misfit) -> Self {
        Self::Stage(match misfit {
            Misfit::Crop => Step::Crop,
            Misfit::Resize => Step::Resize,
        })
    }
}

impl From<Unreadable> for RenderError {
    fn from(_: Unreadable) -> Self {
        Self::Undecodable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_is_missing() {
        let check = |codec, text: &str| assert_eq!(RenderError::UnsupportedFormat(codec).to_string(), text);
        check(Codec::Reader(SourceFormat::Eps), "unsupported format eps");
        check(Codec::Feature(SourceFormat::Tiff, Feature::Bits(12)), "unsupported format tiff with 12-bit samples");
        let unflattened = Codec::Feature(SourceFormat::Psd, Feature::NoFlattenedImage);
        check(unflattened, "unsupported format psd without a flattened image");
        check(Codec::Writer(Format::Jxl), "unsupported format jxl");
        let large = RenderError::TooLarge { what: Bound::AnimationPixels, got: 2, max: 1 };
        assert_eq!(large.to_string(), "animation pixels 2 over the limit 1");
    }
}
