//! The application: [`App`] builds every part from [`Config`] and produces renditions (fetch, render, cache).

mod admit;
mod descriptors;
mod faces;
pub mod lifetime;
mod negative;
mod originals;
mod overlays;
mod produce;
mod site;
mod stopwatch;
mod trouble;
mod variant;

pub use admit::{Admitted, Door};
pub use site::{Site, Sites};
pub use stopwatch::{StageTimes, Stopwatch};
pub use variant::Variant;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cache::{Cache, CacheError};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::SharedError;
use crate::render::RenderLimits;
use crate::source::{BuildError, Cause};
use crate::telemetry::{AccessLog, Metrics, WorkerFigures};
use crate::worker::{Pool, PoolConfig, PoolStartError};

use faces::KnownFaces;
use negative::Negative;
use originals::Originals;
use trouble::Troubles;

/// Everything a request needs. Built once, shared by all connections.
#[derive(Debug)]
pub struct App {
    /// The operator's configuration.
    pub config: Config,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Configured sources by host.
    pub sites: Sites,
    /// The rendition cache.
    pub cache: Arc<Cache<SharedError>>,
    /// Worker processes.
    pub pool: Pool,
    /// All metric families.
    pub metrics: Arc<Metrics>,
    /// The access log.
    pub access_log: AccessLog,
    originals: Originals,
    negative: Negative,
    troubles: Troubles,
    faces: KnownFaces,
    render_limits: RenderLimits,
}

/// Reasons why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A source cannot be built.
    #[error("source {name}: {error}")]
    Source {
        /// The source's name.
        name: String,
        /// What is wrong with it.
        error: BuildError,
    },
    /// The disk tier cannot be opened.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// No worker process can be started.
    #[error(transparent)]
    Pool(#[from] PoolStartError),
    /// The access log cannot be written.
    #[error("log.dir: {} cannot be written: {}", .dir.display(), .error.kind())]
    Log {
        /// The directory.
        dir: PathBuf,
        /// What the operating system reported.
        error: std::io::Error,
    },
}

impl App {
    /// Builds every part. Worker processes run `executable`, normally this program.
    ///
    /// # Errors
    /// Returns the error of the first part that cannot be built.
    pub async fn build(
        config: Config,
        clock: Arc<dyn Clock>,
        executable: std::path::PathBuf,
    ) -> Result<Arc<Self>, StartError> {
        let descriptors = descriptors::raise();
        let metrics = Arc::new(Metrics::new());
        let sites = Sites::build(&config).await?;
        let cache = Cache::open(&config.cache, clock.clone(), metrics.clone()).await?;
        let access_log = AccessLog::start(&config.log, clock.clone(), metrics.clone())
            .map_err(|error| StartError::Log { dir: config.log.dir.clone().unwrap_or_default(), error })?;
        let pool = Pool::start(PoolConfig::new(executable, &config.render, &config.limits))?;
        Ok(Arc::new(Self {
            originals: Originals::new(&config.cache, descriptors),
            negative: Negative::new(clock.clone()),
            troubles: Troubles::new(clock.clone()),
            faces: KnownFaces::new(),
            sites,
            cache,
            pool,
            metrics,
            access_log,
            clock,
            render_limits: RenderLimits::from(&config.limits),
            config,
        }))
    }
}

impl App {
    /// Returns the configured sources whose last fetch failed, with the cause.
    #[must_use]
    pub fn failing_sources(&self) -> Vec<(String, Cause)> {
        self.troubles.failing()
    }

    /// Returns a [`Door`] for the current time.
    #[must_use]
    pub fn door(&self) -> Door<'_> {
        Door { sites: &self.sites, limits: &self.config.limits, now_unix: self.clock.unix_seconds() }
    }

    /// Updates the gauges that are computed only on demand.
    pub fn refresh_gauges(&self) {
        let stats = self.pool.stats();
        let read = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        self.metrics.workers_observed(&WorkerFigures {
            busy: read(&stats.busy),
            idle: read(&stats.idle),
            queued: read(&stats.queued),
            spawned_total: read(&stats.spawned),
            killed_total: read(&stats.killed),
            crashed_total: read(&stats.crashed),
            recycled_total: read(&stats.recycled),
            shed_total: read(&stats.shed),
        });
    }
}
