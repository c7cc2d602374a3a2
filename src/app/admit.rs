//! The one door: a request target, from a client or inside the URL of an overlay, to the [`Variant`] it means. Pure, so
//! that what decides the bytes of a picture can be seen, and tested, in one place.
//!
//! A path that names an overlay is an object of the picture's own source, as it is stored; with a query of its own it is
//! rendered first, by that query alone, to which only those of the source's default parameters are added that protect. A
//! URL whose host was configured for a source is answered as a request for it would be, signature, expiry and default
//! parameters included, without going over the network. Any other URL is fetched under the guard that also judges
//! originals: by a proxy source as if it were an original, by the others from any public host or from those that the
//! operator lists. Under which host the client asked plays no part: it is not in the key.

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

/// How deep pictures may lie in pictures: a watermark that has a mask that has a text.
const DEPTH_MAX: usize = 4;
/// How many pictures one request may name in all, its own included.
const COUNT_MAX: usize = 17;

/// What no request line may hold.
const UNSENDABLE: &AsciiSet = &CONTROLS.add(b' ');

/// Lets requests in. Made for one request, at one time.
#[derive(Clone, Copy, Debug)]
pub struct Door<'a> {
    /// Which hosts are ours, by configuration.
    pub sites: &'a Sites,
    /// Bounds.
    pub limits: &'a Limits,
    /// Seconds since 1970.
    pub now_unix: u64,
}

/// A request that was let in.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// What to send.
    pub variant: Variant,
    /// The headers that the choice used.
    pub vary: VaryOn,
    /// The name to offer.
    pub download: Option<Download>,
    /// The parameters that count.
    pub honoured: Vec<Honoured>,
    /// The parameters without effect.
    pub ignored: Vec<Ignored>,
    /// The Unix second from which on the URL is no longer good.
    pub expires_at: Option<u64>,
}

/// A target that was judged.
struct Judged {
    object: String,
    resolved: Resolved,
    honoured: Vec<Honoured>,
    ignored: Vec<Ignored>,
    expires_at: Option<u64>,
}

/// The pictures on the way from the one asked for to the one looked at, and how many were looked at.
#[derive(Default)]
struct Walk {
    above: Vec<VariantKey>,
    count: usize,
}

impl Door<'_> {
    /// The request for `target` of `site`. Of the headers nothing counts but what the URL opts into, and of that only the
    /// outcome.
    ///
    /// # Errors
    /// [`Error::Sign`], [`Error::Param`], [`Error::Expired`], [`Error::Request`] for a path that is no text;
    /// [`Error::OverlayLoop`] for a picture that goes into itself, by whatever detour, or into which too many go.
    pub fn admit(&self, site: &Arc<Site>, target: &Target<'_>, headers: &HeaderMap) -> Result<Admitted, Error> {
        let Judged { object, resolved, honoured, ignored, expires_at } = self.judge(site, target, headers)?;
        let variant = self.variant(site, object, resolved.intent)?;
        Ok(Admitted { variant, vary: resolved.vary, download: resolved.download, honoured, ignored, expires_at })
    }

    /// The variant that `intent` makes of `object`, with its overlays found. Nothing is fetched for that, because all of
    /// it is in the URL and the configuration.
    ///
    /// # Errors
    /// [`Error::OverlayLoop`]; [`Error::Param`] when an overlay that is to be protected says unreadably how.
    pub fn variant(&self, site: &Arc<Site>, object: String, intent: Intent) -> Result<Variant, Error> {
        self.below(site, object, intent, &mut Walk::default())
    }

    /// Verified before it is interpreted: nothing below the first line sees a byte that a forger chose.
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
        // Two pictures that wait for each other would wait for ever.
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

    /// What a location means to the picture `object` of `site`; `None` when it means nothing that may be served.
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

    /// A path of the picture's own source.
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
        // The signature of the whole covers this query.
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

    /// A request to a site of ours, judged as one that comes from outside.
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
            // To leave it out would be safe as well, but nobody would learn why.
            Err(error @ Error::Param(ParamError::Unreadable { .. })) => Err(error),
            Err(_) => Ok(None),
        }
    }
}

/// The object that a decoded path names; for a proxy on the host of the picture.
fn own_object(kind: &SourceKind, picture: &str, path: &str) -> Option<String> {
    let path = format!("/{}", path.trim_start_matches('/'));
    match kind {
        SourceKind::WebProxy { .. } if path != TEXT_OBJECT => {
            let url = web::absolute(picture)?;
            Some(format!("/{}{path}", url.origin().ascii_serialization()))
        }
        SourceKind::Folder { .. } | SourceKind::WebFolder { .. } | SourceKind::WebProxy { .. } | SourceKind::S3(_) => {
            Some(path)
        }
    }
}

/// A path, percent-decoded exactly once, `+` kept; `None` when that is no UTF-8, or holds a NUL.
fn decoded(path: &str) -> Option<String> {
    let path = percent_decode_str(path).decode_utf8().ok()?;
    (!path.contains('\0')).then(|| path.into_owned())
}

/// Host and request target of an absolute URL, the target encoded where somebody forgot to. The host is written as hosts
/// of the configuration are: lower case, without port, final dot and brackets, international names as `xn--`.
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
            // A user name or a backslash is for others to judge; it is no host of ours in any case.
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
