//! The images of `blend`, `mask` and `mark`: from their bytes to pixels that are ready to be composited.
//!
//! An overlay is its first frame, upright, in sRGB and 8 bits. Each render thread caches decoded overlays, so that a
//! watermark on every image of a site is decoded once per worker and not once per image. An overlay that is missing or
//! cannot be read is left out, and the result is flagged accordingly.

use std::cell::RefCell;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::placer::Placer;
use crate::param::ColorSpace;
use crate::pixels::raster::Raster;
use crate::pixels::rows::RasterRows;
use crate::pixels::{orient, resample};
use crate::plan::{BlendOp, BlendOpLayer, Found, Layout, MarkOp, Op, Overlay, OverlayRole, Select};
use crate::render::color::convert;
use crate::render::decode::{EncodedOriginal, Opened, Wanted};
use crate::render::stage::{self, Prepared};
use crate::render::{Job, RenderError, RenderLimits, Step};
use crate::sniff::Encoded;
use crate::units::Size;

/// Bytes of decoded overlays that a thread caches.
const KEPT_BYTES_MAX: usize = 32 << 20;
/// Encoded size in bytes up to which an overlay is hashed and cached.
const HASHED_BYTES_MAX: usize = 8 << 20;
/// Longest side to which a vector overlay is enlarged. One that states a larger size keeps it.
const VECTOR_SIDE: f64 = 2000.0;

/// A decoded overlay.
#[derive(Debug)]
struct DecodedOverlay {
    /// The size the overlay states. A vector may have been drawn with more pixels.
    natural: Size,
    raster: Raster,
}

/// The overlays of one job.
#[derive(Debug, Default)]
pub(in crate::render) struct DecodedOverlays {
    layers: Vec<(OverlayRole, Arc<DecodedOverlay>)>,
    /// Whether the plan uses an overlay that was unavailable.
    pub(in crate::render) left_out: bool,
}

impl DecodedOverlays {
    /// Decodes the overlays that came with the job.
    pub(in crate::render) fn load(job: &Job) -> Self {
        let mut overlays = Self::default();
        for (role, _) in job.plan.overlays() {
            let given = job.overlays.iter().find(|(of, _)| *of == role).map(|(_, encoded)| encoded);
            let may = |encoded: &&Encoded| job.plan.draws(encoded.format);
            match given.filter(may).and_then(|encoded| layer(encoded, &job.limits).ok()) {
                Some(layer) => overlays.layers.push((role, layer)),
                None => overlays.left_out = true,
            }
        }
        overlays
    }

    /// Adds the measures of the overlays to `found`.
    pub(in crate::render) fn add_to(&self, found: Found) -> Found {
        let size = |role| self.layer(role).map(|layer| layer.natural);
        let mask = self.layer(OverlayRole::Mask).is_some();
        Found { blend: size(OverlayRole::Blend), mark: size(OverlayRole::Mark), mask, ..found }
    }

    fn layer(&self, role: OverlayRole) -> Option<&DecodedOverlay> {
        self.layers.iter().find(|(of, _)| *of == role).map(|(_, layer)| &**layer)
    }

    /// Prepares the overlays that the ops need, at their final size and in the colour space of the base, whose profile
    /// is given.
    ///
    /// # Errors
    /// [`RenderError::Stage`] when an op needs an overlay that is missing, although the layout has been told so.
    pub(in crate::render) fn prepare(&self, ops: &[Op], profile: Option<&[u8]>) -> Result<Prepared, RenderError> {
        let fitted = |role, overlay: &Overlay| {
            let layer = self.layer(role).ok_or_else(missing)?;
            let raster = fitted(layer, &overlay.layout)?;
            Ok::<_, RenderError>(convert::image_in(raster, profile))
        };
        let mut prepared = Prepared::default();
        for op in ops {
            if let Op::Blend(BlendOp { layer: BlendOpLayer::Image(overlay), .. }) = op {
                prepared.blend = Some(fitted(OverlayRole::Blend, overlay)?);
            } else if let Op::Mark(MarkOp { overlay, .. }) = op {
                prepared.mark = Some(fitted(OverlayRole::Mark, overlay)?);
            } else if let Op::Mask(_) = op {
                prepared.mask = self.layer(OverlayRole::Mask).map(|layer| layer.raster.clone());
            }
        }
        Ok(prepared)
    }
}

fn missing() -> RenderError {
    RenderError::Stage(Step::Overlay)
}

/// Applies the overlay's own layout.
fn fitted(layer: &DecodedOverlay, layout: &Layout) -> Result<Raster, RenderError> {
    let mut raster = layer.raster.clone();
    if layout.place.is_none() && raster.size != layer.natural {
        raster = resample::scale_whole(raster, layer.natural)?;
    }
    let mut placer = Placer::new(layout, raster.size, 1);
    let read = placer.read(Box::new(RasterRows::from(raster)))?;
    let scaled = placer.scaled(read)?;
    layout.ops.iter().try_fold(scaled, |raster, op| stage::apply(raster, op, &mut Prepared::default()))
}

fn layer(encoded: &Encoded, limits: &RenderLimits) -> Result<Arc<DecodedOverlay>, RenderError> {
    let bytes = encoded.bytes.as_slice();
    if bytes.len() > HASHED_BYTES_MAX {
        return Ok(Arc::new(decoded(encoded, limits)?));
    }
    let key: [u8; 32] = Sha256::digest(bytes).into();
    if let Some(layer) = HOT.with_borrow_mut(|hot| hot.get(&key)) {
        return Ok(layer);
    }
    let layer = Arc::new(decoded(encoded, limits)?);
    HOT.with_borrow_mut(|hot| hot.put(key, layer.clone()));
    Ok(layer)
}

fn decoded(encoded: &Encoded, limits: &RenderLimits) -> Result<DecodedOverlay, RenderError> {
    let original = EncodedOriginal::known(encoded.bytes.as_slice(), encoded.format)?;
    let opened = Opened::new(&original, &Select::default(), limits)?;
    let measured = opened.measured;
    let longest = f64::from(measured.size.width.max(measured.size.height));
    let affordable = (limits.pixels_max as f64 / measured.size.area() as f64).sqrt();
    let scale = if opened.is_vector() { (VECTOR_SIDE / longest).max(1.0).min(affordable) } else { 1.0 };
    let wanted = Wanted { scale, ..Wanted::first(ColorSpace::Strip) };
    let first = opened.decode(&wanted, limits)?.into_first()?;
    // Any other value in the file is invalid and means upright.
    let value = Some(measured.orientation).filter(|value| (2..=8).contains(value));
    let natural = if value >= Some(5) { measured.size.transposed() } else { measured.size };
    let raster = match value {
        Some(value) => orient::apply(first, value),
        None => first,
    };
    Ok(DecodedOverlay { natural, raster: raster.into_8_bit() })
}

/// Decoded overlays by the hash of their bytes, the most recently used last.
#[derive(Debug, Default)]
struct Hot {
    layers: Vec<([u8; 32], Arc<DecodedOverlay>)>,
}

thread_local! {
    static HOT: RefCell<Hot> = RefCell::default();
}

impl Hot {
    fn get(&mut self, key: &[u8; 32]) -> Option<Arc<DecodedOverlay>> {
        let index = self.layers.iter().position(|(of, _)| of == key)?;
        let entry = self.layers.remove(index);
        let layer = entry.1.clone();
        self.layers.push(entry);
        Some(layer)
    }

    fn put(&mut self, key: [u8; 32], layer: Arc<DecodedOverlay>) {
        let bytes = |layer: &DecodedOverlay| {
            usize::try_from(layer.raster.size.area() * u64::from(layer.raster.channels)).unwrap_or(usize::MAX)
        };
        // Do not keep an overlay that would evict all others.
        if bytes(&layer) > KEPT_BYTES_MAX / 2 {
            return;
        }
        self.layers.push((key, layer));
        while self.layers.iter().map(|(_, layer)| bytes(layer)).sum::<usize>() > KEPT_BYTES_MAX {
            self.layers.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::Samples;

    fn grey(side: u32) -> Arc<DecodedOverlay> {
        let size = Size::new(side, side);
        let samples = Samples::U8(vec![0; size.area() as usize]);
        Arc::new(DecodedOverlay { natural: size, raster: Raster { size, channels: 1, samples } })
    }

    #[test]
    fn the_overlays_used_last_stay_hot_within_their_bytes() {
        let mut hot = Hot::default();
        let mib_of_8 = 2896; // 2896 squared is slightly under 8 MiB
        for key in 0..4 {
            hot.put([key; 32], grey(mib_of_8));
        }
        assert!(hot.get(&[0; 32]).is_some(), "four fit");
        hot.put([9; 32], grey(mib_of_8));
        assert!(hot.get(&[1; 32]).is_none() && hot.get(&[0; 32]).is_some() && hot.get(&[9; 32]).is_some());
        hot.put([8; 32], grey(5000));
        assert!(hot.get(&[8; 32]).is_none(), "too large to keep");
    }
}
