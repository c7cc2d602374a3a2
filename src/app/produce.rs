//! Produces renditions: fetches the original, renders it and caches the result.

use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::faces::{self, Search};
use super::negative::FailedSubject;
use super::overlays::{FetchedOverlays, INCOMPLETE_S};
use super::{App, Site, Stopwatch, Variant, lifetime};
use crate::blob::Blob;
use crate::cache::{ObjectKey, Outcome, Rendition};
use crate::error::{Error, SharedError};
use crate::plan::{Intent, Plan, TEXT_OBJECT, Treatment};
use crate::render::{Input, Job, RenderError, Rendered};
use crate::sniff::SourceFormat;
use crate::source::{Cause, FetchRequest, Fetched, Original, SourceError};

impl App {
    /// Returns the rendition of a variant: from the cache, from another request that is making it now, or made here.
    ///
    /// # Errors
    /// Returns why there is none. The error is remembered for as long as [`Error::answer`] says.
    pub async fn rendition(
        self: &Arc<Self>,
        variant: Variant,
        watch: &Stopwatch,
    ) -> Result<(Rendition, Outcome), SharedError> {
        let key = variant.key;
        // Checked first, because most requests end here. A variant with a remembered error has no rendition in memory.
        if let Some(rendition) = self.cache.in_memory(&key).await {
            return Ok((rendition, Outcome::HitMemory));
        }
        let subject = FailedSubject::rendition(&variant);
        if let Some(error) = self.negative.get(&subject) {
            return Err(error);
        }
        let error_ttl = variant.site.config.error_ttl;
        let (app, watch) = (self.clone(), watch.clone());
        let made = self.cache.get_or_render(key, async move { app.produce(variant, &watch).await }).await;
        made.inspect_err(|error| self.negative.put(subject, error, error_ttl))
    }

    async fn produce(self: Arc<Self>, variant: Variant, watch: &Stopwatch) -> Result<Rendition, SharedError> {
        let (original, overlays) = tokio::join!(self.input(&variant, watch), self.overlays(&variant));
        let original = original?;
        let caching = original.as_ref().map(|original| original.caching).unwrap_or_default();
        let mut max_age_s = lifetime::granted_s(&variant.site.config, caching);
        let (body, content_type) = match (&variant.intent, &original) {
            (Intent::Unsupported(what), _) => return Err(Error::Unsupported(*what).into()),
            // An image that consists of text alone has a plan or is unsupported.
            (Intent::PassThrough, None) => return Err(Error::Internal.into()),
            (Intent::PassThrough, Some(original)) if original.format == Some(SourceFormat::Svg) => {
                let plan = Plan::of_svg(&variant.site.policy(&self.config.limits));
                self.render_alone((variant.object_key, &plan), original, watch).await?
            }
            (Intent::PassThrough, Some(original)) => as_it_is(original),
            (Intent::Render(plan), original) => match treatment(plan, original.as_deref())? {
                Some((Treatment::AsItIs, original)) => as_it_is(original),
                Some((Treatment::Svg { .. }, original)) => {
                    self.render_alone((variant.object_key, plan), original, watch).await?
                }
                None | Some((Treatment::Decode | Treatment::Refuse, _)) => {
                    let overlays = overlays?;
                    let lasting = overlays.lifetime;
                    let (body, content_type, left_out) =
                        self.render((variant.object_key, plan), original.as_deref(), overlays, watch).await?;
                    let overlays_s = lasting.seconds_from(self.clock.now());
                    max_age_s = max_age_s.min(overlays_s).min(if left_out { INCOMPLETE_S } else { u64::MAX });
                    (body, content_type)
                }
            },
        };
        let (body, objects) = (body.into_bytes(), variant.objects().into());
        Ok(Rendition { etag: etag_of(&body), body, content_type, rendered_at: self.clock.now(), max_age_s, objects })
    }

    /// Returns the original of a variant, or `None` for an image that consists of text alone.
    async fn input(
        self: &Arc<Self>,
        variant: &Variant,
        watch: &Stopwatch,
    ) -> Result<Option<Arc<Original>>, SharedError> {
        if variant.object == TEXT_OBJECT {
            return Ok(None);
        }
        self.original(variant, watch).await.map(Some)
    }

    /// Returns the original of a variant: from memory, from a fetch in flight for another variant, or from a new fetch.
    /// Never holds a render slot.
    pub(super) async fn original(
        self: &Arc<Self>,
        variant: &Variant,
        watch: &Stopwatch,
    ) -> Result<Arc<Original>, SharedError> {
        let key = variant.object_key;
        if let Some(original) = self.originals.get(&key, self.clock.now()).await {
            return Ok(original);
        }
        if let Some(error) = self.negative.get(&FailedSubject::original(key)) {
            return Err(error);
        }
        let started = Instant::now();
        let (app, site, object) = (self.clone(), variant.site.clone(), variant.object.clone());
        let (result, _role) =
            self.originals.in_flight.run(key, async move { app.fetch(&site, &object, key).await }).await;
        watch.record(|times| times.fetch = started.elapsed());
        result
    }

    async fn fetch(&self, site: &Site, object: &str, key: ObjectKey) -> Result<Arc<Original>, SharedError> {
        let started = Instant::now();
        let fetched = site.source.fetch(FetchRequest { object, if_changed_from: None }).await;
        // We sent no validators, so an upstream that answers "not modified" is broken.
        let fetched = match fetched {
            Ok(Fetched::NotModified(_)) => Err(SourceError::Upstream(Cause::Status(304))),
            Ok(Fetched::Original(original)) => Ok(original),
            Err(error) => Err(error),
        };
        let failure = fetched.as_ref().err().copied();
        self.metrics.origin_fetched(&site.config.kind, failure, started.elapsed());
        self.troubles.fetched(site, failure);
        match fetched {
            Ok(original) => {
                self.originals.put(key, original.clone(), self.clock.now()).await;
                Ok(original)
            }
            Err(error) => {
                let error = Arc::new(Error::from(error));
                self.negative.put(FailedSubject::original(key), &error, site.config.error_ttl);
                Err(error)
            }
        }
    }

    /// Renders a plan without overlays and returns the bytes and their content type.
    async fn render_alone(
        self: &Arc<Self>,
        what: (ObjectKey, &Plan),
        original: &Original,
        watch: &Stopwatch,
    ) -> Result<(Blob, String), SharedError> {
        let (body, content_type, _) = self.render(what, Some(original), FetchedOverlays::default(), watch).await?;
        Ok((body, content_type))
    }

    /// Renders a plan and returns the bytes, their content type, and whether an overlay could not be read.
    async fn render(
        self: &Arc<Self>,
        (object, plan): (ObjectKey, &Plan),
        original: Option<&Original>,
        overlays: FetchedOverlays,
        watch: &Stopwatch,
    ) -> Result<(Blob, String, bool), SharedError> {
        let input = original.and_then(Original::encoded).map_or(Input::Nothing, Input::Original);
        let query = match (plan.face_search(), &input) {
            (Some(search), Input::Original(original)) => faces::query(object, original.bytes.clone(), search).await,
            (Some(_), Input::Nothing) | (None, _) => None,
        };
        let job = Job { plan: plan.clone(), input, overlays: overlays.images, limits: self.render_limits, faces: None };
        let rendered = match query {
            Some(query) => self.render_with_faces(query, job).await?,
            None => Arc::new(self.run(job).await?),
        };
        watch.record(|times| {
            times.queue = rendered.timings.queue;
            times.render = rendered.timings.render;
            times.encode = rendered.timings.encode;
        });
        Ok((rendered.body.clone(), rendered.answer.content_type().to_owned(), rendered.left_out))
    }

    /// Renders a job that needs faces: with those that are known, or those that another job is searching.
    async fn render_with_faces(
        self: &Arc<Self>,
        query: faces::FaceQuery,
        job: Job,
    ) -> Result<Arc<Rendered>, SharedError> {
        let (app, own) = (self.clone(), job.clone());
        let searching = async move {
            let rendered = app.run(own).await?;
            if rendered.faces.is_some() {
                app.metrics.faces_searched();
            }
            Ok(rendered)
        };
        match self.faces.get_or_search(query, searching).await? {
            Search::Rendered(rendered) => Ok(rendered),
            Search::Known(faces) => self.run(Job { faces: Some(faces), ..job }).await.map(Arc::new),
            Search::Failed => self.run(job).await.map(Arc::new),
        }
    }

    async fn run(&self, job: Job) -> Result<Rendered, SharedError> {
        self.pool.render(job).await.map_err(|error| Arc::new(Error::from(error)))
    }
}

fn as_it_is(original: &Original) -> (Blob, String) {
    (original.body.clone(), pass_through_type(original))
}

/// Decides what a plan does with an original; returns `None` if there is no original.
///
/// The bytes decide whether an original is an image. Anything else (a font, a script, a film) is passed through with
/// its parameters ignored (`delivery.md` 1.1). Data that only claims to be an image is an error, and so is a web page
/// (`delivery.md` 4): otherwise a broken origin would become a page served from an image host.
fn treatment<'o>(plan: &Plan, original: Option<&'o Original>) -> Result<Option<(Treatment, &'o Original)>, Error> {
    let Some(original) = original else { return Ok(None) };
    if let Some(format) = original.format {
        return Ok(Some((plan.treatment(format), original)));
    }
    let claimed = original.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    if claimed.starts_with("image/") {
        return Err(RenderError::NotAnImage.into());
    }
    // The data may be an image of a kind that we do not know, so it must not pass where faces are to be hidden.
    let hides = plan.hide_faces.is_some();
    if hides || claimed.starts_with("text/html") || looks_like_html(original.body.as_slice()) {
        return Err(Error::NotRenderable);
    }
    Ok(Some((Treatment::AsItIs, original)))
}

/// Returns whether the bytes begin like an HTML document, after white space.
fn looks_like_html(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    [b"<!doctype html".as_slice(), b"<html", b"<head", b"<script", b"<body"]
        .iter()
        .any(|tag| start.get(..tag.len()).is_some_and(|s| s.eq_ignore_ascii_case(tag)))
}

/// Returns the content type that the bytes themselves show, or else what the upstream said.
fn pass_through_type(original: &Original) -> String {
    match original.format {
        Some(format) => format.content_type().to_owned(),
        None => match original.content_type.as_deref() {
            // A file that only claims to be an image must not be sent as one.
            Some(claimed) if !claimed.to_ascii_lowercase().starts_with("image/") => claimed.to_owned(),
            _ => "application/octet-stream".to_owned(),
        },
    }
}

/// Returns a strong validator: 128 bits of SHA-256 over the bytes.
fn etag_of(body: &[u8]) -> String {
    use std::fmt::Write;
    let digest = Sha256::digest(body);
    let mut tag = String::with_capacity(34);
    tag.push('"');
    for byte in &digest[..16] {
        write!(tag, "{byte:02x}").expect("a String takes any text");
    }
    tag.push('"');
    tag
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{HideFaces, Policy};

    fn original(bytes: &[u8], content_type: Option<&str>) -> Original {
        let body = Blob::copy_from(bytes).unwrap();
        Original::new(body, content_type.map(str::to_owned), Default::default(), Default::default())
    }

    #[test]
    fn only_images_are_rendered() {
        let treated = |bytes: &[u8], claimed: Option<&str>, hides: bool| {
            let mut plan = Plan::of_svg(&Policy::default());
            plan.hide_faces = hides.then_some(HideFaces { blur: 9, pixel: 0 });
            treatment(&plan, Some(&original(bytes, claimed))).map(|found| found.map(|(treatment, _)| treatment))
        };
        assert_eq!(treated(b"\x89PNG\r\n\x1a\n....", Some("text/plain"), false).unwrap(), Some(Treatment::Decode));
        assert_eq!(treated(b"body { }", Some("text/css"), false).unwrap(), Some(Treatment::AsItIs));
        assert_eq!(treated(b"%!font", None, false).unwrap(), Some(Treatment::AsItIs));
        assert!(matches!(treated(b"%!font", None, true), Err(Error::NotRenderable)));
        assert!(matches!(treated(b"nope", Some("image/png"), false), Err(Error::Render(RenderError::NotAnImage))));
        assert!(matches!(treated(b" <!DOCTYPE html>", None, false), Err(Error::NotRenderable)));
        assert!(treatment(&Plan::of_svg(&Policy::default()), None).unwrap().is_none());
    }

    #[test]
    fn passed_through_bytes_get_the_type_of_their_content() {
        let check = |bytes: &[u8], claimed, expected: &str| {
            assert_eq!(pass_through_type(&original(bytes, claimed)), expected);
        };
        check(b"\x89PNG\r\n\x1a\n....", Some("image/jpeg"), "image/png");
        check(b"a{}", Some("text/css"), "text/css");
        check(b"not an image", Some("image/png"), "application/octet-stream");
        check(b"whatever", None, "application/octet-stream");
    }

    #[test]
    fn etags_are_strong_and_differ_with_the_bytes() {
        assert_ne!(etag_of(b"a"), etag_of(b"b"));
        assert!(etag_of(b"a").starts_with('"'));
    }
}
