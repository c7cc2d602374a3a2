//! What one request came to, for the answer, the access log and the metrics.

use std::sync::Arc;

use crate::app::{Site, StageTimes};
use crate::cache::{Outcome, Rendition};
use crate::error::SharedError;
use crate::param::{Honoured, Ignored};
use crate::plan::{Download, VaryOn};

/// What one request came to, for the answer, the access log and the metrics alike.
pub(super) struct Handled {
    /// What is known of it, whether it came to a picture or not.
    pub(super) known: Known,
    /// How it ended.
    pub(super) result: Result<Success, SharedError>,
    /// Where the time went.
    pub(super) times: StageTimes,
}

/// What is found out about a request on its way.
#[derive(Clone, Default)]
pub(super) struct Known {
    /// The source that serves it.
    pub(super) site: Option<Arc<Site>>,
    /// The Unix second from which on its URL is no longer good: nothing that is said of it may be kept beyond.
    pub(super) expires_at: Option<u64>,
}

/// A rendition and what its answer depends on beside it.
pub(super) struct Success {
    pub(super) rendition: Rendition,
    pub(super) outcome: Outcome,
    pub(super) vary: VaryOn,
    pub(super) download: Option<Download>,
    pub(super) honoured: Vec<Honoured>,
    pub(super) ignored: Vec<Ignored>,
    pub(super) object: String,
}
