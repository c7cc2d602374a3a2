//! Properties that HEIF and AVIF state in addition to their samples (crop, rotation, mirroring, range, layers,
//! premultiplied alpha). They are removed from the file and applied by us.
//!
//! libheif 1.15 reports different sizes for a rotated image in the header and in the pixels, which makes libvips refuse
//! it. It treats every monochrome image and every alpha plane as full range, and does not support layers. Therefore
//! these properties are read here, and the decoder gets a copy of the file in which they have no effect, whatever its
//! version would make of them. This also allows `orient` to override a rotation. A sequence without a still image
//! becomes a file with its first frame, and length encodings that not every reader supports are rewritten. Pure and
//! total: a file that is not understood is left unchanged.
//!
//! EXIF does not rotate anything: MIAF (ISO/IEC 23000-22, 7.3.10) leaves that to `irot` and `imir`.
//! Sources: ISO/IEC 14496-12 section 8.11 (meta), ISO/IEC 23008-12 sections 6.5.9, 6.5.10, 6.5.12 (clap, irot, imir),
//! AV1 Image File Format 1.1, sections 2.3.2.1 and 2.3.2.3 (a1op, lsel).

mod av1;
mod boxes;
mod items;
mod sequence;

use std::borrow::Cow;

use items::{Items, Property};

use crate::pixels::orient;
use crate::pixels::raster::{Raster, Samples};
use crate::render::color::hdr::Cicp;
use crate::units::{Rect, Size};

/// What to apply to the stored pixels, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Transforms {
    /// Clean aperture, still as the fractions in the file.
    pub(super) clap: Option<Clap>,
    /// Rotation and mirroring combined as an EXIF orientation; 0 when the file states neither.
    pub(super) orientation: u8,
    /// The colour coding, if the file states it by numbers.
    pub(super) coding: Option<Cicp>,
    /// Whether black is 16 and white 235 of 255, for the colours and for alpha.
    is_narrow: [bool; 2],
    /// Whether the colours are premultiplied by alpha.
    is_premultiplied: bool,
}

/// Width, height and the two centre offsets, each as numerator and denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clap([(i64, i64); 4]);

impl Clap {
    /// Returns the rectangle to keep from an image of `size`. Returns `None` unless it is on whole pixels inside the
    /// image, because decoders agree to ignore any other.
    pub(super) fn rect(self, size: Size) -> Option<Rect> {
        let [width, height, across, down] = self.0;
        let (left, width) = axis(size.width, width, across)?;
        let (top, height) = axis(size.height, height, down)?;
        let rect = Rect { left, top, size: Size::new(width, height) };
        rect.is_inside(size).then_some(rect)
    }
}

/// Returns start and length along one side. The centre is that of the side plus the offset.
fn axis(side: u32, len: (i64, i64), offset: (i64, i64)) -> Option<(u32, u32)> {
    let (len_over, len_under) = len;
    if len_under <= 0 || offset.1 <= 0 || len_over % len_under != 0 {
        return None;
    }
    let len = u32::try_from(len_over / len_under).ok().filter(|len| *len > 0)?;
    // start = side / 2 + offset - len / 2, over the common denominator 2 * offset.1.
    let start = (i64::from(side) - i64::from(len)).checked_mul(offset.1)?.checked_add(offset.0.checked_mul(2)?)?;
    (start % (2 * offset.1) == 0).then_some(())?;
    Some((u32::try_from(start / (2 * offset.1)).ok()?, len))
}

/// In-place changes to a file that move nothing: where to write, and what.
type Edits = Vec<(usize, Vec<u8>)>;

fn edited<'a>(bytes: Cow<'a, [u8]>, edits: &Edits) -> Cow<'a, [u8]> {
    if edits.is_empty() {
        return bytes;
    }
    let mut copy = bytes.into_owned();
    for (at, new) in edits {
        if let Some(place) = copy.get_mut(*at..at + new.len()) {
            place.copy_from_slice(new);
        }
    }
    Cow::Owned(copy)
}

/// Returns the properties of the primary image, and the file with those properties neutralised.
pub(super) fn neutralised(bytes: &[u8]) -> (Cow<'_, [u8]>, Transforms) {
    let mut bytes = edited(Cow::Borrowed(bytes), &boxes::plain_lengths(bytes));
    if Items::read(&bytes).is_none()
        && let Some(still) = sequence::still(&bytes)
    {
        bytes = Cow::Owned(still);
    }
    let Some(items) = Items::read(&bytes) else { return (bytes, Transforms::default()) };
    let (color, alpha) = (items.primary, items.alpha(items.primary));
    let mut edits = Edits::new();
    let mut transforms = taken_out(&bytes, &items, color, &mut edits);
    transforms.is_narrow[0] = takes_out_range(&bytes, &items, color, false, &mut edits);
    if let Some(alpha) = alpha {
        // An alpha plane is rotated like the image it belongs to.
        taken_out(&bytes, &items, alpha, &mut edits);
        transforms.is_narrow[1] = takes_out_range(&bytes, &items, alpha, true, &mut edits);
        if let Some(at) = items.premultiplied(color) {
            transforms.is_premultiplied = true;
            edits.push((at + 4, b"skip".to_vec()));
        }
    }
    drop(items);
    (edited(bytes, &edits), transforms)
}

/// Reads the properties of an item and neutralises those that transform it or select a layer.
fn taken_out(bytes: &[u8], items: &Items<'_>, item: u32, edits: &mut Edits) -> Transforms {
    let properties = items.properties(item);
    let mut transforms =
        Transforms { coding: properties.iter().find_map(|one| coding(one, bytes)), ..Transforms::default() };
    for Property { kind, at, payload, association_at } in properties {
        let data = &bytes[payload.clone()];
        let first = data.first().copied().unwrap_or(0);
        match &kind {
            b"clap" => transforms.clap = clap(data),
            b"irot" => transforms.turn([1, 8, 3, 6][usize::from(first & 3)]),
            b"imir" => transforms.turn(if first & 1 == 0 { 4 } else { 2 }),
            b"a1op" | b"lsel" => {
                if &kind == b"a1op" {
                    hide_layers(bytes, items, item, usize::from(first), edits);
                }
                edits.push((at + 4, b"free".to_vec()));
                edits.push((association_at, vec![bytes[association_at] & 0x7F]));
                continue;
            }
            _ => continue,
        }
        // A rotation by 0 is the only property that has no effect and that every reader supports.
        edits.push((at + 4, b"irot".to_vec()));
        edits.push((payload.start, vec![0; payload.len()]));
    }
    transforms
}

/// Turns the parts of an AV1 item that an operating point does not show into padding.
fn hide_layers(bytes: &[u8], items: &Items<'_>, item: u32, point: usize, edits: &mut Edits) {
    let units: Vec<av1::Unit> = items.data(item).iter().flat_map(|piece| av1::units(bytes, piece.clone())).collect();
    let Some(sequence) = av1::sequence(bytes, &units) else { return };
    let Some(shown) = sequence.operating_points.get(point) else { return };
    for unit in units.iter().filter(|unit| !unit.is_in(*shown)) {
        edits.push((unit.at, vec![bytes[unit.at] & 0x87 | av1::PADDING << 3]));
    }
}

/// Returns whether the samples of an item are narrow range and a decoder may not know it, which concerns monochrome
/// images and all alpha planes. If so, marks them as full range.
fn takes_out_range(bytes: &[u8], items: &Items<'_>, item: u32, is_alpha: bool, edits: &mut Edits) -> bool {
    let properties = items.properties(item);
    let byte = |property: &Property, at: usize| bytes[property.payload.clone()].get(at).copied().unwrap_or(0);
    let of_kind = |kind: &[u8; 4]| properties.iter().find(|property| &property.kind == kind);
    let (av1, hevc) = (of_kind(b"av1C"), of_kind(b"hvcC"));
    let is_mono = av1.is_some_and(|one| byte(one, 2) & 0x10 != 0) || hevc.is_some_and(|one| byte(one, 16) & 3 == 0);
    if !is_alpha && !is_mono {
        return false;
    }
    let streams = av1.map(|one| one.payload.start + 4..one.payload.end).into_iter().chain(items.data(item).to_vec());
    let sequences: Vec<av1::SequenceHeader> = match av1 {
        Some(_) => streams.filter_map(|one| av1::sequence(bytes, &av1::units(bytes, one))).collect(),
        None => Vec::new(),
    };
    let numbered = properties.iter().find(|property| {
        &property.kind == b"colr"
            && bytes[property.payload.clone()].starts_with(b"nclx")
            && property.payload.len() >= 11
    });
    let stated = numbered.map(|property| byte(property, 10) & 0x80 != 0);
    let is_full = stated.or_else(|| sequences.first().map(|sequence| sequence.is_full)).unwrap_or(true);
    if is_full {
        return false;
    }
    edits.extend(numbered.map(|property| (property.payload.start + 10, vec![byte(property, 10) | 0x80])));
    edits.extend(sequences.iter().filter_map(|sequence| {
        let (at, bit) = sequence.range_bit?;
        Some((at, vec![bytes[at] | bit]))
    }));
    true
}

impl Transforms {
    fn turn(&mut self, exif: u8) {
        self.orientation = if self.orientation == 0 { exif } else { orient::compose(self.orientation, exif) };
    }

    /// Returns whether decoded samples still need correction.
    pub(super) const fn corrects(&self) -> bool {
        self.is_narrow[0] || self.is_narrow[1] || self.is_premultiplied
    }

    /// Corrects decoded samples to full range and straight alpha.
    pub(super) fn corrected(&self, mut raster: Raster) -> Raster {
        let channels = usize::from(raster.channels);
        let has_alpha = raster.has_alpha();
        match &mut raster.samples {
            Samples::U8(samples) => self.correct(samples, channels, has_alpha, [16, 235, 255], |v| v as u8),
            // The decoder shifts samples of 10 and 12 bits up and does not stretch them.
            Samples::U16(samples) => self.correct(samples, channels, has_alpha, [4096, 60_160, 65_535], |v| v as u16),
        }
        raster
    }

    fn correct<T: Copy + Into<u32>>(
        &self,
        samples: &mut [T],
        channels: usize,
        has_alpha: bool,
        [black, white, full]: [u32; 3],
        narrowed: impl Fn(u32) -> T,
    ) {
        let stretched = |v: u32| ((v.clamp(black, white) - black) * full + (white - black) / 2) / (white - black);
        let [color, alpha] = self.is_narrow;
        for pixel in samples.chunks_exact_mut(channels) {
            let (colours, opacity) = pixel.split_at_mut(channels - usize::from(has_alpha));
            if color {
                colours.iter_mut().for_each(|v| *v = narrowed(stretched((*v).into())));
            }
            let [opacity] = opacity else { continue };
            if alpha {
                *opacity = narrowed(stretched((*opacity).into()));
            }
            let opacity: u32 = (*opacity).into();
            if self.is_premultiplied && opacity > 0 {
                let divided =
                    |v: u32| ((u64::from(v) * u64::from(full) + u64::from(opacity) / 2) / u64::from(opacity)) as u32;
                colours.iter_mut().for_each(|v| *v = narrowed(divided((*v).into()).min(full)));
            }
        }
    }
}

/// Reads the code points in a colour property (ISO/IEC 14496-12, 12.1.5).
fn coding(property: &Property, bytes: &[u8]) -> Option<Cicp> {
    let data = bytes.get(property.payload.clone()).filter(|_| &property.kind == b"colr")?;
    match data.strip_prefix(b"nclx")? {
        [a, b, c, d, ..] => {
            Some(Cicp { primaries: u16::from_be_bytes([*a, *b]), transfer: u16::from_be_bytes([*c, *d]) })
        }
        _ => None,
    }
}

fn clap(data: &[u8]) -> Option<Clap> {
    let words: Vec<i64> = data.as_chunks::<4>().0.iter().map(|word| i64::from(i32::from_be_bytes(*word))).collect();
    match words.as_slice() {
        [a, b, c, d, e, f, g, h, ..] => Some(Clap([(*a, *b), (*c, *d), (*e, *f), (*g, *h)])),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
