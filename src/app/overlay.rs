//! The pictures that go into another one: where they are, that they do not go round in circles, and their bytes.
//!
//! A path names an object of the picture's own source, as it is stored; with a query of its own it is rendered first, by
//! that query alone, to which only those of the source's default parameters are added that hide something. A URL whose
//! host is one of ours is answered as a request for it would be, signature, expiry and default parameters included,
//! without going over the network. Any other URL is fetched under the guard that also judges originals: by a proxy source
//! as if it were an original, by the others from any public host or from those that the operator lists. What cannot be had
//! is left out, and the result is kept for a short while only.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::produce::lifetime_s;
use super::{App, Site, Stopwatch, Variant};
use crate::blob::Blob;
use crate::config::SourceKind;
use crate::error::{Error, SharedError};
use crate::param::{Location, Parsed};
use crate::plan::{self, Intent, Negotiation, OverlayRole, TEXT_OBJECT, VariantKey};
use crate::render::RenderError;
use crate::render::decode::sniff;
use crate::sign::{self, Target};
use crate::source::{SourceError, web};

/// How deep pictures may lie in pictures: a watermark that has a mask that has a text.
const DEPTH_MAX: usize = 4;
/// How many of them one request may name in all.
const COUNT_MAX: usize = 16;

/// Lifetime of a picture without one of its overlays, in seconds: whatever was wrong may be over soon.
pub(super) const INCOMPLETE_S: u64 = 60;

/// What no request line may hold.
const UNSENDABLE: &AsciiSet = &CONTROLS.add(b' ');

/// Where an overlay comes from.
#[derive(Debug)]
enum Origin {
    /// A stored object.
    Object(Variant),
    /// A picture of ours, and how long its URL is good.
    Rendered(Variant, Option<Duration>),
}

/// The overlays of one picture.
#[derive(Debug, Default)]
pub(super) struct Overlays {
    /// Those that could be had.
    pub(super) blobs: Vec<(OverlayRole, Blob)>,
    /// The shortest of their lifetimes; [`INCOMPLETE_S`] at most when one is missing.
    pub(super) max_age_s: Option<u64>,
}

impl Overlays {
    fn add(&mut self, role: OverlayRole, found: Option<(Blob, u64)>) {
        let max_age_s = match found {
            Some((blob, max_age_s)) => {
                self.blobs.push((role, blob));
                max_age_s
            }
            None => INCOMPLETE_S,
        };
        self.max_age_s = Some(self.max_age_s.map_or(max_age_s, |so_far| so_far.min(max_age_s)));
    }
}

impl App {
    /// Refuses a picture that goes into itself, by whatever detour, or into which too many go.
    ///
    /// To be asked before anything is waited for: two pictures that wait for each other would wait for ever. Nothing is
    /// fetched for the answer, because all of it is in the URL and the default parameters.
    ///
    /// # Errors
    /// [`Error::OverlayLoop`].
    pub(super) fn refuse_loops(&self, variant: &Variant) -> Result<(), Error> {
        self.walk(variant, &mut Vec::new(), &mut 0)
    }

    fn walk(&self, variant: &Variant, above: &mut Vec<VariantKey>, count: &mut usize) -> Result<(), Error> {
        let Intent::Render(plan) = &variant.intent else { return Ok(()) };
        above.push(variant.key);
        for (_, location) in plan.overlays() {
            let Some(Origin::Rendered(overlay, _)) = self.origin_of(variant, location) else { continue };
            *count += 1;
            if *count > COUNT_MAX || above.len() >= DEPTH_MAX || above.contains(&overlay.key) {
                return Err(Error::OverlayLoop);
            }
            self.walk(&overlay, above, count)?;
        }
        above.pop();
        Ok(())
    }

    /// The bytes of everything that goes into a picture; what cannot be had is absent.
    ///
    /// # Errors
    /// Only when this server is too busy or broken to say: then nothing must be kept.
    pub(super) async fn overlays(self: &Arc<Self>, variant: &Variant) -> Result<Overlays, SharedError> {
        let Intent::Render(plan) = &variant.intent else { return Ok(Overlays::default()) };
        let wanted = plan.overlays();
        let fetches = wanted.iter().map(|(_, location)| self.overlay_of(variant, location));
        let mut overlays = Overlays::default();
        for ((role, _), found) in wanted.iter().zip(join_all(fetches).await) {
            overlays.add(*role, found?);
        }
        Ok(overlays)
    }

    /// The bytes at one location, as they are or rendered, and how many seconds they are good; `None` when there is no
    /// picture to be had.
    fn overlay_of(
        self: &Arc<Self>,
        base: &Variant,
        location: &Location,
    ) -> BoxFuture<'static, Result<Option<(Blob, u64)>, SharedError>> {
        let (app, origin, site) = (self.clone(), self.origin_of(base, location), base.site.clone());
        // Boxed because a picture in a picture is made by the code that waits for it here.
        Box::pin(async move {
            let watch = Stopwatch::default();
            let found = match origin {
                None => return Ok(None),
                Some(Origin::Object(variant)) => {
                    let original = app.original(&variant, &watch).await;
                    original.map(|original| (original.body.clone(), lifetime_s(&site, original.caching)))
                }
                Some(Origin::Rendered(variant, expires_in)) => match app.rendition(variant, &watch).await {
                    Ok((rendition, _)) => {
                        let body =
                            Blob::copy_from(&rendition.body).map_err(|_| Error::from(RenderError::Unavailable))?;
                        let age = app.clock.now().duration_since(rendition.rendered_at).unwrap_or_default();
                        let left = rendition.max_age_s.saturating_sub(age.as_secs());
                        Ok((body, expires_in.map_or(left, |expires| left.min(expires.as_secs()))))
                    }
                    Err(error) => Err(error),
                },
            };
            match found {
                Ok((body, max_age_s)) => Ok(sniff(body.as_slice()).is_some().then_some((body, max_age_s))),
                Err(error) if is_ours(&error) => Err(error),
                Err(error) => {
                    tracing::debug!(%error, "an overlay is left out");
                    Ok(None)
                }
            }
        })
    }

    /// What a location means to the picture `base`; `None` when it means nothing that may be served.
    fn origin_of(&self, base: &Variant, location: &Location) -> Option<Origin> {
        match location {
            Location::Path(path) => self.origin_of_path(base, path),
            Location::Url(url) => match split_url(url) {
                // A source without hosts serves the one that it was asked under.
                Some((host, target)) if base.host.as_deref() == Some(&host) => {
                    self.origin_of_target(&base.site, &target, base.host.clone())
                }
                Some((host, target)) => match self.sites.named(&host) {
                    Some(site) => self.origin_of_target(site, &target, Some(host)),
                    None => Some(object(base.site.abroad(), format!("/{url}"))),
                },
                None => None,
            },
        }
    }

    /// A path of the picture's own source.
    fn origin_of_path(&self, base: &Variant, path: &str) -> Option<Origin> {
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (decoded(path)?, query),
            None => (path.to_owned(), ""),
        };
        let path = format!("/{}", path.trim_start_matches('/'));
        let path = match &base.site.config.kind {
            // Of a proxy: on the host of the picture.
            SourceKind::WebProxy { .. } if path != TEXT_OBJECT => {
                let url = web::absolute(&base.object)?;
                format!("/{}{path}", url.origin().ascii_serialization())
            }
            SourceKind::Folder { .. }
            | SourceKind::WebFolder { .. }
            | SourceKind::WebProxy { .. }
            | SourceKind::S3(_) => path,
        };
        // The signature of the whole covers this query.
        let parsed = base.site.parse_part(query).ok()?;
        Some(match self.intent(&path, &parsed) {
            Intent::PassThrough => object(&base.site, path),
            intent @ (Intent::Render(_) | Intent::Unsupported(_)) => {
                let intent = intent.with_svg_drawn(base.site.config.rasterize_svg);
                let variant = Variant::new(base.site.clone(), path, intent);
                Origin::Rendered(Variant { host: base.host.clone(), ..variant }, None)
            }
        })
    }

    /// A request to a site of ours, judged as one that comes from outside.
    fn origin_of_target(&self, site: &Arc<Site>, target: &str, host: Option<String>) -> Option<Origin> {
        let target = Target::split(target);
        sign::verify(&target, &site.config.name, &site.config.signing).ok()?;
        let parsed = site.parse(target.query.unwrap_or_default()).ok()?;
        let now = self.clock.unix_seconds();
        let expires_in = sign::time_left(parsed.params.control.expires, now, &site.config.signing).ok()?;
        let path = decoded(target.path)?;
        let intent = self.intent(&path, &parsed).with_svg_drawn(site.config.rasterize_svg);
        let variant = Variant::new(site.clone(), path, intent);
        Some(Origin::Rendered(Variant { host, ..variant }, expires_in))
    }

    fn intent(&self, object: &str, parsed: &Parsed) -> Intent {
        plan::resolve_object(object, parsed, &Negotiation::default(), &self.config.limits).intent
    }
}

fn object(site: &Arc<Site>, path: String) -> Origin {
    Origin::Object(Variant::new(site.clone(), path, Intent::PassThrough))
}

/// Whether the failure is this server's, for now: a picture made in spite of it would be wrong, not poor.
fn is_ours(error: &Error) -> bool {
    matches!(
        error,
        Error::Internal
            | Error::OverlayLoop
            | Error::Render(RenderError::QueueFull | RenderError::Unavailable)
            | Error::Source(SourceError::Exhausted(_))
    )
}

/// A path, percent-decoded once.
fn decoded(path: &str) -> Option<String> {
    let path = percent_decode_str(path).decode_utf8().ok()?;
    (!path.contains('\0')).then(|| path.into_owned())
}

/// Host and request target of an absolute URL, the target encoded where somebody forgot to.
fn split_url(url: &str) -> Option<(String, String)> {
    let (_, rest) = url.split_once("://")?;
    let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let target = target.split('#').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(inside) => inside.split(']').next()?,
        None => authority.split(':').next()?,
    };
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    // A user name is for others to judge; it is no host of ours in any case.
    if host.is_empty() {
        return None;
    }
    let slash = if target.starts_with('/') { "" } else { "/" };
    let target = utf8_percent_encode(target, UNSENDABLE).to_string();
    Some((host, format!("{slash}{target}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split_as_they_stand() {
        let check = |url: &str, expected: Option<(&str, &str)>| {
            let found = split_url(url);
            assert_eq!(found.as_ref().map(|(host, target)| (host.as_str(), target.as_str())), expected, "{url}");
        };
        check("https://Img.Test:8443/a%20b.png?w=1&txt=%26#x", Some(("img.test", "/a%20b.png?w=1&txt=%26")));
        check("http://img.test.", Some(("img.test", "/")));
        check("http://img.test?w=1", Some(("img.test", "/?w=1")));
        check("http://img.test/a b\u{fc}", Some(("img.test", "/a%20b%C3%BC")));
        check("http://[::1]:80/x", Some(("::1", "/x")));
        check("http://u@img.test/x", Some(("u@img.test", "/x")));
        check("http:///x", None);
        check("img.test/x", None);
    }

    #[test]
    fn a_missing_overlay_shortens_the_lifetime() {
        let blob = || Blob::copy_from(b"x").unwrap();
        let mut overlays = Overlays::default();
        overlays.add(OverlayRole::Mark, Some((blob(), 1000)));
        assert_eq!(overlays.max_age_s, Some(1000));
        overlays.add(OverlayRole::Blend, None);
        assert_eq!(overlays.max_age_s, Some(INCOMPLETE_S));
        overlays.add(OverlayRole::Mask, Some((blob(), 0)));
        assert_eq!((overlays.max_age_s, overlays.blobs.len()), (Some(0), 2));
    }
}
