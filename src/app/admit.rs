//! The only entrance: turns a request target, from a client or from an overlay's URL, into the [`Variant`] it means.
//! Pure, so that everything that decides the bytes of an image can be seen and tested in one place.
//!
//! An overlay can be named in three ways:
//!
//! - A path names a stored object of the image's own source. If the path has a query, that object is rendered first,
//!   with the parameters of that query and those of the source's default parameters that protect.
//! - A URL whose host is configured for a source is answered as a request for it would be, including signature, expiry
//!   and default parameters, but without going over the network.
//! - Any other URL is fetched under the guard that also checks originals: a proxy source fetches it as if it were an
//!   original, the other sources fetch it from any public host or only from those that the operator lists.
//!
//! The host that the client used plays no part: it is not in the key.

use std::net::Ipv6Addr;
use std::sync::Arc;

use http::HeaderMap;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::variant::{Origin, Part, Variant};
use super::{Site, Sites};
use crate::cache::VariantKey;
use crate::config::SourceKind;
use crate::error::{Error, RequestError};
use crate::limits::Limits;
use crate::param::{Honoured, Ignored, Location, ParamError, Parsed};
use crate::plan::{self, Download, Intent, Negotiation, Resolved, TEXT_OBJECT, VaryOn};
use crate::sign::{self, Expired, Target};
use crate::source::web;

/// Maximum depth of nested images, counting the requested one: for example an image with a watermark that has a mask
/// that has a text.
const DEPTH_MAX: usize = 4;
/// Maximum number of images that one request may name, counting its own.
const COUNT_MAX: usize = 17;

/// Characters that a request line must not contain.
const UNSENDABLE: &AsciiSet = &CONTROLS.add(b' ');

/// Admits requests. Built per request, because it holds the current time.
#[derive(Clone, Copy, Debug)]
pub struct Door<'a> {
    /// The sources, and by them which hosts are ours.
    pub sites: &'a Sites,
    /// Upper bounds for what a request may ask.
    pub limits: &'a Limits,
    /// Seconds since 1970.
    pub now_unix: u64,
}

/// An admitted request.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// What to render or pass through.
    pub variant: Variant,
    /// Which request headers the result depends on.
    pub vary: VaryOn,
    /// How to offer the result as a download, if the URL asks for that.
    pub download: Option<Download>,
    /// Parameters that took effect.
    pub honoured: Vec<Honoured>,
    /// Parameters without effect.
    pub ignored: Vec<Ignored>,
    /// The Unix second at which the URL expires.
    pub expires_at: Option<u64>,
}

/// A target that passed [`Door::judge`].
struct Judged {
    object: String,
    resolved: Resolved,
    honoured: Vec<Honoured>,
    ignored: Vec<Ignored>,
    expires_at: Option<u64>,
}

/// The images on the path from the requested one to the current one, and how many were visited in all.
#[derive(Default)]
struct Walk {
    above: Vec<VariantKey>,
    count: usize,
}

impl Door<'_> {
    /// Admits a request for `target` of `site`. Headers count only where the URL opts into them, and then only by the
    /// outcome of the negotiation.
    ///
    /// # Errors
    /// [`Error::Sign`], [`Error::Param`] and [`Error::Expired`]; [`Error::Request`] for a path that is not text;
    /// [`Error::OverlayLoop`] for an image that contains itself, however indirectly, or that contains too many images.
    pub fn admit(&self, site: &Arc<Site>, target: &Target<'_>, headers: &HeaderMap) -> Result<Admitted, Error> {
        let Judged { object, resolved, honoured, ignored, expires_at } = self.judge(site, target, headers)?;
        let variant = self.variant(site, object, resolved.intent)?;
        Ok(Admitted { variant, vary: resolved.vary, download: resolved.download, honoured, ignored, expires_at })
    }

    /// Builds the variant that `intent` makes of `object`, with its overlays resolved. Nothing is fetched for that:
    /// everything needed is in the URL and the configuration.
    ///
    /// # Errors
    /// [`Error::OverlayLoop`]; [`Error::Param`] if an overlay has a protecting parameter whose value is unreadable.
    pub fn variant(&self, site: &Arc<Site>, object: String, intent: Intent) -> Result<Variant, Error> {
        self.below(site, object, intent, &mut Walk::default())
    }

    /// Verifies a target before interpreting it: no code below the first line sees a byte that a forger chose.
    fn judge(&self, site: &Arc<Site>, target: &Target<'_>, headers: &HeaderMap) -> Result<Judged, Error> {
        sign::verify(target, &site.config.name, &site.config.signing)?;
        let parsed = site.parse(target.query.unwrap_or_default())?;
        let left = sign::time_left(parsed.params.control.expires, self.now_unix, &site.config.signing)
            .map_err(|Expired| Error::Expired)?;
        let object = decoded(target.path).ok_or(RequestError::Target)?;
        let resolved = self.resolved(site, &object, &parsed, &Negotiation::of(headers, &parsed.params));
        let expires_at = left.map(|left| self.now_unix.saturating_add(left.as_secs()));
        let (honoured, ignored) = (parsed.honoured, parsed.ignored);
        Ok(Judged { object, resolved, honoured, ignored, expires_at })
    }

    fn resolved(&self, site: &Site, object: &str, parsed: &Parsed, negotiation: &Negotiation) -> Resolved {
        plan::resolve_object(object, parsed, negotiation, &site.policy(self.limits))
    }

    fn below(&self, site: &Arc<Site>, object: String, intent: Intent, walk: &mut Walk) -> Result<Variant, Error> {
        // Two images that contain each other would wait for each other forever.
        let own = VariantKey::new(&site.object_key(&object), &intent);
        walk.count += 1;
        if walk.count > COUNT_MAX || walk.above.len() >= DEPTH_MAX || walk.above.contains(&own) {
            return Err(Error::OverlayLoop);
        }
        walk.above.push(own);
        let mut parts = Vec::new();
        if let Intent::Render(plan) = &intent {
            for (role, location) in plan.overlays() {
                parts.push(Part { role, origin: self.origin(site, &object, location, walk)? });
            }
        }
        walk.above.pop();
        Ok(Variant::new(site.clone(), object, intent, parts))
    }

    /// Resolves an overlay's location as seen from the image `object` of `site`. Returns `None` if it names nothing
    /// that may be served.
    fn origin(
        &self,
        site: &Arc<Site>,
        object: &str,
        location: &Location,
        walk: &mut Walk,
    ) -> Result<Option<Origin>, Error> {
        match location {
            Location::Path(path) => self.origin_of_path(site, object, path, walk),
            Location::Url(url) => match split_url(url) {
                Some((host, target)) => match self.sites.named(&host) {
                    Some(named) => self.origin_of_target(named, &Target::split(&target), walk),
                    None => Ok(Some(Origin::Stored(Variant::stored(site.abroad().clone(), format!("/{url}"))))),
                },
                None => Ok(None),
            },
        }
    }

    /// Resolves a path within the image's own source.
    fn origin_of_path(
        &self,
        site: &Arc<Site>,
        object: &str,
        path: &str,
        walk: &mut Walk,
    ) -> Result<Option<Origin>, Error> {
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (decoded(path), query),
            None => (Some(path.to_owned()), ""),
        };
        // This query needs no signature: the signature of the whole request covers it.
        let parsed = match site.parse_part(query) {
            Ok(parsed) => parsed,
            Err(error @ ParamError::Unreadable { .. }) => return Err(error.into()),
            Err(ParamError::InvalidBase64 { .. }) => return Ok(None),
        };
        let Some(path) = path.and_then(|path| own_object(&site.config.kind, object, &path)) else { return Ok(None) };
        Ok(Some(match self.resolved(site, &path, &parsed, &Negotiation::default()).intent {
            Intent::PassThrough => Origin::Stored(Variant::stored(site.clone(), path)),
            intent @ (Intent::Render(_) | Intent::Unsupported(_)) => {
                Origin::Rendered(self.below(site, path, intent, walk)?, None)
            }
        }))
    }

    /// Resolves a request to one of our own sites, judged like a request from outside.
    fn origin_of_target(
        &self,
        site: &Arc<Site>,
        target: &Target<'_>,
        walk: &mut Walk,
    ) -> Result<Option<Origin>, Error> {
        match self.judge(site, target, &HeaderMap::new()) {
            Ok(Judged { object, resolved, expires_at, .. }) => {
                Ok(Some(Origin::Rendered(self.below(site, object, resolved.intent, walk)?, expires_at)))
            }
            // Leaving the overlay out would be safe too, but nobody would learn why it is missing.
            Err(error @ Error::Param(ParamError::Unreadable { .. })) => Err(error),
            Err(_) => Ok(None),
        }
    }
}

/// Returns the object that a decoded path names. For a proxy, the path is on the host of the image itself.
fn own_object(kind: &SourceKind, image: &str, path: &str) -> Option<String> {
    let path = format!("/{}", path.trim_start_matches('/'));
    if !kind.is_proxy() || path == TEXT_OBJECT {
        return Some(path);
    }
    let url = web::absolute(image)?;
    Some(format!("/{}{path}", url.origin().ascii_serialization()))
}

/// Percent-decodes a path exactly once, keeping `+`. Returns `None` if the result is not UTF-8 or contains a NUL.
fn decoded(path: &str) -> Option<String> {
    let path = percent_decode_str(path).decode_utf8().ok()?;
    (!path.contains('\0')).then(|| path.into_owned())
}

/// Splits an absolute URL into host and request target, and encodes what the author of the URL forgot to encode in the
/// target. The host is written as in the configuration: lower case, without port, final dot or brackets, international
/// names as `xn--`.
fn split_url(url: &str) -> Option<(String, String)> {
    let (_, rest) = url.split_once("://")?;
    let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let target = target.split('#').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(inside) => {
            let address = inside.split(']').next()?;
            address.parse::<Ipv6Addr>().map_or_else(|_| address.to_ascii_lowercase(), |address| address.to_string())
        }
        None => {
            let host = authority.split(':').next()?;
            let host = host.strip_suffix('.').unwrap_or(host);
            // A host with a user name or a backslash never matches a configured host. Whether it may be fetched is
            // decided elsewhere.
            url::Host::parse(host).map_or_else(|_| host.to_ascii_lowercase(), |host| host.to_string())
        }
    };
    if host.is_empty() {
        return None;
    }
    let slash = if target.starts_with('/') { "" } else { "/" };
    let target = utf8_percent_encode(target, UNSENDABLE).to_string();
    Some((host, format!("{slash}{target}")))
}

#[cfg(test)]
#[path = "admit/tests.rs"]
mod tests;
