//! Animated PNG: the frames in the file, and the canvas as it looks while each is shown.
//!
//! If the chunks do not announce exactly one animation, or break its rules, the file is treated as a still image, its
//! default image. The specification asks for this, and it is what a reader without APNG support shows. The default
//! image is a frame only where the file says so. A file that announces an animation but is truncated is rejected
//! entirely. Source: PNG specification, third edition, sections 4.9 (APNG: frame-based animation) and 11.3.6 (animation
//! chunks).

use std::io::Cursor;
use std::ops::Range;

use png::{BlendOp, ColorType, Decoder, DisposeOp, FrameControl, Reader, Transformations};

use super::canvas::{self, Disposal, FrameBlend, FrameCanvas, FramePart};
use crate::pixels::raster::Raster;
use crate::plan::StoredFrames;
use crate::render::RenderError;
use crate::units::{Rect, Size};

/// Bytes the decoder may allocate in addition to the pixels: a profile, and rows of the widest image.
const DECODER_BYTES_MAX: usize = 256 << 20;

/// Maximum number of frames that a file can announce (11.3.6.1).
const FRAMES_MAX: u32 = i32::MAX as u32;

/// Returns the frames of an animated PNG, or `None` for a still one.
///
/// # Errors
/// [`RenderError::Undecodable`] for a truncated animation.
pub(super) fn frames(bytes: &[u8]) -> Result<Option<StoredFrames>, RenderError> {
    let (mut scan, mut keeps_rules) = (Scan::default(), true);
    for (kind, data) in chunks(bytes) {
        match (keeps_rules, kind) {
            (true, _) => match scan.chunk(kind, data) {
                Some(Next::Chunk) => {}
                Some(Next::Still) => return Ok(None),
                Some(Next::End) => return scan.frames(),
                None => keeps_rules = false,
            },
            (false, b"IEND") => return Ok(None),
            (false, _) => {}
        }
    }
    if scan.announced.is_some() { Err(RenderError::Undecodable) } else { Ok(None) }
}

/// What the chunks read so far say.
#[derive(Default)]
struct Scan {
    header: Option<Header>,
    /// The number of frames and the number of plays.
    announced: Option<(u32, u32)>,
    delays_ms: Vec<u32>,
    /// Expected sequence number of the next control or data chunk.
    number: u32,
    /// Whether the most recently announced frame has data.
    has_data: bool,
    /// Whether the default image has been seen, which may or may not be a frame.
    has_default: bool,
    /// Whether the default image is the first frame.
    starts_with_default: bool,
}

/// What a chunk means for the rest of the scan.
enum Next {
    Chunk,
    Still,
    End,
}

impl Scan {
    /// Processes one chunk. Returns `None` if it breaks the rules.
    fn chunk(&mut self, kind: &[u8; 4], data: &[u8]) -> Option<Next> {
        match kind {
            b"IHDR" => self.header = Header::of(data),
            // Only one announcement is allowed, and it must come before the image.
            b"acTL" if self.announced.is_some() || self.has_default => return Some(Next::Still),
            b"acTL" => {
                let (Some(count @ 1..=FRAMES_MAX), Some(plays)) = (word(data, 0), word(data, 4)) else {
                    return Some(Next::Still);
                };
                self.announced = Some((count, plays));
            }
            b"IDAT" if self.announced.is_none() => return Some(Next::Still),
            b"IDAT" => {
                self.starts_with_default |= !self.has_default && !self.delays_ms.is_empty();
                (self.has_default, self.has_data) = (true, true);
            }
            b"fcTL" if self.announced.is_some() => {
                // The previous frame needs image data.
                if !self.delays_ms.is_empty() && !self.has_data {
                    return None;
                }
                self.numbered(data)?;
                let header = self.header.as_ref()?;
                self.delays_ms.push(header.delay_ms(data)?);
                self.has_data = false;
            }
            b"fdAT" if self.announced.is_some() => {
                self.numbered(data)?;
                if self.delays_ms.is_empty() || !self.has_default {
                    return None;
                }
                self.has_data = true;
            }
            b"IEND" => return Some(Next::End),
            _ => {}
        }
        Some(Next::Chunk)
    }

    /// Checks the sequence number that control and data chunks share.
    fn numbered(&mut self, data: &[u8]) -> Option<()> {
        if word(data, 0) != Some(self.number) {
            return None;
        }
        self.number += 1;
        Some(())
    }

    fn frames(self) -> Result<Option<StoredFrames>, RenderError> {
        let Some((count, plays)) = self.announced.filter(|_| !self.delays_ms.is_empty()) else { return Ok(None) };
        if !self.has_data || self.delays_ms.len() as u64 != u64::from(count) {
            return Err(RenderError::Undecodable);
        }
        // If the default image is the only frame, every reader shows the same.
        let is_still = count == 1 && self.starts_with_default;
        Ok((!is_still).then_some(StoredFrames { delays_ms: self.delays_ms, plays }))
    }
}

/// Iterates over the chunks of a PNG until it ends or is truncated.
pub(super) fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (kind, after) = after.split_first_chunk::<4>()?;
        let (data, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        // The decoder verifies the checksum.
        rest = after.get(4..)?;
        Some((kind, data))
    })
}

fn word(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..)?.first_chunk::<4>().map(|word| u32::from_be_bytes(*word))
}

/// The header fields that the rules for frames depend on.
struct Header {
    width: u32,
    height: u32,
    interlaced: bool,
}

impl Header {
    fn of(data: &[u8]) -> Option<Self> {
        Some(Self { width: word(data, 0)?, height: word(data, 4)?, interlaced: *data.get(12)? != 0 })
    }

    /// Returns how long the frame of a control chunk is shown, or `None` if the frame does not fit on the canvas.
    fn delay_ms(&self, control: &[u8]) -> Option<u32> {
        let fits =
            |side: u32, start: u32, whole: u32| side > 0 && start.checked_add(side).is_some_and(|end| end <= whole);
        let (width, height) = (word(control, 4)?, word(control, 8)?);
        if !fits(width, word(control, 12)?, self.width) || !fits(height, word(control, 16)?, self.height) {
            return None;
        }
        // Versions of the decoder differ in how they arrange the rows of a narrower interlaced part, and nobody creates
        // such files.
        if self.interlaced && width != self.width {
            return None;
        }
        let fraction = word(control, 20)?;
        // A denominator of 0 means 100.
        let (over, under) = (fraction >> 16, if fraction & 0xFFFF == 0 { 100 } else { fraction & 0xFFFF });
        Some((over * 1000 + under / 2) / under)
    }
}

/// Plays the frames `shown`, counted from 0, of an animation that [`frames`] has accepted. Each is the whole canvas in
/// 8-bit RGBA.
pub(super) fn play(
    bytes: &[u8],
    shown: Range<u32>,
) -> Result<impl Iterator<Item = Result<Raster, RenderError>> + use<'_>, RenderError> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: DECODER_BYTES_MAX });
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::normalize_to_color8() | Transformations::ALPHA);
    let reader = decoder.read_info().map_err(|_| RenderError::Undecodable)?;
    let size = Size::new(reader.info().width, reader.info().height);
    let len = reader.output_buffer_size().ok_or(RenderError::Undecodable)?;
    let mut parts = Parts { reader, buffer: vec![0; len], len };
    let mut canvas = FrameCanvas::new(size);
    Ok(canvas::shown(shown, move |is_shown| {
        let control = parts.next()?;
        let part = FramePart {
            rect: Rect {
                left: control.x_offset,
                top: control.y_offset,
                size: Size::new(control.width, control.height),
            },
            pixels: &parts.buffer,
            blend: match control.blend_op {
                BlendOp::Source => FrameBlend::Source,
                BlendOp::Over => FrameBlend::Over,
            },
            disposal: match control.dispose_op {
                DisposeOp::None => Disposal::Keep,
                DisposeOp::Background => Disposal::Clear,
                // For the first frame, the previous state is an empty canvas.
                DisposeOp::Previous => Disposal::Restore,
            },
        };
        Ok(canvas.play(&part, is_shown))
    }))
}

/// The frame images in order.
struct Parts<'a> {
    reader: Reader<Cursor<&'a [u8]>>,
    /// Starts with the most recent frame image as RGBA.
    buffer: Vec<u8>,
    /// Buffer size that the decoder requires, whatever the size of a frame image.
    len: usize,
}

impl Parts<'_> {
    /// Decodes the next frame image as RGBA to the start of the buffer.
    fn next(&mut self) -> Result<FrameControl, RenderError> {
        loop {
            self.buffer.resize(self.len, 0);
            let info = self.reader.next_frame(&mut self.buffer).map_err(|_| RenderError::Undecodable)?;
            // A default image without a control chunk is not a frame.
            let Some(control) = self.reader.info().frame_control else { continue };
            if (control.width, control.height) != (info.width, info.height) {
                return Err(RenderError::Undecodable);
            }
            match info.color_type {
                ColorType::Rgba => {}
                ColorType::GrayscaleAlpha => {
                    let read = &self.buffer[..info.buffer_size()];
                    self.buffer = read.as_chunks::<2>().0.iter().flat_map(|&[v, a]| [v, v, v, a]).collect();
                }
                ColorType::Grayscale | ColorType::Rgb | ColorType::Indexed => return Err(RenderError::Undecodable),
            }
            return Ok(control);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame in the tests: its image, its position, and how it is applied.
    struct Part<'a> {
        /// Left, top, width, height.
        at: [u32; 4],
        delay: (u16, u16),
        /// `dispose_op`, `blend_op`.
        ops: [u8; 2],
        pixels: &'a [[u8; 4]],
    }

    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let body = [&kind[..], data].concat();
        [&(data.len() as u32).to_be_bytes()[..], &body, &crc32fast::hash(&body).to_be_bytes()].concat()
    }

    fn words(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_be_bytes()).collect()
    }

    fn data(width: u32, pixels: &[[u8; 4]]) -> Vec<u8> {
        use std::io::Write;
        let rows = pixels.chunks(width.max(1) as usize).flat_map(|row| [&[0][..], row.as_flattened()].concat());
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(&rows.collect::<Vec<u8>>()).unwrap();
        zlib.finish().unwrap()
    }

    /// Builds a file with a default image that is not a frame, followed by the parts.
    fn file(width: u32, height: u32, parts: &[Part<'_>]) -> Vec<u8> {
        let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
        out.extend(chunk(b"IHDR", &[&words(&[width, height])[..], &[8, 6, 0, 0, 0]].concat()));
        out.extend(chunk(b"acTL", &words(&[parts.len() as u32, 3])));
        out.extend(chunk(b"IDAT", &data(width, &vec![[9; 4]; (width * height) as usize])));
        for (index, Part { at: [left, top, width, height], delay, ops, pixels }) in parts.iter().enumerate() {
            let number = index as u32 * 2;
            let delay = u32::from(delay.0) << 16 | u32::from(delay.1);
            let control = words(&[number, *width, *height, *left, *top, delay]);
            out.extend(chunk(b"fcTL", &[&control[..], ops].concat()));
            out.extend(chunk(b"fdAT", &[&words(&[number + 1])[..], &data(*width, pixels)].concat()));
        }
        out.extend(chunk(b"IEND", b""));
        out
    }

    const RED: [u8; 4] = [255, 0, 0, 255];
    const BLUE: [u8; 4] = [0, 0, 255, 255];
    const NONE: [u8; 4] = [0; 4];

    /// Plays three frames on 2 x 1: red everywhere, then blue on the right with these ops, then nothing new on the
    /// left.
    #[track_caller]
    fn check(ops: [u8; 2], brought: [u8; 4], second: [u8; 4], third: [u8; 4]) {
        let part = |at, ops, pixels| Part { at, delay: (1, 10), ops, pixels };
        let bytes = file(
            2,
            1,
            &[
                part([0, 0, 2, 1], [0, 0], &[RED, RED]),
                part([1, 0, 1, 1], ops, &[brought]),
                part([0, 0, 1, 1], [0, 1], &[NONE]),
            ],
        );
        assert_eq!(frames(&bytes), Ok(Some(StoredFrames { delays_ms: vec![100; 3], plays: 3 })));
        let shown: Vec<_> = play(&bytes, 0..3).unwrap().map(|frame| frame.unwrap().into_bytes()).collect();
        assert_eq!(shown, [[RED, RED].concat(), [RED, second].concat(), [RED, third].concat()], "{ops:?}");
        let last: Vec<_> = play(&bytes, 2..3).unwrap().map(|frame| frame.unwrap().into_bytes()).collect();
        assert_eq!(last, shown[2..], "frames before the first are drawn too");
    }

    #[test]
    fn parts_are_blended_and_disposed_of() {
        const CLEAR: [u8; 4] = [0, 0, 255, 0];
        check([0, 0], BLUE, BLUE, BLUE);
        check([1, 0], BLUE, BLUE, NONE);
        check([2, 0], BLUE, BLUE, RED);
        check([0, 0], CLEAR, CLEAR, CLEAR);
        check([0, 1], CLEAR, RED, RED);
        check([0, 1], [0, 0, 255, 128], [127, 0, 128, 255], [127, 0, 128, 255]);
    }

    #[test]
    fn disposing_of_the_first_frame_leaves_transparency() {
        let first = Part { at: [0, 0, 1, 1], delay: (0, 0), ops: [2, 0], pixels: &[RED] };
        let second = Part { at: [1, 0, 1, 1], delay: (1, 0), ops: [0, 0], pixels: &[BLUE] };
        let bytes = file(2, 1, &[first, second]);
        assert_eq!(frames(&bytes).unwrap().unwrap().delays_ms, [0, 10]);
        let shown: Vec<_> = play(&bytes, 0..2).unwrap().map(|frame| frame.unwrap().into_bytes()).collect();
        assert_eq!(shown, [[RED, NONE].concat(), [NONE, BLUE].concat()]);
    }

    #[test]
    fn one_frame_beside_a_hidden_default_image_is_an_animation() {
        let bytes = file(1, 1, &[Part { at: [0, 0, 1, 1], delay: (1, 10), ops: [0, 0], pixels: &[RED] }]);
        assert_eq!(frames(&bytes).unwrap().unwrap().delays_ms, [100]);
        let shown: Vec<_> = play(&bytes, 0..1).unwrap().map(|frame| frame.unwrap().into_bytes()).collect();
        assert_eq!(shown, [RED]);
        let (before, after) = bytes.split_at(bytes.windows(4).position(|kind| kind == b"IDAT").unwrap() - 4);
        let control = chunk(b"fcTL", &[&words(&[0, 1, 1, 0, 0, 0x0001_000A])[..], &[0, 0]].concat());
        let data = chunk(b"IDAT", &data(1, &[RED]));
        let still = [before, &control, &data, &chunk(b"IEND", b"")].concat();
        assert_eq!(frames(&still), Ok(None), "the default image is the frame");
        assert_eq!(frames(&[before, after].concat()).unwrap().unwrap().plays, 3);
    }

    #[test]
    fn data_may_be_split_and_empty() {
        let pixels = data(2, &[RED, BLUE]);
        for cut in 0..=pixels.len() {
            let whole = file(2, 1, &[Part { at: [0, 0, 2, 1], delay: (1, 10), ops: [0, 0], pixels: &[RED, BLUE] }]);
            let mut bytes = whole[..whole.windows(4).position(|kind| kind == b"fcTL").unwrap() - 4].to_vec();
            bytes.extend(chunk(b"fcTL", &[&words(&[0, 2, 1, 0, 0, 0x0001_000A])[..], &[0, 0]].concat()));
            for (number, part) in [(1, &pixels[..cut]), (2, b""), (3, &pixels[cut..])] {
                bytes.extend(chunk(b"fdAT", &[&words(&[number])[..], part].concat()));
            }
            bytes.extend(chunk(b"IEND", b""));
            assert!(frames(&bytes).unwrap().is_some());
            let shown: Vec<_> = play(&bytes, 0..1).unwrap().map(|frame| frame.unwrap().into_bytes()).collect();
            assert_eq!(shown, [[RED, BLUE].concat()], "split at {cut}");
        }
    }

    #[test]
    fn an_invalid_animation_is_a_still_image_and_missing_frames_are_refused() {
        let part = |at| Part { at, delay: (1, 10), ops: [0, 0], pixels: &[RED] };
        let good = file(2, 2, &[part([0, 0, 1, 1]), part([1, 1, 1, 1])]);
        assert!(frames(&good).unwrap().is_some());
        let refused = Err(RenderError::Undecodable);
        for outside in [[2, 0, 1, 1], [0, u32::MAX, 1, 1], [0, 0, 0, 1]] {
            assert_eq!(frames(&file(2, 2, &[part([0, 0, 1, 1]), part(outside)])), Ok(None));
        }
        let mut unnumbered = good.clone();
        let at = good.windows(4).rposition(|kind| kind == b"fdAT").unwrap();
        unnumbered[at + 7] += 1;
        assert_eq!(frames(&unnumbered), Ok(None));
        assert_eq!(frames(&unnumbered[..unnumbered.len() - 12]), refused, "and torn");
        let without_last = [&good[..at - 4], &chunk(b"IEND", b"")].concat();
        assert_eq!(frames(&without_last), refused, "a frame without data");
        let mut more_announced = good.clone();
        let at = good.windows(4).position(|kind| kind == b"acTL").unwrap();
        more_announced[at + 7] += 1;
        assert_eq!(frames(&more_announced), refused);
        let mut none_announced = good.clone();
        none_announced[at + 4] = 0x80;
        assert_eq!(frames(&none_announced), Ok(None), "no number of frames is a still image");
    }

    #[test]
    fn a_truncated_animation_is_refused_at_any_length() {
        let part = |at| Part { at, delay: (1, 10), ops: [0, 0], pixels: &[RED] };
        let good = file(2, 2, &[part([0, 0, 1, 1]), part([1, 1, 1, 1])]);
        let announced = good.windows(4).position(|kind| kind == b"acTL").unwrap() + 16;
        for length in 0..good.len() {
            let expected = if length < announced { Ok(None) } else { Err(RenderError::Undecodable) };
            assert_eq!(frames(&good[..length]), expected, "cut at {length}");
            assert!(play(&good[..length], 0..2).is_err() || length >= announced);
        }
    }
}
