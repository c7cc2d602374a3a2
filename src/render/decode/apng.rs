//! Animated PNG: which frames there are, and the canvas as it looks while each is shown.
//!
//! A file whose animation is not what its chunks announce is a still picture, its default image, as it is to a reader that
//! knows no APNG. The default image is a frame only where the file says so. Source: PNG specification, third edition,
//! sections 4.9 (APNG: frame-based animation) and 11.3.6 (animation chunks).

use std::io::Cursor;
use std::ops::Range;

use png::{BlendOp, ColorType, Decoder, DisposeOp, FrameControl, Reader, Transformations};

use crate::plan::StoredFrames;
use crate::render::raster::{Raster, Samples};
use crate::render::{RenderError, paint};
use crate::units::{Rect, Size};

/// What the decoder may keep beside the pixels, bytes: a profile, and rows of the widest picture.
const DECODER_BYTES_MAX: usize = 256 << 20;

/// The frames that a PNG announces; `None` for a still one, and for one whose announcements do not fit together.
pub(super) fn frames(bytes: &[u8]) -> Option<StoredFrames> {
    let (mut announced, mut delays_ms, mut header) = (None, Vec::new(), None);
    let (mut has_data, mut numbers) = (false, 0..);
    for (kind, data) in chunks(bytes) {
        // Control and data chunks are numbered through, and a decoder would stop at a gap.
        if matches!(kind, b"fcTL" | b"fdAT") && word(data, 0) != numbers.next() {
            return None;
        }
        match kind {
            b"IHDR" => header = Some(Header::of(data)?),
            b"acTL" if announced.is_some() || has_data => return None,
            b"acTL" => announced = Some((word(data, 0)?, word(data, 4)?)),
            b"IDAT" if announced.is_none() => return None,
            b"IDAT" => has_data = true,
            b"fcTL" => delays_ms.push(header.as_ref()?.delay_ms(data)?),
            b"IEND" => break,
            _ => {}
        }
    }
    let (count, plays) = announced?;
    let fits = count > 1 && delays_ms.len() as u64 == u64::from(count);
    fits.then_some(StoredFrames { delays_ms, plays })
}

/// The chunks of a PNG, as far as it is whole.
pub(super) fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (kind, after) = after.split_first_chunk::<4>()?;
        let (data, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        // The checksum is the decoder's to verify.
        rest = after.get(4..)?;
        Some((kind, data))
    })
}

fn word(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..)?.first_chunk::<4>().map(|word| u32::from_be_bytes(*word))
}

/// What the rules for frames depend on.
struct Header {
    width: u32,
    height: u32,
    interlaced: bool,
}

impl Header {
    fn of(data: &[u8]) -> Option<Self> {
        Some(Self { width: word(data, 0)?, height: word(data, 4)?, interlaced: *data.get(12)? != 0 })
    }

    /// How long the frame of a control chunk is shown; `None` when it does not lie on the canvas.
    fn delay_ms(&self, control: &[u8]) -> Option<u32> {
        let fits =
            |side: u32, start: u32, whole: u32| side > 0 && start.checked_add(side).is_some_and(|end| end <= whole);
        let (width, height) = (word(control, 4)?, word(control, 8)?);
        if !fits(width, word(control, 12)?, self.width) || !fits(height, word(control, 16)?, self.height) {
            return None;
        }
        // How the decoder lays out the rows of a narrower interlaced part differs between its versions, and nobody makes
        // such files.
        if self.interlaced && width != self.width {
            return None;
        }
        let fraction = word(control, 20)?;
        // A denominator of 0 stands for 100.
        let (over, under) = (fraction >> 16, if fraction & 0xFFFF == 0 { 100 } else { fraction & 0xFFFF });
        Some((over * 1000 + under / 2) / under)
    }
}

/// Plays the frames `shown`, counted from 0, of an animation that [`frames`] knows: 8-bit RGBA of the whole canvas each.
pub(super) fn play(bytes: &[u8], shown: Range<u32>) -> Result<Player<'_>, RenderError> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: DECODER_BYTES_MAX });
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::normalize_to_color8() | Transformations::ALPHA);
    let reader = decoder.read_info().map_err(|_| RenderError::Undecodable)?;
    let size = Size::new(reader.info().width, reader.info().height);
    let len = usize::try_from(size.area() * 4).map_err(|_| RenderError::Undecodable)?;
    let buffer = vec![0; reader.output_buffer_size().ok_or(RenderError::Undecodable)?];
    Ok(Player { reader, size, buffer, canvas: vec![0; len], next: 0, shown })
}

/// An animation being played from its first frame on.
pub(super) struct Player<'a> {
    reader: Reader<Cursor<&'a [u8]>>,
    size: Size,
    /// The part that a frame brings, before it is on the canvas.
    buffer: Vec<u8>,
    canvas: Vec<u8>,
    /// Number of the next frame of the animation.
    next: u32,
    shown: Range<u32>,
}

impl Iterator for Player<'_> {
    type Item = Result<Raster, RenderError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.next < self.shown.end {
            let is_shown = self.next >= self.shown.start;
            match self.advance() {
                Ok(frame) if is_shown => return Some(Ok(frame)),
                Ok(_) => {}
                Err(error) => {
                    self.next = self.shown.end;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl Player<'_> {
    /// Draws the next frame, takes the picture, and leaves the canvas as the frame wants it left.
    fn advance(&mut self) -> Result<Raster, RenderError> {
        let control = self.read_part()?;
        // What the first frame would leave behind is what was there before it: nothing.
        let leaves = match control.dispose_op {
            DisposeOp::Previous if self.next == 0 => DisposeOp::Background,
            kept @ (DisposeOp::None | DisposeOp::Background | DisposeOp::Previous) => kept,
        };
        let rows = Rows::of(self.size, &control)?;
        let before: Vec<u8> = match leaves {
            DisposeOp::Previous => rows.clone().flat_map(|row| &self.canvas[row]).copied().collect(),
            DisposeOp::None | DisposeOp::Background => Vec::new(),
        };
        let width = control.width as usize * 4;
        for (row, part) in rows.clone().zip(self.buffer.chunks_exact(width)) {
            draw(&mut self.canvas[row], part, control.blend_op);
        }
        let samples = if self.next >= self.shown.start { self.canvas.clone() } else { Vec::new() };
        match leaves {
            DisposeOp::None => {}
            DisposeOp::Background => rows.for_each(|row| self.canvas[row].fill(0)),
            DisposeOp::Previous => {
                rows.zip(before.chunks_exact(width)).for_each(|(row, old)| self.canvas[row].copy_from_slice(old));
            }
        }
        self.next += 1;
        Ok(Raster { size: self.size, channels: 4, samples: Samples::U8(samples) })
    }

    /// Decodes the part that the next frame brings, as RGBA at the start of the buffer.
    fn read_part(&mut self) -> Result<FrameControl, RenderError> {
        loop {
            let info = self.reader.next_frame(&mut self.buffer).map_err(|_| RenderError::Undecodable)?;
            // A default image without a control chunk is no frame.
            let Some(control) = self.reader.info().frame_control else { continue };
            if (control.width, control.height) != (info.width, info.height) {
                return Err(RenderError::Undecodable);
            }
            match info.color_type {
                ColorType::Rgba => return Ok(control),
                ColorType::GrayscaleAlpha => {
                    let read = &self.buffer[..info.buffer_size()];
                    self.buffer = read.as_chunks::<2>().0.iter().flat_map(|&[v, a]| [v, v, v, a]).collect();
                    // As large as the decoder wants it, whatever the next part is.
                    self.buffer.resize(self.canvas.len(), 0);
                    return Ok(control);
                }
                ColorType::Grayscale | ColorType::Rgb | ColorType::Indexed => return Err(RenderError::Undecodable),
            }
        }
    }
}

/// Where the rows of a part lie on the canvas, in bytes.
#[derive(Clone)]
struct Rows {
    next: usize,
    left: u32,
    stride: usize,
    width: usize,
}

impl Rows {
    fn of(canvas: Size, part: &FrameControl) -> Result<Self, RenderError> {
        let rect =
            Rect { left: part.x_offset, top: part.y_offset, size: Size { width: part.width, height: part.height } };
        if !rect.is_inside(canvas) {
            return Err(RenderError::Undecodable);
        }
        let stride = canvas.width as usize * 4;
        let next = part.y_offset as usize * stride + part.x_offset as usize * 4;
        Ok(Self { next, left: part.height, stride, width: part.width as usize * 4 })
    }
}

impl Iterator for Rows {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        self.left = self.left.checked_sub(1)?;
        let row = self.next..self.next + self.width;
        self.next += self.stride;
        Some(row)
    }
}

fn draw(canvas: &mut [u8], part: &[u8], how: BlendOp) {
    match how {
        BlendOp::Source => canvas.copy_from_slice(part),
        BlendOp::Over => {
            for (under, top) in canvas.as_chunks_mut::<4>().0.iter_mut().zip(part.as_chunks::<4>().0) {
                *under = paint::over(*top, *under);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of the tests: what it brings, where, and how.
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
        let rows = pixels.chunks(width as usize).flat_map(|row| [&[0][..], row.as_flattened()].concat());
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(&rows.collect::<Vec<u8>>()).unwrap();
        zlib.finish().unwrap()
    }

    /// A file of a default image that is no frame, then the parts.
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

    /// Red everywhere on 2 x 1, then blue on the right with these ops, then nothing new on the left: three frames.
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
        assert_eq!(frames(&bytes), Some(StoredFrames { delays_ms: vec![100; 3], plays: 3 }));
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
    fn what_the_first_frame_replaced_is_nothing() {
        let first = Part { at: [0, 0, 1, 1], delay: (0, 0), ops: [2, 0], pixels: &[RED] };
        let second = Part { at: [1, 0, 1, 1], delay: (1, 0), ops: [0, 0], pixels: &[BLUE] };
        let bytes = file(2, 1, &[first, second]);
        assert_eq!(frames(&bytes).unwrap().delays_ms, [0, 10]);
        let shown: Vec<_> = play(&bytes, 0..2).unwrap().map(|frame| frame.unwrap().into_bytes()).collect();
        assert_eq!(shown, [[RED, NONE].concat(), [NONE, BLUE].concat()]);
    }

    #[test]
    fn what_does_not_fit_together_is_a_still_picture() {
        let part = |at| Part { at, delay: (1, 10), ops: [0, 0], pixels: &[RED] };
        let good = file(2, 2, &[part([0, 0, 1, 1]), part([1, 1, 1, 1])]);
        assert!(frames(&good).is_some());
        for outside in [[2, 0, 1, 1], [0, u32::MAX, 1, 1]] {
            assert_eq!(frames(&file(2, 2, &[part([0, 0, 1, 1]), part(outside)])), None);
        }
        assert_eq!(frames(&file(2, 2, &[part([0, 0, 1, 1])])), None, "one frame is no animation");
        let mut unnumbered = good.clone();
        let at = good.windows(4).rposition(|kind| kind == b"fdAT").unwrap();
        unnumbered[at + 7] += 1;
        assert_eq!(frames(&unnumbered), None);
        for length in 0..good.len() - 12 {
            let cut = &good[..length];
            assert!(
                frames(cut).is_none() || play(cut, 0..2).is_ok_and(|player| player.count() <= 2),
                "cut at {length}"
            );
        }
    }
}
