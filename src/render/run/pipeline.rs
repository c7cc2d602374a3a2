//! The complete render, readable from top to bottom: header, layout, decoding, ops in order, encoding.

use std::time::{Duration, Instant};

use super::overlays::DecodedOverlays;
use super::placer::Placer;
use super::settle::{in_space, settle};
use super::{frames, trimmed};
use crate::blob::Blob;
use crate::pixels::raster::Raster;
use crate::plan::{
    self, Answer, Background, Data, DataOutput, Format, Found, Frame, Layout, Measured, Op, Output, Sequence, Treatment,
};
use crate::render::color::convert;
use crate::render::decode::{Decoded, EncodedOriginal, Opened, Wanted};
use crate::render::describe::{json, write};
use crate::render::encode::{self, Animation, Attached};
use crate::render::faces::{self, Face};
use crate::render::stage::{self, enhance, hide_faces, sheet, text};
use crate::render::{Codec, Input, Job, RenderError, Rendered, Step, Timings, sanitize};
use crate::sniff::{Encoded, SourceFormat};
use crate::units::Size;
use crate::vips;

/// The factor that the decoder's own reduction must leave to the resampler. At q80, JPEG's shrink by 2, 4 or 8 costs up
/// to 7 SSIMULACRA2 points with a factor of 2 left, 1.7 with 4 and 1.4 with 6 (stars on black; photographs less), and
/// under half a point with 8, which meets the rule "under one point".
const SHRINK_HEADROOM: f64 = 8.0;

/// Renders one job in this process and on this thread.
///
/// # Errors
/// [`RenderError`] for the step that failed; never one that concerns the worker pool (`Timeout`, `WorkerCrashed`,
/// `QueueFull`).
pub fn render(job: &Job) -> Result<Rendered, RenderError> {
    let started = Instant::now();
    vips::init().map_err(|_| RenderError::Unavailable)?;
    match &job.input {
        Input::Nothing => text_alone(job, started),
        Input::Original(original) => match job.plan.treatment(original.format) {
            Treatment::Refuse => Err(RenderError::UnsupportedFormat(Codec::Reader(original.format))),
            Treatment::Svg { sanitized } => sent_as_svg(original.bytes.as_slice(), sanitized, started),
            // `AsItIs` needs no worker and is not normally sent to one.
            Treatment::AsItIs | Treatment::Decode => of_original(job, original, started),
        },
    }
}

/// Renders image-only text.
fn text_alone(job: &Job, started: Instant) -> Result<Rendered, RenderError> {
    let plan = &job.plan;
    let raster = text::written(plan.written.as_ref().ok_or(RenderError::NotAnImage)?)?;
    let measured = Measured { size: raster.size, orientation: 1, has_alpha: true, frames: 1 };
    let overlays = DecodedOverlays::load(job);
    let layout = plan::layout_found(plan, &measured, &overlays.add_to(Found::default()));
    let sequence = Sequence { frames: vec![Frame { index: 0, delay_ms: 0 }], plays: 0 };
    let drawn = draw(Ready::new(Decoded::still(raster, None), layout, 1), &sequence, &overlays, false)?;
    let made = Made { drawn, source: Some(Format::Png), frames: 1, iptc: None, left_out: overlays.left_out };
    finished(job, made, started)
}

fn of_original(job: &Job, original: &Encoded, started: Instant) -> Result<Rendered, RenderError> {
    let Job { plan, limits, .. } = job;
    let bytes = original.bytes.as_slice();
    let original = EncodedOriginal::known(bytes, original.format)?.selected(&plan.select);
    let opened = Opened::new(&original, &plan.select, limits)?;
    let measured = opened.measured;
    let (mut found, faces) = found_before(job, &original, measured)?;
    if let Some(DataOutput::Json { faces: lists }) = plan.data {
        let listed = job.faces.as_deref().or(faces.as_deref()).filter(|_| lists);
        let done = described(&opened, bytes, listed, started)?;
        return Ok(Rendered { faces, ..done });
    }
    // The formats as far as the header determines them, which is enough to decide whether to decode an animation.
    let mut sequence = plan.select.sequence(&opened.stored);
    let frames = if plan.sheet { 1 } else { u32::try_from(sequence.frames.len()).unwrap_or(u32::MAX) };
    let source = Format::of_source(opened.format);
    let first_choice = plan::choose_formats(&plan.output, &Measured { frames, ..measured }, source).first().copied();
    let is_animated = plan.data.is_none() && first_choice.is_some_and(|format| format.facts().is_animated);
    if !plan.sheet && !is_animated {
        sequence.frames.truncate(1);
    }
    found.moving = measured.frames > 1;
    let iptc = iptc(&opened, &plan.output);
    let overlays = DecodedOverlays::load(job);
    let ready = decode(opened, job, &sequence, &overlays.add_to(found))?;
    let mut drawn = draw(ready, &sequence, &overlays, measured.frames > 1)?;
    if plan.sheet {
        drawn = drawn.side_by_side(plan.features.background)?;
    }
    let made = Made { drawn, source, frames, iptc, left_out: overlays.left_out };
    Ok(Rendered { faces, ..finished(job, made, started)? })
}

/// An image that has been drawn.
struct Made {
    drawn: DrawnFrames,
    /// The format of the original, if we can write it.
    source: Option<Format>,
    /// Number of selected frames, whether or not all of them are drawn.
    frames: u32,
    /// The original's IPTC block, if the request keeps it.
    iptc: Option<Vec<u8>>,
    left_out: bool,
}

/// Encodes the image or writes the requested data output.
fn finished(job: &Job, made: Made, started: Instant) -> Result<Rendered, RenderError> {
    let plan = &job.plan;
    let Made { drawn, source, frames, iptc, left_out } = made;
    let render = started.elapsed();
    if let Some(data) = &plan.data {
        return measured(drawn, data, left_out, render, started);
    }
    let has_alpha = drawn.frames.iter().any(Raster::is_transparent);
    let size = drawn.frames.first().ok_or(RenderError::Stage(Step::Frames))?.size;
    let measured = Measured { size, orientation: 1, has_alpha, frames };
    let mut formats = plan::choose_formats(&plan.output, &measured, source);
    if let [still] = drawn.frames.as_slice() {
        let work = plan::Work { size: still.size, has_alpha, detail: encode::detail(still) };
        formats = plan::in_time(formats, &plan.output, &work);
    }
    let (size, format, body) = drawn.encode(&formats, &plan.output, iptc.as_deref())?;
    let timings = Timings { render, encode: started.elapsed().saturating_sub(render), ..Timings::default() };
    Ok(Rendered { body: into_blob(&body)?, answer: Answer::Image(format), size, left_out, timings, faces: None })
}

/// Delivers SVG as SVG. It has no size in pixels, so the answer says 1 x 1.
fn sent_as_svg(bytes: &[u8], sanitise: bool, started: Instant) -> Result<Rendered, RenderError> {
    let body = if sanitise { sanitize::sanitised(bytes)?.into() } else { sanitize::inflated(bytes)? };
    let timings = Timings { render: started.elapsed(), ..Timings::default() };
    Ok(Rendered {
        body: into_blob(&body)?,
        answer: Answer::Svg,
        size: Size::new(1, 1),
        left_out: false,
        timings,
        faces: None,
    })
}

/// Returns what the layout needs to know about the pixels, and the faces if they had to be detected.
fn found_before(
    job: &Job,
    original: &EncodedOriginal<'_>,
    measured: Measured,
) -> Result<(Found, Option<Vec<Face>>), RenderError> {
    let Some(search) = job.plan.face_search() else { return Ok((Found::default(), None)) };
    let upright = faces::upright_size(search.orient, measured);
    if let Some(known) = &job.faces {
        return Ok((faces::found(known, upright), None));
    }
    let faces = faces::search(original, search, &job.limits)?;
    Ok((faces::found(&faces, upright), Some(faces)))
}

fn described(
    opened: &Opened<'_>,
    bytes: &[u8],
    faces: Option<&[Face]>,
    started: Instant,
) -> Result<Rendered, RenderError> {
    let body = into_blob(json::describe(opened, bytes, faces).to_string().as_bytes())?;
    let timings = Timings { render: started.elapsed(), ..Timings::default() };
    Ok(Rendered {
        body,
        answer: Answer::Data(Data::Json),
        size: opened.measured.size,
        left_out: false,
        timings,
        faces: None,
    })
}

/// Writes a data output about the image; for an animation, about its first frame.
fn measured(
    mut drawn: DrawnFrames,
    output: &DataOutput,
    left_out: bool,
    render: Duration,
    started: Instant,
) -> Result<Rendered, RenderError> {
    let first = drawn.frames.drain(..).next().ok_or(RenderError::Stage(Step::Frames))?;
    let size = first.size;
    let (data, text) = write::write(first, output)?;
    let timings = Timings { render, encode: started.elapsed().saturating_sub(render), ..Timings::default() };
    Ok(Rendered { body: into_blob(text.as_bytes())?, answer: Answer::Data(data), size, left_out, timings, faces: None })
}

fn into_blob(bytes: &[u8]) -> Result<Blob, RenderError> {
    // There is no memory or file descriptor left; another worker may have some.
    Blob::copy_from(bytes).map_err(|_| RenderError::Unavailable)
}

/// Returns the original's IPTC block if the request keeps it.
fn iptc(opened: &Opened<'_>, output: &Output) -> Option<Vec<u8>> {
    let from_jpeg = output.iptc && opened.format == SourceFormat::Jpeg;
    from_jpeg.then(|| opened.foreign()?.header().meta_blob(c"iptc-data")).flatten()
}

/// Decoded frames, and what to do with them.
struct Ready<'a> {
    decoded: Decoded<'a>,
    layout: Layout,
    placer: Placer,
}

impl<'a> Ready<'a> {
    fn new(decoded: Decoded<'a>, layout: Layout, shrink: u32) -> Self {
        let placer = Placer::new(&layout, decoded.size(), shrink);
        Self { decoded, layout, placer }
    }
}

/// Decodes at the size that suits the layout.
fn decode<'a>(opened: Opened<'a>, job: &Job, sequence: &Sequence, found: &Found) -> Result<Ready<'a>, RenderError> {
    let Job { plan, limits, .. } = job;
    let measured = opened.measured;
    let frames = u32::try_from(sequence.frames.len()).unwrap_or(u32::MAX);
    let lay_out = |found: &Found| {
        let layout = plan::layout_frames(plan, &measured, found, frames);
        // Drawn frames stay in memory until they are encoded, and may be larger than the original.
        frames::check_drawn(sequence, layout.output, limits).map(|()| layout)
    };
    let layout = lay_out(found)?;
    let (first, count) = frames::decoded(sequence);
    let mut wanted = Wanted { first, count, ..Wanted::first(plan.output.color_space) };
    if opened.shrinks_on_load() {
        wanted.shrink = layout.shrink_on_load(SHRINK_HEADROOM);
    } else if opened.is_vector() {
        wanted.scale = layout.drawing_scale(limits.pixels_max);
    }
    let decoded = opened.decode(&wanted, limits)?;
    let Some(trim) = layout.read.trim else { return Ok(Ready::new(decoded, layout, wanted.shrink)) };
    // Compute the layout again for what trimming leaves of the first frame.
    let placer = Placer::new(&layout, decoded.size(), wanted.shrink);
    let (decoded, kept) = decoded.with_first(|first| trimmed::found(first, &trim, &layout.read, &placer))?;
    Ok(Ready::new(decoded, lay_out(&Found { trimmed: Some(kept?), ..found.clone() })?, wanted.shrink))
}

/// Pixels that are ready to be encoded.
struct DrawnFrames {
    frames: Vec<Raster>,
    delays_ms: Vec<u32>,
    loop_count: u32,
    profile: Option<Vec<u8>>,
}

/// Runs the ops on every frame. What the ops derive from the pixels comes from the first frame, so that an animation
/// does not jitter. Faces to hide are the exception: they move, so each frame is searched.
fn draw(
    Ready { mut decoded, layout, mut placer }: Ready<'_>,
    sequence: &Sequence,
    overlays: &DecodedOverlays,
    moving: bool,
) -> Result<DrawnFrames, RenderError> {
    let profile = decoded.profile.take();
    let on_read = layout.on_read(placer.size());
    let mut overlays = overlays.prepare(&layout.ops, profile.as_deref())?;
    let mut ops = in_space(layout.ops, profile.as_deref());
    let mut enhancement = None;
    let frames = frames::drawn(decoded.into_frames(), sequence, |rows| {
        let mut raster = placer.read(rows)?;
        for op in &on_read {
            if let (true, Op::HideFaces(op)) = (moving, op) {
                let op = faces::moved(&raster, op, sequence.frames.len())?;
                raster = hide_faces::apply(raster, &op);
            } else {
                raster = stage::apply(raster, op, &mut overlays)?;
            }
        }
        raster = placer.scaled(raster)?;
        for op in &mut ops {
            if let Op::Enhance(_) = op {
                let enhancement = enhancement.get_or_insert_with(|| enhance::measure(&raster));
                raster = enhance::apply(raster, enhancement);
            } else {
                settle(op, &raster);
                raster = stage::apply(raster, op, &mut overlays)?;
            }
        }
        Ok(raster)
    })?;
    let delays_ms = sequence.frames.iter().map(|frame| frame.delay_ms).collect();
    Ok(DrawnFrames { frames, delays_ms, loop_count: sequence.plays, profile })
}

impl DrawnFrames {
    /// Combines all frames into one still image. Unused cells show the background.
    fn side_by_side(self, background: Option<Background>) -> Result<Self, RenderError> {
        let background = background.map(|Background(color)| convert::color_in(color, self.profile.as_deref()));
        Ok(Self { frames: vec![sheet::apply(self.frames, background)?], delays_ms: Vec::new(), ..self })
    }

    /// Encodes in the first of `formats` that works.
    fn encode(
        mut self,
        formats: &[Format],
        output: &Output,
        iptc: Option<&[u8]>,
    ) -> Result<(Size, Format, Vec<u8>), RenderError> {
        let mut failure = RenderError::Stage(Step::Frames);
        let size = self.frames.first().ok_or_else(|| failure.clone())?.size;
        for (index, &format) in formats.iter().enumerate() {
            let is_last = index + 1 == formats.len();
            let animated = format.facts().is_animated && self.frames.len() > 1;
            let kept = if animated { self.frames.len() } else { 1 };
            // The last attempt takes the pixels; earlier ones clone them.
            let frames: Vec<Raster> =
                if is_last { self.frames.drain(..kept).collect() } else { self.frames[..kept].to_vec() };
            match self.encode_as(frames, format, output, iptc) {
                Ok(body) => return Ok((size, format, body)),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn encode_as(
        &self,
        frames: Vec<Raster>,
        format: Format,
        output: &Output,
        iptc: Option<&[u8]>,
    ) -> Result<Vec<u8>, RenderError> {
        let carries = format.facts().keeps_profile;
        let mut profile = None;
        let mut converted = Vec::with_capacity(frames.len());
        for frame in frames {
            let frame = frame.into_8_bit();
            let (frame, attached) = convert::encoded(frame, self.profile.clone(), output.color_space, carries);
            profile = attached;
            converted.push(frame);
        }
        let attached = Attached { profile: profile.as_deref(), iptc };
        if let [frame] = converted.as_slice() {
            return encode::encode(frame, format, output, attached);
        }
        let animation = Animation { frames: converted, delays_ms: self.delays_ms.clone(), loops: self.loop_count };
        encode::encode_animation(animation, format, output, attached)
    }
}
