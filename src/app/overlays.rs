//! Fetches or renders the images that go into another one. An overlay that is unavailable is left out, and the result
//! is then cached only for a short while. Which overlays an image has was decided at the [`Door`](super::Door).

use std::sync::Arc;
use std::time::SystemTime;

use futures_util::future::{BoxFuture, join_all};

use super::variant::Origin;
use super::{App, Stopwatch, Variant, lifetime};
use crate::blob::Blob;
use crate::error::{Error, SharedError};
use crate::plan::OverlayRole;
use crate::render::RenderError;
use crate::sniff::Encoded;
use crate::source::SourceError;

/// Lifetime in seconds of an image that lacks one of its overlays: the cause may be gone soon.
pub(super) const INCOMPLETE_S: u64 = 60;

/// The overlays of one image.
#[derive(Debug, Default)]
pub(super) struct FetchedOverlays {
    /// The overlays that are available.
    pub(super) images: Vec<(OverlayRole, Encoded)>,
    /// How long all of them together may be used.
    pub(super) lifetime: Lifetime,
}

/// The shortest of several lifetimes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetime {
    /// Length in seconds.
    max_age_s: u64,
    /// Unix second at which the lifetime ends, whenever it starts.
    expires_at: Option<u64>,
}

impl Default for Lifetime {
    /// Returns a lifetime without end.
    fn default() -> Self {
        Self { max_age_s: u64::MAX, expires_at: None }
    }
}

impl Lifetime {
    const INCOMPLETE: Self = Self { max_age_s: INCOMPLETE_S, expires_at: None };

    fn and(self, other: Self) -> Self {
        let expires_at = [self.expires_at, other.expires_at].into_iter().flatten().min();
        Self { max_age_s: self.max_age_s.min(other.max_age_s), expires_at }
    }

    /// Returns the length in seconds if the lifetime starts at `now`.
    pub(super) fn seconds_from(self, now: SystemTime) -> u64 {
        self.max_age_s.min(lifetime::until(self.expires_at, now).as_secs())
    }
}

impl FetchedOverlays {
    fn add(&mut self, role: OverlayRole, found: Option<(Encoded, Lifetime)>) {
        let lifetime = found.map_or(Lifetime::INCOMPLETE, |(encoded, lifetime)| {
            self.images.push((role, encoded));
            lifetime
        });
        self.lifetime = self.lifetime.and(lifetime);
    }
}

impl App {
    /// Returns the bytes of everything that goes into an image. Unavailable overlays are absent.
    ///
    /// # Errors
    /// Fails only if this server is too busy or too broken to tell. The result must not be cached then.
    pub(super) async fn overlays(self: &Arc<Self>, variant: &Variant) -> Result<FetchedOverlays, SharedError> {
        let fetches = variant.parts.iter().map(|part| self.overlay_of(part.origin.clone()));
        let mut overlays = FetchedOverlays::default();
        for (part, found) in variant.parts.iter().zip(join_all(fetches).await) {
            overlays.add(part.role, found?);
        }
        Ok(overlays)
    }

    /// Returns the bytes of one overlay, as stored or rendered, and how long they may be used; `None` if there is no
    /// image.
    fn overlay_of(
        self: &Arc<Self>,
        origin: Option<Origin>,
    ) -> BoxFuture<'static, Result<Option<(Encoded, Lifetime)>, SharedError>> {
        let app = self.clone();
        // Boxed because the future is recursive: an image within an image is made by the code that awaits it here.
        Box::pin(async move {
            let watch = Stopwatch::default();
            let found = match origin {
                None => return Ok(None),
                Some(Origin::Stored(variant)) => app.original(&variant, &watch).await.map(|original| {
                    let max_age_s = lifetime::granted_s(&variant.site.config, original.caching);
                    (original.encoded(), Lifetime { max_age_s, expires_at: None })
                }),
                Some(Origin::Rendered(variant, expires_at)) => match app.rendition(variant, &watch).await {
                    Ok((rendition, _)) => {
                        let body =
                            Blob::copy_from(&rendition.body).map_err(|_| Error::from(RenderError::Unavailable))?;
                        let max_age_s = lifetime::left_s(&rendition, app.clock.now());
                        Ok((Encoded::sniffed(body), Lifetime { max_age_s, expires_at }))
                    }
                    Err(error) => Err(error),
                },
            };
            match found {
                Ok((encoded, lifetime)) => Ok(encoded.map(|encoded| (encoded, lifetime))),
                Err(error) if is_ours(&error) => Err(error),
                Err(error) => {
                    tracing::debug!(%error, "an overlay is left out");
                    Ok(None)
                }
            }
        })
    }
}

/// Returns whether the failure is a temporary one of this server. An image made without that overlay would not be
/// degraded but wrong.
fn is_ours(error: &Error) -> bool {
    matches!(
        error,
        Error::Internal
            | Error::Render(RenderError::QueueFull | RenderError::Unavailable)
            | Error::Source(SourceError::Exhausted(_))
    )
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn the_shortest_lifetime_counts_and_a_missing_overlay_has_a_short_one() {
        let image = || Encoded::sniffed(Blob::copy_from(b"GIF89a").unwrap()).unwrap();
        let lasting = |max_age_s, expires_at| Some((image(), Lifetime { max_age_s, expires_at }));
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let mut overlays = FetchedOverlays::default();
        assert_eq!(overlays.lifetime.seconds_from(at(0)), u64::MAX);
        overlays.add(OverlayRole::Mark, lasting(1000, Some(500)));
        assert_eq!([0, 100, 499, 500, 600].map(|now| overlays.lifetime.seconds_from(at(now))), [500, 400, 1, 0, 0]);
        overlays.add(OverlayRole::Blend, None);
        assert_eq!([0, 450].map(|now| overlays.lifetime.seconds_from(at(now))), [INCOMPLETE_S, 50]);
        overlays.add(OverlayRole::Mask, lasting(0, Some(900)));
        assert_eq!((overlays.lifetime.seconds_from(at(0)), overlays.images.len()), (0, 2));
    }
}
