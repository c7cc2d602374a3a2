//! GIF: which frames there are, and each of them drawn on the canvas as browsers draw it.
//!
//! A file that ends inside a block, or after a block that announces a frame, is torn and refused whole, whichever frame is
//! wanted. One that ends between blocks without the trailer has all its pixels and is drawn; so is one that goes on with
//! something that is no block, which ends it for browsers too.
//! Source: GIF89a specification. Where it leaves a choice (a canvas smaller than the first frame, method 4 of disposal,
//! indices without a colour, the background colour) we do as Chromium does.

use std::ops::Range;

use weezl::{BitOrder, LzwStatus, decode::Decoder};

use super::canvas::{self, Blend, Canvas, Disposal, Part};
use super::check_max;
use crate::pixels::raster::Raster;
use crate::plan::{Measured, StoredFrames};
use crate::render::{Bound, RenderError, RenderLimits};
use crate::units::{Rect, Size};

/// What is known without decoding a pixel.
#[derive(Debug, PartialEq)]
pub(super) struct Facts {
    pub(super) measured: Measured,
    pub(super) stored: StoredFrames,
}

/// Reads all blocks.
///
/// # Errors
/// [`RenderError::Undecodable`] for a torn file and one without a frame, [`RenderError::TooLarge`] for a frame over the limit.
pub(super) fn measure(bytes: &[u8], limits: &RenderLimits) -> Result<Facts, RenderError> {
    let (mut sides, blocks) = Blocks::of(bytes)?;
    let (mut delays_ms, mut plays, mut has_alpha) = (Vec::new(), 1, false);
    // What the frame before did with its part; before the first there is nothing.
    let mut uncovers = false;
    for block in blocks {
        match block? {
            Block::Plays(stated) => plays = stated,
            Block::Frame(frame) => {
                let is_first = delays_ms.is_empty();
                if is_first {
                    sides = canvas_sides(sides, &frame);
                }
                let size = Size::new(sides[0], sides[1]);
                check_max(Bound::Pixels, size.area().max(frame.pixels_len()), limits.pixels_max)?;
                let covers = frame.rect() == Some(Rect::whole(size));
                has_alpha |= uncovers || frame.transparent.is_some() || (is_first && !covers);
                uncovers |= frame.disposal == Disposal::Clear || (is_first && frame.disposal == Disposal::Restore);
                delays_ms.push(frame.delay_ms);
            }
        }
    }
    let frames = u32::try_from(delays_ms.len()).unwrap_or(u32::MAX);
    if frames == 0 || sides.contains(&0) {
        return Err(RenderError::Undecodable);
    }
    let measured = Measured { size: Size::new(sides[0], sides[1]), orientation: 1, has_alpha, frames };
    Ok(Facts { measured, stored: StoredFrames { delays_ms, plays } })
}

/// The canvas reaches as far as the first frame, whatever the header says.
fn canvas_sides(stated: [u32; 2], first: &Frame<'_>) -> [u32; 2] {
    std::array::from_fn(|axis| stated[axis].max(first.start[axis] + first.sides[axis]))
}

/// Plays the frames `shown`, counted from 0, of a file that has been measured: the whole canvas each, 8-bit RGBA, or RGB
/// where nothing is transparent in any frame.
pub(super) fn play<'a>(
    bytes: &'a [u8],
    measured: &Measured,
    shown: Range<u32>,
    limits: &RenderLimits,
) -> Result<impl Iterator<Item = Result<Raster, RenderError>> + use<'a>, RenderError> {
    let (_, blocks) = Blocks::of(bytes)?;
    let mut frames = blocks.filter_map(|block| match block {
        Ok(Block::Frame(frame)) => Some(Ok(frame)),
        Ok(Block::Plays(_)) => None,
        Err(error) => Some(Err(error)),
    });
    let mut canvas = Canvas::new(measured.size);
    let (has_alpha, canvas_pixels, limits) = (measured.has_alpha, measured.size.area(), *limits);
    // Pixels that parts bring beyond the canvas, which the limit on animations does not know of.
    let mut beyond = 0;
    Ok(canvas::shown(shown, move |is_shown| {
        let frame = frames.next().unwrap_or(Err(RenderError::Undecodable))?;
        beyond += frame.pixels_len().saturating_sub(canvas_pixels);
        check_max(Bound::AnimationPixels, beyond, limits.animation_pixels_max)?;
        let raster = if let Some(rect) = frame.rect() {
            let part = Part { rect, pixels: &frame.pixels()?, blend: Blend::Over, disposal: frame.disposal };
            canvas.play(&part, is_shown)
        } else {
            is_shown.then(|| canvas.picture())
        };
        Ok(raster.map(|raster| if has_alpha { raster } else { raster.without_alpha() }))
    }))
}

/// Bits of a sample as the header states them, for descriptions.
pub(in crate::render) fn depth(bytes: &[u8]) -> u32 {
    bytes.get(10).map_or(8, |flags| if flags & 0x80 == 0 { 8 } else { u32::from(flags & 7) + 1 })
}

/// One frame as stored.
struct Frame<'a> {
    /// Left and top, width and height; a side of 0 is a frame that draws nothing.
    start: [u32; 2],
    sides: [u32; 2],
    is_interlaced: bool,
    /// Its own colours or those of the file, three bytes each.
    palette: &'a [u8],
    transparent: Option<u8>,
    disposal: Disposal,
    delay_ms: u32,
    /// Bits of an index, from which the LZW codes begin to grow.
    index_bits: u8,
    /// Packed indices: sub-blocks, each with its length in front.
    data: &'a [u8],
}

impl Frame<'_> {
    /// Where it lies, if anywhere.
    fn rect(&self) -> Option<Rect> {
        let ([left, top], [width, height]) = (self.start, self.sides);
        (width > 0 && height > 0).then(|| Rect { left, top, size: Size::new(width, height) })
    }

    fn pixels_len(&self) -> u64 {
        u64::from(self.sides[0]) * u64::from(self.sides[1])
    }

    /// RGBA, row after row, of a frame that has any.
    fn pixels(&self) -> Result<Vec<u8>, RenderError> {
        let colours = self.colours();
        let indices = self.indices()?;
        let width = self.sides[0] as usize;
        let mut pixels = vec![0; indices.len() * 4];
        for (row, y) in indices.chunks_exact(width).zip(self.row_order()) {
            let to = &mut pixels[y * width * 4..(y + 1) * width * 4];
            for (pixel, &index) in to.as_chunks_mut::<4>().0.iter_mut().zip(row) {
                *pixel = colours[usize::from(index)];
            }
        }
        Ok(pixels)
    }

    /// What each index looks like; one without a colour is black.
    fn colours(&self) -> [[u8; 4]; 256] {
        let mut colours = [[0, 0, 0, 255]; 256];
        for (colour, [r, g, b]) in colours.iter_mut().zip(self.palette.as_chunks::<3>().0) {
            *colour = [*r, *g, *b, 255];
        }
        if let Some(index) = self.transparent {
            colours[usize::from(index)] = [0; 4];
        }
        colours
    }

    /// The row that each stored row is.
    fn row_order(&self) -> impl Iterator<Item = usize> + use<> {
        const PLAIN: &[(usize, usize)] = &[(0, 1)];
        const INTERLACED: &[(usize, usize)] = &[(0, 8), (4, 8), (2, 4), (1, 2)];
        let height = self.sides[1] as usize;
        let passes = if self.is_interlaced { INTERLACED } else { PLAIN };
        passes.iter().flat_map(move |&(start, step)| (start..height).step_by(step))
    }

    /// Unpacks the indices, row after stored row. Fewer than the frame has pixels are an error; more are left alone.
    fn indices(&self) -> Result<Vec<u8>, RenderError> {
        let len = usize::try_from(self.pixels_len()).map_err(|_| RenderError::Undecodable)?;
        // Codes of an index and of one more bit fit the twelve that a code may have.
        if !(1..=8).contains(&self.index_bits) {
            return Err(RenderError::Undecodable);
        }
        let mut indices = vec![0; len];
        let mut at = 0;
        let mut lzw = Decoder::new(BitOrder::Lsb, self.index_bits);
        // An empty one at the end fetches what the decoder still holds.
        for mut block in sub_blocks(self.data).chain(std::iter::once(&[][..])) {
            while at < len {
                let step = lzw.decode_bytes(block, &mut indices[at..]);
                at += step.consumed_out;
                block = &block[step.consumed_in..];
                match step.status {
                    _ if at == len => {}
                    Ok(LzwStatus::Ok) if step.consumed_in + step.consumed_out > 0 => {}
                    Ok(LzwStatus::Ok | LzwStatus::NoProgress | LzwStatus::Done) => break,
                    Err(_) => return Err(RenderError::Undecodable),
                }
            }
        }
        (at == len).then_some(indices).ok_or(RenderError::Undecodable)
    }
}

/// The sub-blocks of data that [`split_data`] found whole.
fn sub_blocks(mut data: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (&len, after) = data.split_first()?;
        let (block, rest) = after.split_at_checked(usize::from(len))?;
        data = rest;
        Some(block)
    })
}

/// What concerns us of a file.
enum Block<'a> {
    Frame(Frame<'a>),
    /// How often the animation is to be played, 0 for ever.
    Plays(u32),
}

/// What an extension says of the frame behind it.
struct Control {
    transparent: Option<u8>,
    disposal: Disposal,
    delay_ms: u32,
}

/// The blocks of a file in order; the last item is an error where the file is torn.
struct Blocks<'a> {
    rest: &'a [u8],
    palette: &'a [u8],
    control: Option<Control>,
    is_done: bool,
}

impl<'a> Blocks<'a> {
    /// The sides that the header states, which may be 0, and the blocks behind it.
    fn of(bytes: &'a [u8]) -> Result<([u32; 2], Self), RenderError> {
        let (head, rest) = bytes.split_first_chunk::<13>().ok_or(RenderError::Undecodable)?;
        let side = |at: usize| u32::from(u16::from_le_bytes([head[at], head[at + 1]]));
        let (palette, rest) = split_palette(rest, head[10])?;
        Ok(([side(6), side(8)], Self { rest, palette, control: None, is_done: false }))
    }

    fn read(&mut self) -> Result<Option<Block<'a>>, RenderError> {
        loop {
            match self.rest {
                [0x21, label, after @ ..] => {
                    let (data, rest) = split_data(after)?;
                    self.rest = rest;
                    match label {
                        0xF9 => self.control = Control::read(data).or(self.control.take()),
                        0xFF => {
                            if let Some(plays) = plays(data) {
                                return Ok(Some(Block::Plays(plays)));
                            }
                        }
                        // Comments, and text that no browser draws.
                        _ => {}
                    }
                }
                [0x2C, after @ ..] => {
                    let (frame, rest) = self.frame(after)?;
                    self.rest = rest;
                    return Ok(Some(Block::Frame(frame)));
                }
                [0x3B, ..] => return Ok(None),
                [0x21] => return Err(RenderError::Undecodable),
                // A frame was announced, and is not here.
                _ if self.control.is_some() => return Err(RenderError::Undecodable),
                _ => return Ok(None),
            }
        }
    }

    /// The frame behind its separator, and what follows it.
    fn frame(&mut self, bytes: &'a [u8]) -> Result<(Frame<'a>, &'a [u8]), RenderError> {
        let (head, rest) = bytes.split_first_chunk::<9>().ok_or(RenderError::Undecodable)?;
        let number = |at: usize| u32::from(u16::from_le_bytes([head[at], head[at + 1]]));
        let (start, sides) = ([number(0), number(2)], [number(4), number(6)]);
        let flags = head[8];
        let (own, rest) = split_palette(rest, flags)?;
        let palette = if own.is_empty() { self.palette } else { own };
        let (&index_bits, rest) = rest.split_first().ok_or(RenderError::Undecodable)?;
        let (data, rest) = split_data(rest)?;
        let Control { transparent, disposal, delay_ms } =
            self.control.take().unwrap_or(Control { transparent: None, disposal: Disposal::Keep, delay_ms: 0 });
        let is_interlaced = flags & 0x40 != 0;
        Ok((Frame { start, sides, is_interlaced, palette, transparent, disposal, delay_ms, index_bits, data }, rest))
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<Block<'a>, RenderError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let read = self.read().transpose();
        self.is_done = !matches!(read, Some(Ok(_)));
        read
    }
}

impl Control {
    /// Of a graphic control extension; `None` for one that is too short to say anything.
    fn read(data: &[u8]) -> Option<Self> {
        let &[flags, low, high, index] = sub_blocks(data).next()?.first_chunk::<4>()?;
        let disposal = match flags >> 2 & 7 {
            2 => Disposal::Clear,
            // 4 is what some writers took 3 for.
            3 | 4 => Disposal::Restore,
            _ => Disposal::Keep,
        };
        let transparent = (flags & 1 != 0).then_some(index);
        Some(Self { transparent, disposal, delay_ms: u32::from(u16::from_le_bytes([low, high])) * 10 })
    }
}

/// How often an application extension wants the animation played, where it is the one that says so: its number counts the
/// repetitions after the first time, and 0 is for ever.
fn plays(data: &[u8]) -> Option<u32> {
    let mut blocks = sub_blocks(data);
    if !matches!(blocks.next()?, b"NETSCAPE2.0" | b"ANIMEXTS1.0") {
        return None;
    }
    let &[kind, low, high] = blocks.next()?.first_chunk::<3>()?;
    let repeats = u32::from(u16::from_le_bytes([low, high]));
    (kind & 7 == 1).then_some(if repeats == 0 { 0 } else { repeats + 1 })
}

/// A palette, if the flags announce one, and what follows it.
fn split_palette(bytes: &[u8], flags: u8) -> Result<(&[u8], &[u8]), RenderError> {
    let len = if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    bytes.split_at_checked(len).ok_or(RenderError::Undecodable)
}

/// Sub-blocks up to the empty one that ends them, without it, and what follows.
fn split_data(bytes: &[u8]) -> Result<(&[u8], &[u8]), RenderError> {
    let mut at = 0;
    loop {
        let len = usize::from(*bytes.get(at).ok_or(RenderError::Undecodable)?);
        if len == 0 {
            return Ok((&bytes[..at], &bytes[at + 1..]));
        }
        at += 1 + len;
    }
}

#[cfg(test)]
mod tests;
