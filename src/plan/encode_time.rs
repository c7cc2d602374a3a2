//! What an encoder's time depends on: the measured figures of one format.

/// Time that an encoder takes per pixel, on the safe side.
#[derive(Clone, Copy, Debug)]
pub struct EncodeTime {
    /// Nanoseconds by quality, 0 to 100, for a photograph, interpolated linearly. Empty: never late.
    pub by_quality: &'static [(f32, f32)],
    /// Factor by detail (mean difference of neighbouring luma samples).
    pub by_detail: &'static [(f32, f32)],
    /// Factor for an alpha channel.
    pub alpha: f32,
    /// Nanoseconds in lossless mode, regardless of everything else; `None` if that mode takes the same time.
    pub lossless_ns: Option<f32>,
}

/// The figures are those of `benches/encode.rs` on one core of a server (`benches/README.md`).
impl EncodeTime {
    /// For formats that are never late.
    pub(super) const NEVER_LATE: Self = Self { by_quality: &[], by_detail: &[], alpha: 1.0, lossless_ns: None };

    pub(super) const AVIF: Self = Self {
        by_quality: &[(0.0, 410.0), (45.0, 580.0), (75.0, 1020.0), (100.0, 1080.0)],
        by_detail: &[(8.0, 1.0), (20.0, 1.7), (80.0, 2.3)],
        alpha: 1.4,
        lossless_ns: None,
    };

    pub(super) const WEBP: Self = Self {
        by_quality: &[(0.0, 40.0), (75.0, 55.0), (100.0, 105.0)],
        by_detail: &[(8.0, 1.0), (80.0, 1.7)],
        alpha: 1.5,
        lossless_ns: Some(700.0),
    };

    pub(super) const JXL: Self = Self { by_quality: &[(0.0, 370.0)], ..Self::NEVER_LATE };
    pub(super) const JP2: Self = Self { by_quality: &[(0.0, 620.0)], ..Self::NEVER_LATE };
    pub(super) const GIF: Self = Self { by_quality: &[(0.0, 1400.0)], ..Self::NEVER_LATE };

    /// Returns nanoseconds per pixel.
    pub(super) fn per_pixel_ns(&self, quality: f32, lossless: bool, has_alpha: bool, detail: f32) -> f32 {
        if let Some(ns) = self.lossless_ns.filter(|_| lossless) {
            return ns;
        }
        let alpha = if has_alpha { self.alpha } else { 1.0 };
        let photograph = at(self.by_quality, quality).unwrap_or_default();
        photograph * at(self.by_detail, detail).unwrap_or(1.0) * alpha
    }
}

/// Interpolates linearly between the points around `x`; constant before the first and after the last.
fn at(points: &[(f32, f32)], x: f32) -> Option<f32> {
    let between = points.windows(2).find_map(|pair| match pair {
        &[(from, low), (to, high)] if x < to => {
            let share = ((x - from) / (to - from)).max(0.0);
            Some((high - low).mul_add(share, low))
        }
        _ => None,
    });
    between.or(points.last().map(|&(_, y)| y))
}
