//! The outcome of a request, for the response, the access log and the metrics.

use std::sync::Arc;

use crate::app::{Site, StageTimes};
use crate::cache::{Outcome, Rendition};
use crate::error::SharedError;
use crate::param::{Honoured, Ignored};
use crate::plan::{Download, VaryOn};

/// The outcome of a request.
pub(super) struct Handled {
    /// What is known about the request, whether or not it produced an image.
    pub(super) known: Known,
    /// The rendition, or the error.
    pub(super) result: Result<Success, SharedError>,
    /// Durations of the stages.
    pub(super) times: StageTimes,
}

/// Facts about a request, filled in as they are found out.
#[derive(Clone, Default)]
pub(super) struct Known {
    /// The source that serves the request.
    pub(super) site: Option<Arc<Site>>,
    /// The Unix second at which the URL expires. No response may be cached beyond it.
    pub(super) expires_at: Option<u64>,
}

/// A rendition, and what else its response depends on.
pub(super) struct Success {
    pub(super) rendition: Rendition,
    pub(super) outcome: Outcome,
    pub(super) vary: VaryOn,
    pub(super) download: Option<Download>,
    pub(super) honoured: Vec<Honoured>,
    pub(super) ignored: Vec<Ignored>,
    pub(super) object: String,
}
