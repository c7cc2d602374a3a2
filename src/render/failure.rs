//! Why rendering failed. Every variant holds typed facts and no free text, so a compromised worker cannot report
//! anything else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::pixels::Misfit;
use crate::pixels::rows::Unreadable;
use crate::plan::Format;
use crate::sniff::SourceFormat;

/// Why there is no image. Never contains error text from libvips.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum RenderError {
    /// The bytes are in no image format that we recognise.
    #[error("not an image")]
    NotAnImage,
    /// This server cannot read or write the format: the codec is missing or disabled.
    #[error("unsupported format {0}")]
    UnsupportedFormat(Codec),
    /// The decoder failed.
    #[error("undecodable")]
    Undecodable,
    /// The original exceeds a limit.
    #[error("{got} {what}, over the limit of {max}")]
    TooLarge {
        /// The quantity that is limited.
        what: Bound,
        /// The value in the original.
        got: u64,
        /// The limit.
        max: u64,
    },
    /// A rendering step failed, which is our bug and not the original's fault.
    #[error("stage {0} failed")]
    Stage(Step),
    /// The encoder failed to write the image.
    #[error("encoding {} failed", .0.facts().name)]
    Encode(Format),
    /// The job exceeded `render.timeout` and the worker was killed.
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
    /// Returns whether a worker may report this error. The others are about the workers themselves.
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
    /// Needed to read any original in this format.
    Reader(SourceFormat),
    /// Needed to read originals in this format that use this feature.
    Feature(SourceFormat, FileFeature),
    /// Needed to write this output format.
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

/// A feature of an original that we cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "said by `Display`")]
pub enum FileFeature {
    OldStyleJpeg,
    ThunderScan,
    HalfFloats,
    PlanarTiles,
    SubsampledYcbcr,
    /// Bits per sample.
    Bits(u32),
    /// The number of a compression scheme.
    Compression(u32),
    HuffmanCoding,
    JpegInside,
    PngInside,
    NoFlattenedImage,
}

impl fmt::Display for FileFeature {
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

/// A quantity that is limited in an original.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "said by `Display`")]
pub enum Bound {
    Pixels,
    Frames,
    /// Frames times pixels.
    AnimationPixels,
    /// Bytes of an SVG.
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

/// A step that can only fail because of a bug of ours.
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
    /// Combining the frames of an animation into one sheet.
    Sheet,
    /// No frame was produced.
    Frames,
    /// An overlay that the layout requires is missing.
    Overlay,
    /// Sending the job to the worker.
    Transport,
    /// Our code panicked.
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
        check(Codec::Feature(SourceFormat::Tiff, FileFeature::Bits(12)), "unsupported format tiff with 12-bit samples");
        let unflattened = Codec::Feature(SourceFormat::Psd, FileFeature::NoFlattenedImage);
        check(unflattened, "unsupported format psd without a flattened image");
        check(Codec::Writer(Format::Jxl), "unsupported format jxl");
        let large = RenderError::TooLarge { what: Bound::AnimationPixels, got: 2, max: 1 };
        assert_eq!(large.to_string(), "2 animation pixels, over the limit of 1");
    }
}
