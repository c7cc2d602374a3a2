//! GIF: the frames in the file, each drawn on the canvas as browsers draw it.
//!
//! A file that ends inside a block, or after a block that announces a frame, is truncated and rejected entirely,
//! whichever frame is wanted. A file that ends between blocks without the trailer has all its pixels and is drawn. So
//! is one that continues with something that is not a block; browsers stop there too.
//! Source: GIF89a specification. Where it leaves a choice (a canvas smaller than the first frame, disposal method 4,
//! indices without a colour, the background colour), we follow Chromium.

use std::ops::Range;

use weezl::{BitOrder, LzwStatus, decode::Decoder};

use super::canvas::{self, Disposal, FrameBlend, FrameCanvas, FramePart};
use super::check_max;
use crate::pixels::raster::Raster;
use crate::plan::{Measured, StoredFrames};
use crate::render::{Bound, RenderError, RenderLimits};
use crate::units::{Rect, Size};

/// What is known without decoding any pixels.
#[derive(Debug, PartialEq)]
pub(super) struct GifFacts {
    pub(super) measured: Measured,
    pub(super) stored: StoredFrames,
}

/// Reads all blocks.
///
/// # Errors
/// [`RenderError::Undecodable`] for a truncated file or one without a frame, [`RenderError::TooLarge`] for a frame
/// above the limit.
pub(super) fn measure(bytes: &[u8], limits: &RenderLimits) -> Result<GifFacts, RenderError> {
    let (mut sides, blocks) = Blocks::of(bytes)?;
    let (mut delays_ms, mut plays, mut has_alpha) = (Vec::new(), 1, false);
    // Whether the disposal of an earlier frame has cleared part of the canvas.
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
    Ok(GifFacts { measured, stored: StoredFrames { delays_ms, plays } })
}

/// Enlarges the canvas to hold the first frame, whatever the header says.
fn canvas_sides(stated: [u32; 2], first: &GifFrame<'_>) -> [u32; 2] {
    std::array::from_fn(|axis| stated[axis].max(first.start[axis] + first.sides[axis]))
}

/// Plays the frames `shown`, counted from 0, of a file that has been measured. Each is the whole canvas in 8-bit RGBA,
/// or in RGB if no frame has transparency.
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
    let mut canvas = FrameCanvas::new(measured.size);
    let (has_alpha, canvas_pixels, limits) = (measured.has_alpha, measured.size.area(), *limits);
    // Pixels of parts that extend beyond the canvas. The limit on animations does not account for them.
    let mut beyond = 0;
    Ok(canvas::shown(shown, move |is_shown| {
        let frame = frames.next().unwrap_or(Err(RenderError::Undecodable))?;
        beyond += frame.pixels_len().saturating_sub(canvas_pixels);
        check_max(Bound::AnimationPixels, beyond, limits.animation_pixels_max)?;
        let raster = if let Some(rect) = frame.rect() {
            let part = FramePart { rect, pixels: &frame.pixels()?, blend: FrameBlend::Over, disposal: frame.disposal };
            canvas.play(&part, is_shown)
        } else {
            is_shown.then(|| canvas.image())
        };
        Ok(raster.map(|raster| if has_alpha { raster } else { raster.without_alpha() }))
    }))
}

/// Returns the bits per sample that the header states, for descriptions.
pub(in crate::render) fn depth(bytes: &[u8]) -> u32 {
    bytes.get(10).map_or(8, |flags| if flags & 0x80 == 0 { 8 } else { u32::from(flags & 7) + 1 })
}

/// A frame as it is stored.
struct GifFrame<'a> {
    /// Left and top, width and height. A frame with a side of 0 draws nothing.
    start: [u32; 2],
    sides: [u32; 2],
    is_interlaced: bool,
    /// The frame's own colours or those of the file, three bytes each.
    palette: &'a [u8],
    transparent: Option<u8>,
    disposal: Disposal,
    delay_ms: u32,
    /// Bits per index, the initial width of the LZW codes.
    index_bits: u8,
    /// Compressed indices: sub-blocks, each preceded by its length.
    data: &'a [u8],
}

impl GifFrame<'_> {
    /// Returns where the frame is placed, or `None` if it is empty.
    fn rect(&self) -> Option<Rect> {
        let ([left, top], [width, height]) = (self.start, self.sides);
        (width > 0 && height > 0).then(|| Rect { left, top, size: Size::new(width, height) })
    }

    fn pixels_len(&self) -> u64 {
        u64::from(self.sides[0]) * u64::from(self.sides[1])
    }

    /// Returns the pixels as RGBA, row by row. The frame must not be empty.
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

    /// Returns the colour of each index; one without a palette entry is black.
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

    /// Returns the output row of each stored row.
    fn row_order(&self) -> impl Iterator<Item = usize> + use<> {
        const PLAIN: &[(usize, usize)] = &[(0, 1)];
        const INTERLACED: &[(usize, usize)] = &[(0, 8), (4, 8), (2, 4), (1, 2)];
        let height = self.sides[1] as usize;
        let passes = if self.is_interlaced { INTERLACED } else { PLAIN };
        passes.iter().flat_map(move |&(start, step)| (start..height).step_by(step))
    }

    /// Decompresses the indices, in stored row order. Fewer than the frame has pixels is an error; any excess is
    /// ignored.
    fn indices(&self) -> Result<Vec<u8>, RenderError> {
        let len = usize::try_from(self.pixels_len()).map_err(|_| RenderError::Undecodable)?;
        // The codes start one bit wider than an index and must fit in twelve bits.
        if !(1..=8).contains(&self.index_bits) {
            return Err(RenderError::Undecodable);
        }
        let mut indices = vec![0; len];
        let mut at = 0;
        let mut lzw = Decoder::new(BitOrder::Lsb, self.index_bits);
        // The empty block at the end flushes what the decoder still holds.
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

/// Iterates over the sub-blocks of data that [`split_data`] found complete.
fn sub_blocks(mut data: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (&len, after) = data.split_first()?;
        let (block, rest) = after.split_at_checked(usize::from(len))?;
        data = rest;
        Some(block)
    })
}

/// The parts of a file that we use.
enum Block<'a> {
    Frame(GifFrame<'a>),
    /// The number of plays; 0 means forever.
    Plays(u32),
}

/// What a graphic control extension says about the following frame.
struct Control {
    transparent: Option<u8>,
    disposal: Disposal,
    delay_ms: u32,
}

/// The blocks of a file in order. If the file is truncated, the last item is an error.
struct Blocks<'a> {
    rest: &'a [u8],
    palette: &'a [u8],
    control: Option<Control>,
    is_done: bool,
}

impl<'a> Blocks<'a> {
    /// Returns the sides that the header states, which may be 0, and the blocks after it.
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
                        // Comments, and text extensions, which no browser draws.
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
                // A frame was announced but is missing.
                _ if self.control.is_some() => return Err(RenderError::Undecodable),
                _ => return Ok(None),
            }
        }
    }

    /// Parses the frame after its separator. Returns it and the rest.
    fn frame(&mut self, bytes: &'a [u8]) -> Result<(GifFrame<'a>, &'a [u8]), RenderError> {
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
        Ok((GifFrame { start, sides, is_interlaced, palette, transparent, disposal, delay_ms, index_bits, data }, rest))
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
    /// Parses a graphic control extension. Returns `None` if it is too short.
    fn read(data: &[u8]) -> Option<Self> {
        let &[flags, low, high, index] = sub_blocks(data).next()?.first_chunk::<4>()?;
        let disposal = match flags >> 2 & 7 {
            2 => Disposal::Clear,
            // Some writers mistakenly use 4 for 3.
            3 | 4 => Disposal::Restore,
            _ => Disposal::Keep,
        };
        let transparent = (flags & 1 != 0).then_some(index);
        Some(Self { transparent, disposal, delay_ms: u32::from(u16::from_le_bytes([low, high])) * 10 })
    }
}

/// Returns the number of plays if this application extension is the one that states it. The stored number counts the
/// repetitions after the first play, and 0 means forever.
fn plays(data: &[u8]) -> Option<u32> {
    let mut blocks = sub_blocks(data);
    if !matches!(blocks.next()?, b"NETSCAPE2.0" | b"ANIMEXTS1.0") {
        return None;
    }
    let &[kind, low, high] = blocks.next()?.first_chunk::<3>()?;
    let repeats = u32::from(u16::from_le_bytes([low, high]));
    (kind & 7 == 1).then_some(if repeats == 0 { 0 } else { repeats + 1 })
}

/// Splits off a palette if the flags announce one. Returns it and the rest.
fn split_palette(bytes: &[u8], flags: u8) -> Result<(&[u8], &[u8]), RenderError> {
    let len = if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    bytes.split_at_checked(len).ok_or(RenderError::Undecodable)
}

/// Splits off the sub-blocks before the empty one that terminates them. Returns them and the rest.
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
