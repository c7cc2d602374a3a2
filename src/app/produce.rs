//! Fetch, render, keep: how a rendition comes about.

use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::negative::Subject;
use super::overlays::{INCOMPLETE_S, Overlays};
use super::{App, Site, Stopwatch, Variant, faces, lifetime};
use crate::blob::Blob;
use crate::cache::{ObjectKey, Outcome, Rendition};
use crate::error::{Error, SharedError};
use crate::plan::{Intent, Plan, TEXT_OBJECT};
use crate::render::decode::{SourceFormat, sniff};
use crate::render::{Job, NO_ORIGINAL, RenderError};
use crate::source::{Cause, FetchRequest, Fetched, Original, SourceError};

impl App {
    /// The rendition of a variant: stored, made by somebody else just now, or made here.
    ///
    /// # Errors
    /// Why there is none; remembered for as long as [`Error::answer`] says.
    pub async fn rendition(
        self: &Arc<Self>,
        variant: Variant,
        watch: &Stopwatch,
    ) -> Result<(Rendition, Outcome), SharedError> {
        let key = variant.key;
        // First, because most requests end here; an error that is remembered has no rendition beside it.
        if let Some(rendition) = self.cache.in_memory(&key).await {
            return Ok((rendition, Outcome::HitMemory));
        }
        let subject = Subject::rendition(&variant);
        if let Some(error) = self.negative.get(&subject) {
            return Err(error);
        }
        let error_ttl = variant.site.config.error_ttl;
        let (app, watch) = (self.clone(), watch.clone());
        let made = self.cache.get_or_render(key, async move { app.produce(variant, &watch).await }).await;
        made.inspect_err(|error| self.negative.put(subject, error, error_ttl))
    }

    async fn produce(self: Arc<Self>, variant: Variant, watch: &Stopwatch) -> Result<Rendition, SharedError> {
        let (original, overlays) = tokio::join!(self.original(&variant, watch), self.overlays(&variant));
        let original = original?;
        let mut max_age_s = lifetime::granted_s(&variant.site.config, original.caching);
        let (body, content_type) = match &variant.intent {
            Intent::PassThrough if is_svg(&original) => {
                let plan = Plan::of_nothing(true, &variant.site.policy(&self.config.limits));
                self.render_alone((variant.object_key, &plan), &original, watch).await?
            }
            Intent::PassThrough => as_it_is(&original),
            Intent::Render(plan) => match judge(&original)? {
                // Compressed SVG has to be inflated all the same: no header says that it is compressed.
                Verdict::Picture if plan.rasterize_bypass && is_svg(&original) => {
                    let plan = Plan::of_nothing(false, &variant.site.policy(&self.config.limits));
                    self.render_alone((variant.object_key, &plan), &original, watch).await?
                }
                Verdict::Picture if plan.rasterize_bypass && is_vector(&original) => as_it_is(&original),
                Verdict::Picture => {
                    let overlays = overlays?;
                    let lasting = overlays.lifetime;
                    let (body, content_type, left_out) =
                        self.render((variant.object_key, plan), &original, overlays, watch).await?;
                    let overlays_s = lasting.seconds_from(self.clock.now());
                    max_age_s = max_age_s.min(overlays_s).min(if left_out { INCOMPLETE_S } else { u64::MAX });
                    (body, content_type)
                }
                // It may be a picture all the same, of a kind unknown here.
                Verdict::Other if plan.hide_faces.is_some() => return Err(Error::NotRenderable.into()),
                Verdict::Other => as_it_is(&original),
            },
            Intent::Unsupported(what) => return Err(Error::Unsupported(*what).into()),
        };
        let (body, objects) = (body.into_bytes(), variant.objects().into());
        Ok(Rendition { etag: etag_of(&body), body, content_type, rendered_at: self.clock.now(), max_age_s, objects })
    }

    /// The original of a variant: kept, being fetched for another variant, or fetched now. Never holds a render slot.
    pub(super) async fn original(
        self: &Arc<Self>,
        variant: &Variant,
        watch: &Stopwatch,
    ) -> Result<Arc<Original>, SharedError> {
        if variant.object == TEXT_OBJECT {
            return no_original();
        }
        let key = variant.object_key;
        if let Some(original) = self.originals.get(&key, self.clock.now()).await {
            return Ok(original);
        }
        if let Some(error) = self.negative.get(&Subject::original(key)) {
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
        // No validators were sent, so an upstream that says "not modified" is broken.
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
                self.negative.put(Subject::original(key), &error, site.config.error_ttl);
                Err(error)
            }
        }
    }

    /// The bytes of a plan without overlays, and their type.
    async fn render_alone(
        &self,
        what: (ObjectKey, &Plan),
        original: &Original,
        watch: &Stopwatch,
    ) -> Result<(Blob, String), SharedError> {
        let (body, content_type, _) = self.render(what, original, Overlays::default(), watch).await?;
        Ok((body, content_type))
    }

    /// The bytes, their type, and whether an overlay could not be read.
    async fn render(
        &self,
        (object, plan): (ObjectKey, &Plan),
        original: &Original,
        overlays: Overlays,
        watch: &Stopwatch,
    ) -> Result<(Blob, String, bool), SharedError> {
        let place = match plan.face_search() {
            Some(search) => faces::place(object, original.body.clone(), search).await,
            None => None,
        };
        let (known, search) = match &place {
            Some(place) => self.faces.get_or_search(place).await,
            None => (None, None),
        };
        let job = Job {
            plan: plan.clone(),
            original: original.body.clone(),
            overlays: overlays.blobs,
            limits: self.render_limits,
            faces: known,
        };
        let rendered = self.pool.render(job).await.map_err(|e| Arc::new(Error::from(e)))?;
        if let (Some(place), Some(found)) = (place, rendered.faces) {
            self.metrics.faces_searched();
            self.faces.put(place, found);
        }
        drop(search);
        watch.record(|times| {
            times.queue = rendered.timings.queue;
            times.render = rendered.timings.render;
            times.encode = rendered.timings.encode;
        });
        Ok((rendered.body, rendered.format.content_type().to_owned(), rendered.left_out))
    }
}

/// For a picture that is made of text alone.
fn no_original() -> Result<Arc<Original>, SharedError> {
    let body = Blob::copy_from(NO_ORIGINAL).map_err(|_| Error::from(RenderError::Unavailable))?;
    let (validators, caching) = Default::default();
    Ok(Arc::new(Original { body, content_type: None, validators, caching }))
}

fn as_it_is(original: &Original) -> (Blob, String) {
    (original.body.clone(), pass_through_type(original))
}

fn is_svg(original: &Original) -> bool {
    sniff(original.body.as_slice()) == Some(SourceFormat::Svg)
}

fn is_vector(original: &Original) -> bool {
    sniff(original.body.as_slice()).is_some_and(SourceFormat::is_vector)
}

/// What an original is to a request that wants it rendered.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// A picture: send it to a worker.
    Picture,
    /// Something else (a font, a script, a film): passed through with its parameters ignored (`delivery.md` 1.1).
    Other,
}

/// Tells pictures from other things by their bytes; what only claims to be a picture is an error, and so is a web page
/// (`delivery.md` 4), which would otherwise turn a broken origin into a page served from an image host.
fn judge(original: &Original) -> Result<Verdict, Error> {
    let bytes = original.body.as_slice();
    if sniff(bytes).is_some() {
        return Ok(Verdict::Picture);
    }
    let claimed = original.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    if claimed.starts_with("image/") {
        return Err(RenderError::NotAnImage.into());
    }
    if claimed.starts_with("text/html") || looks_like_html(bytes) {
        return Err(Error::NotRenderable);
    }
    Ok(Verdict::Other)
}

/// Whether the bytes begin as an HTML document does, after white space.
fn looks_like_html(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    [b"<!doctype html".as_slice(), b"<html", b"<head", b"<script", b"<body"]
        .iter()
        .any(|tag| start.get(..tag.len()).is_some_and(|s| s.eq_ignore_ascii_case(tag)))
}

/// The type of the bytes themselves where we know it, else what the upstream said.
fn pass_through_type(original: &Original) -> String {
    match sniff(original.body.as_slice()) {
        Some(format) => format.content_type().to_owned(),
        None => match original.content_type.as_deref() {
            // A file that only claims to be a picture must not be sent as one.
            Some(claimed) if !claimed.to_ascii_lowercase().starts_with("image/") => claimed.to_owned(),
            _ => "application/octet-stream".to_owned(),
        },
    }
}

/// A strong validator: 128 bits of SHA-256 over the bytes.
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

    fn original(bytes: &[u8], content_type: Option<&str>) -> Original {
        Original {
            body: Blob::copy_from(bytes).unwrap(),
            content_type: content_type.map(str::to_owned),
            validators: Default::default(),
            caching: Default::default(),
        }
    }

    #[test]
    fn only_pictures_are_rendered() {
        let png = b"\x89PNG\r\n\x1a\n....";
        assert_eq!(judge(&original(png, Some("text/plain"))).unwrap(), Verdict::Picture);
        assert_eq!(judge(&original(b"body { }", Some("text/css"))).unwrap(), Verdict::Other);
        assert_eq!(judge(&original(b"%!font", None)).unwrap(), Verdict::Other);
        assert!(matches!(judge(&original(b"nope", Some("image/png"))), Err(Error::Render(RenderError::NotAnImage))));
        assert!(matches!(judge(&original(b" <!DOCTYPE html>", None)), Err(Error::NotRenderable)));
    }

    #[test]
    fn passed_through_bytes_are_named_for_what_they_are() {
        let check = |bytes: &[u8], claimed, expected: &str| {
            assert_eq!(pass_through_type(&original(bytes, claimed)), expected);
        };
        check(b"\x89PNG\r\n\x1a\n....", Some("image/jpeg"), "image/png");
        check(b"a{}", Some("text/css"), "text/css");
        check(b"not a picture", Some("image/png"), "application/octet-stream");
        check(b"whatever", None, "application/octet-stream");
    }

    #[test]
    fn etags_are_strong_and_differ_with_the_bytes() {
        assert_ne!(etag_of(b"a"), etag_of(b"b"));
        assert!(etag_of(b"a").starts_with('"'));
    }
}
