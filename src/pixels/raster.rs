//! Decoded pixels in memory: the data that resampling, pixel loops and encoders work on.

use crate::units::Size;

/// Interleaved pixels, row by row without padding. Alpha, if present, is the last channel and straight.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    /// Extent in pixels.
    pub size: Size,
    /// 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA.
    pub channels: u8,
    /// `size.width * size.height * channels` samples.
    pub samples: Samples,
}

/// Samples of one depth, sRGB-encoded unless the accompanying profile says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// 0 to 255.
    U8(Vec<u8>),
    /// 0 to 65535.
    U16(Vec<u16>),
}

impl Samples {
    /// Returns the number of samples.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::U8(samples) => samples.len(),
            Self::U16(samples) => samples.len(),
        }
    }

    /// Returns whether there are no samples.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A way to make new pixels from old ones that is independent of depth and channels.
pub(crate) trait Rearrange {
    /// Returns the new size and pixels.
    fn run<P: Copy>(&self, pixels: &[P], size: Size) -> (Size, Vec<P>);
}

impl Raster {
    /// Returns whether there is an alpha channel.
    #[must_use]
    pub const fn has_alpha(&self) -> bool {
        matches!(self.channels, 2 | 4)
    }

    /// Returns whether any pixel is not opaque.
    #[must_use]
    pub fn is_transparent(&self) -> bool {
        let channels = usize::from(self.channels);
        self.has_alpha()
            && match &self.samples {
                Samples::U8(samples) => samples.iter().skip(channels - 1).step_by(channels).any(|&a| a != u8::MAX),
                Samples::U16(samples) => samples.iter().skip(channels - 1).step_by(channels).any(|&a| a != u16::MAX),
            }
    }

    /// Returns whether the number of samples matches size and channels, which every stage relies on.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        (1..=4).contains(&self.channels) && self.samples.len() as u64 == self.size.area() * u64::from(self.channels)
    }

    /// Returns pixel `index`, counted row by row, as 8-bit RGBA.
    #[must_use]
    pub(crate) fn pixel_8(&self, index: usize) -> [u8; 4] {
        let channels = usize::from(self.channels);
        let at = index * channels;
        let pixel: [u8; 4] =
            match &self.samples {
                Samples::U8(samples) => std::array::from_fn(|i| if i < channels { samples[at + i] } else { 255 }),
                Samples::U16(samples) => std::array::from_fn(|i| {
                    if i < channels { ((u32::from(samples[at + i]) + 128) / 257) as u8 } else { 255 }
                }),
            };
        match (channels, pixel) {
            (1, [v, ..]) => [v, v, v, 255],
            (2, [v, a, ..]) => [v, v, v, a],
            (_, pixel) => pixel,
        }
    }

    /// Returns the samples in 8 bits, rounded from 16.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        match self.samples {
            Samples::U8(samples) => samples,
            // 65535 / 255 is 257 exactly.
            Samples::U16(samples) => samples.iter().map(|&v| ((u32::from(v) + 128) / 257) as u8).collect(),
        }
    }

    /// Converts the image to 8 bits.
    #[must_use]
    pub fn into_8_bit(self) -> Self {
        let (size, channels) = (self.size, self.channels);
        Self { size, channels, samples: Samples::U8(self.into_bytes()) }
    }

    /// Converts the image to 16 bits.
    #[must_use]
    pub fn into_16_bit(self) -> Self {
        match self.samples {
            Samples::U8(samples) => {
                Self { samples: Samples::U16(samples.iter().map(|&v| u16::from(v) * 257).collect()), ..self }
            }
            Samples::U16(_) => self,
        }
    }

    /// Converts the image to 8-bit RGBA.
    #[must_use]
    pub fn into_rgba(self) -> Self {
        let (size, channels) = (self.size, self.channels);
        let bytes = self.into_bytes();
        let samples = match channels {
            1 => bytes.iter().flat_map(|&v| [v, v, v, 255]).collect(),
            2 => bytes.chunks_exact(2).flat_map(|p| [p[0], p[0], p[0], p[1]]).collect(),
            3 => bytes.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect(),
            _ => bytes,
        };
        Self { size, channels: 4, samples: Samples::U8(samples) }
    }

    /// Converts the image to 8 bits without its alpha channel. Nothing is lost only if it is opaque everywhere.
    #[must_use]
    pub fn without_alpha(self) -> Self {
        if !self.has_alpha() {
            return self.into_8_bit();
        }
        let (size, channels) = (self.size, self.channels);
        let kept = usize::from(channels - 1);
        let bytes = self.into_bytes();
        let samples = bytes.chunks_exact(usize::from(channels)).flat_map(|p| &p[..kept]).copied().collect();
        Self { size, channels: channels - 1, samples: Samples::U8(samples) }
    }

    /// Runs a rearrangement on whole pixels, whatever their depth and channels.
    pub(crate) fn rearranged(self, how: &impl Rearrange) -> Self {
        let (size, channels) = (self.size, self.channels);
        let (size, samples) = match self.samples {
            Samples::U8(samples) => {
                let (size, samples) = rearranged_samples(samples, channels, size, how);
                (size, Samples::U8(samples))
            }
            Samples::U16(samples) => {
                let (size, samples) = rearranged_samples(samples, channels, size, how);
                (size, Samples::U16(samples))
            }
        };
        Self { size, channels, samples }
    }
}

fn rearranged_samples<T: Copy>(samples: Vec<T>, channels: u8, size: Size, how: &impl Rearrange) -> (Size, Vec<T>) {
    fn whole<T: Copy, const N: usize>(samples: &[T], size: Size, how: &impl Rearrange) -> (Size, Vec<T>) {
        let (pixels, _) = samples.as_chunks::<N>();
        let (size, pixels) = how.run(pixels, size);
        (size, pixels.into_flattened())
    }
    match channels {
        1 => how.run(&samples, size),
        2 => whole::<T, 2>(&samples, size, how),
        3 => whole::<T, 3>(&samples, size, how),
        _ => whole::<T, 4>(&samples, size, how),
    }
}

/// Builds an image of 8-bit samples in rows of `width` pixels.
#[cfg(test)]
pub(crate) fn rows(width: u32, channels: u8, samples: Vec<u8>) -> Raster {
    let height = samples.len() as u32 / width / u32::from(channels);
    Raster { size: Size::new(width, height), channels, samples: Samples::U8(samples) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_and_channels_convert_without_drift() {
        let raster = Raster { size: Size::new(2, 1), channels: 1, samples: Samples::U16(vec![0, 65535]) };
        assert!(raster.is_consistent() && !raster.is_transparent());
        assert_eq!(raster.clone().into_bytes(), [0, 255]);
        assert_eq!(raster.into_rgba().into_bytes(), [0, 0, 0, 255, 255, 255, 255, 255]);
        let deep: Vec<u16> = (0..=255).map(|v| v * 257).collect();
        let grey = Raster { size: Size::new(256, 1), channels: 1, samples: Samples::U16(deep) };
        assert_eq!(grey.into_bytes(), (0..=255).collect::<Vec<u8>>());
    }

    #[test]
    fn transparency_is_looked_for_in_the_alpha_channel_only() {
        let with = |alpha| Raster { size: Size::new(2, 1), channels: 2, samples: Samples::U8(vec![0, 255, 9, alpha]) };
        assert!(!with(255).is_transparent());
        assert!(with(254).is_transparent());
        assert_eq!(with(255).without_alpha().into_bytes(), [0, 9]);
    }
}
