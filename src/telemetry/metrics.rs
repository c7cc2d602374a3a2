//! All metric families in one struct, with one registry per instance instead of globals, so that two servers in one
//! test process count separately. Names start with `tintype_` and end with their unit.

use std::time::Duration;

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder, core::Collector,
};

use crate::config::SourceKind;
use crate::source::SourceError;

/// Upper bounds of the histogram buckets, in seconds. A memory hit takes tens of microseconds; encoding an AVIF of a
/// large original takes seconds.
const SECONDS: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// All counters, gauges and histograms. Cheap to update from any thread.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
    response_bytes: IntCounter,
    stage_seconds: HistogramVec,
    queue_jobs: IntGauge,
    workers: IntGaugeVec,
    worker_events: IntCounterVec,
    cache_bytes: IntGaugeVec,
    cache_entries: IntGaugeVec,
    cache_evictions: IntCounterVec,
    cache_disk_faults: IntCounterVec,
    cache_writes_dropped: IntCounter,
    origin_fetches: IntCounterVec,
    origin_fetch_seconds: Histogram,
    coalesced: IntCounterVec,
    face_searches: IntCounter,
    access_log_dropped: IntCounter,
}

/// A timed part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageName {
    /// Fetching the original.
    Fetch,
    /// Waiting for a worker.
    Queue,
    /// Decoding and stages.
    Render,
    /// Encoding.
    Encode,
}

impl StageName {
    /// Returns the name used in labels and in `Server-Timing`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Queue => "queue",
            Self::Render => "render",
            Self::Encode => "encode",
        }
    }
}

/// One of the two tiers that keep renditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheTier {
    /// Memory.
    Memory,
    /// Disk.
    Disk,
}

impl CacheTier {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Disk => "disk",
        }
    }
}

/// A fault of the disk tier. Each one costs a miss and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskFault {
    /// A file could not be opened or read.
    Read,
    /// A file could not be written.
    Write,
    /// A file was truncated, damaged, or written for another version or another key.
    Corrupt,
    /// The file system has less free space than the tier must leave.
    NoSpace,
}

impl DiskFault {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Corrupt => "corrupt",
            Self::NoSpace => "no-space",
        }
    }
}

/// Current figures of the worker pool; the totals count from the start of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerFigures {
    /// Workers that have a job.
    pub busy: u64,
    /// Workers that wait for a job.
    pub idle: u64,
    /// Jobs waiting for a worker.
    pub queued: u64,
    /// Workers started.
    pub spawned_total: u64,
    /// Workers killed because a job exceeded its time.
    pub killed_total: u64,
    /// Workers that died on their own.
    pub crashed_total: u64,
    /// Workers replaced after enough jobs or because of their memory.
    pub recycled_total: u64,
    /// Jobs refused because the queue was full.
    pub shed_total: u64,
}

impl Metrics {
    /// Creates all families at zero.
    #[must_use]
    pub fn new() -> Self {
        let registry = Registry::new();
        let r = &registry;
        let build = int_gauge_vec(r, "build_info", "Version of this program; always 1.", &["version"]);
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        Self {
            requests: counter_vec(r, "requests_total", "Requests by status and cache outcome.", &["status", "cache"]),
            request_seconds: histogram_vec(
                r,
                "request_duration_seconds",
                "Time from receiving a request's headers to sending the response headers.",
                &["cache"],
            ),
            response_bytes: counter(r, "response_bytes_total", "Bytes sent in response bodies."),
            stage_seconds: histogram_vec(
                r,
                "stage_duration_seconds",
                "Time spent in each stage of a render.",
                &["stage"],
            ),
            queue_jobs: int_gauge(r, "queue_jobs", "Jobs waiting for a worker."),
            workers: int_gauge_vec(r, "workers", "Worker processes by state.", &["state"]),
            worker_events: counter_vec(r, "worker_events_total", "Events in the life of workers and jobs.", &["event"]),
            cache_bytes: int_gauge_vec(r, "cache_bytes", "Bytes in the cache, including overhead.", &["tier"]),
            cache_entries: int_gauge_vec(r, "cache_entries", "Renditions in the cache.", &["tier"]),
            cache_evictions: counter_vec(r, "cache_evictions_total", "Renditions removed to make room.", &["tier"]),
            cache_disk_faults: counter_vec(r, "cache_disk_faults_total", "Disk entries lost to faults.", &["fault"]),
            cache_writes_dropped: counter(
                r,
                "cache_writes_dropped_total",
                "Disk writes skipped because the queue was full.",
            ),
            origin_fetches: counter_vec(
                r,
                "origin_fetches_total",
                "Originals fetched, by source kind, outcome and cause.",
                &["kind", "outcome", "cause"],
            ),
            origin_fetch_seconds: histogram(r, "origin_fetch_duration_seconds", "Time to fetch an original."),
            coalesced: counter_vec(
                r,
                "coalesced_total",
                "Requests by role (leader or follower) in shared work.",
                &["work", "role"],
            ),
            face_searches: counter(r, "face_searches_total", "Originals searched for faces."),
            access_log_dropped: counter(
                r,
                "access_log_dropped_total",
                "Log lines lost because the queue or the disk was full.",
            ),
            registry,
        }
    }

    /// Counts a finished request. `cache` is the name of an outcome, or `none` if the cache was not asked.
    pub fn request_finished(&self, status: u16, cache: &str, body_bytes: u64, took: Duration) {
        let mut digits = [0; 5];
        self.requests.with_label_values(&[decimal(status, &mut digits), cache]).inc();
        self.request_seconds.with_label_values(&[cache]).observe(took.as_secs_f64());
        self.response_bytes.inc_by(body_bytes);
    }

    /// Records the time of one stage, once for the request that did the work.
    pub fn stage_finished(&self, stage: StageName, took: Duration) {
        self.stage_seconds.with_label_values(&[stage.as_str()]).observe(took.as_secs_f64());
    }

    /// Copies the figures of the pool. Call it before [`Metrics::render`].
    pub fn workers_observed(&self, now: &WorkerFigures) {
        self.queue_jobs.set(signed(now.queued));
        self.workers.with_label_values(&["busy"]).set(signed(now.busy));
        self.workers.with_label_values(&["idle"]).set(signed(now.idle));
        let totals = [
            ("spawned", now.spawned_total),
            ("killed", now.killed_total),
            ("crashed", now.crashed_total),
            ("recycled", now.recycled_total),
            ("shed", now.shed_total),
        ];
        for (event, total) in totals {
            let counter = self.worker_events.with_label_values(&[event]);
            counter.inc_by(total.saturating_sub(counter.get()));
        }
    }

    /// Sets the size of a cache tier.
    pub fn cache_sized(&self, tier: CacheTier, bytes: u64, entries: u64) {
        self.cache_bytes.with_label_values(&[tier.as_str()]).set(signed(bytes));
        self.cache_entries.with_label_values(&[tier.as_str()]).set(signed(entries));
    }

    /// Counts renditions evicted to make room.
    pub fn cache_evicted(&self, tier: CacheTier, entries: u64) {
        self.cache_evictions.with_label_values(&[tier.as_str()]).inc_by(entries);
    }

    /// Counts a fault of the disk tier.
    pub fn disk_fault(&self, fault: DiskFault) {
        self.cache_disk_faults.with_label_values(&[fault.as_str()]).inc();
    }

    /// Counts a rendition that was not written to disk because too many others were waiting.
    pub fn cache_write_dropped(&self) {
        self.cache_writes_dropped.inc();
    }

    /// Counts one attempt to fetch an original. A success has the cause `none`.
    pub fn origin_fetched(&self, kind: &SourceKind, failure: Option<SourceError>, took: Duration) {
        let cause = failure.map_or("none", |error| error.cause().label());
        self.origin_fetches.with_label_values(&[kind.name(), fetch_outcome(failure), cause]).inc();
        self.origin_fetch_seconds.observe(took.as_secs_f64());
    }

    /// Counts the role of a request (`leader` or `follower`) in shared work (`render` or `fetch`).
    pub fn coalesced(&self, work: &'static str, role: &'static str) {
        self.coalesced.with_label_values(&[work, role]).inc();
    }

    /// Counts a face search in an original whose faces were not known yet.
    pub fn faces_searched(&self) {
        self.face_searches.inc();
    }

    /// Counts lost lines of the access log.
    pub fn access_log_dropped(&self, lines: u64) {
        self.access_log_dropped.inc_by(lines);
    }

    /// Returns all families in the Prometheus text format.
    #[must_use]
    pub fn render(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }

    /// The `Content-Type` of [`Metrics::render`].
    pub const CONTENT_TYPE: &'static str = prometheus::TEXT_FORMAT;
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

// Not derived: histograms do not implement `Debug`, and their contents are no use in a panic message.
impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

const fn fetch_outcome(failure: Option<SourceError>) -> &'static str {
    match failure {
        None => "ok",
        Some(SourceError::Missing) => "missing",
        Some(SourceError::Denied(_)) => "denied",
        Some(SourceError::Rejected { .. }) => "rejected",
        Some(SourceError::InvalidUrl) => "invalid-url",
        Some(SourceError::Forbidden(_)) => "forbidden",
        Some(SourceError::Busy { .. }) => "busy",
        Some(SourceError::Misconfigured(_)) => "misconfigured",
        Some(SourceError::Upstream(_)) => "upstream",
        Some(SourceError::Timeout(_)) => "timeout",
        Some(SourceError::TooLarge { .. }) => "too-large",
        Some(SourceError::Exhausted(_)) => "exhausted",
    }
}

/// Formats a status without allocating, because this runs for every request.
fn decimal(mut value: u16, digits: &mut [u8; 5]) -> &str {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(value % 10).expect("a digit");
        value /= 10;
        if value == 0 || start == 0 {
            break;
        }
    }
    std::str::from_utf8(&digits[start..]).expect("digits are ASCII")
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

const UNIQUE: &str = "every family is declared once, with a valid name";

fn registered<C: Collector + Clone + 'static>(registry: &Registry, family: prometheus::Result<C>) -> C {
    let family = family.expect(UNIQUE);
    registry.register(Box::new(family.clone())).expect(UNIQUE);
    family
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("tintype")
}

fn counter(registry: &Registry, name: &str, help: &str) -> IntCounter {
    registered(registry, IntCounter::with_opts(opts(name, help)))
}

fn counter_vec(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    registered(registry, IntCounterVec::new(opts(name, help), labels))
}

fn int_gauge(registry: &Registry, name: &str, help: &str) -> IntGauge {
    registered(registry, IntGauge::with_opts(opts(name, help)))
}

fn int_gauge_vec(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    registered(registry, IntGaugeVec::new(opts(name, help), labels))
}

fn histogram(registry: &Registry, name: &str, help: &str) -> Histogram {
    let opts = HistogramOpts::from(opts(name, help)).buckets(SECONDS.to_vec());
    registered(registry, Histogram::with_opts(opts))
}

fn histogram_vec(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> HistogramVec {
    let opts = HistogramOpts::from(opts(name, help)).buckets(SECONDS.to_vec());
    registered(registry, HistogramVec::new(opts, labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(metrics: &Metrics, line: &str) {
        let text = metrics.render();
        assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
    }

    #[test]
    fn what_is_counted_is_written_out() {
        let metrics = Metrics::new();
        metrics.request_finished(200, "hit-memory", 100, Duration::from_millis(2));
        metrics.request_finished(200, "hit-memory", 11, Duration::from_millis(2));
        metrics.request_finished(404, "none", 0, Duration::ZERO);
        metrics.stage_finished(StageName::Encode, Duration::from_millis(30));
        metrics.cache_sized(CacheTier::Disk, 4096, 1);
        metrics.cache_evicted(CacheTier::Memory, 3);
        metrics.disk_fault(DiskFault::Corrupt);
        metrics.origin_fetched(&SourceKind::Folder { root: "x".into() }, Some(SourceError::Missing), Duration::ZERO);
        metrics.origin_fetched(&SourceKind::Folder { root: "x".into() }, None, Duration::ZERO);
        metrics.coalesced("render", "follower");
        metrics.access_log_dropped(2);
        check(&metrics, r#"tintype_requests_total{cache="hit-memory",status="200"} 2"#);
        check(&metrics, r#"tintype_requests_total{cache="none",status="404"} 1"#);
        check(&metrics, r#"tintype_request_duration_seconds_bucket{cache="hit-memory",le="0.001"} 0"#);
        check(&metrics, r#"tintype_request_duration_seconds_bucket{cache="hit-memory",le="0.0025"} 2"#);
        check(&metrics, "tintype_response_bytes_total 111");
        check(&metrics, r#"tintype_stage_duration_seconds_count{stage="encode"} 1"#);
        check(&metrics, r#"tintype_cache_bytes{tier="disk"} 4096"#);
        check(&metrics, r#"tintype_cache_evictions_total{tier="memory"} 3"#);
        check(&metrics, r#"tintype_cache_disk_faults_total{fault="corrupt"} 1"#);
        check(&metrics, r#"tintype_origin_fetches_total{cause="object-missing",kind="folder",outcome="missing"} 1"#);
        check(&metrics, r#"tintype_origin_fetches_total{cause="none",kind="folder",outcome="ok"} 1"#);
        check(&metrics, r#"tintype_coalesced_total{role="follower",work="render"} 1"#);
        check(&metrics, "tintype_access_log_dropped_total 2");
        check(&metrics, &format!(r#"tintype_build_info{{version="{}"}} 1"#, env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn instances_do_not_share_counts() {
        let (one, other) = (Metrics::new(), Metrics::new());
        one.cache_write_dropped();
        check(&one, "tintype_cache_writes_dropped_total 1");
        check(&other, "tintype_cache_writes_dropped_total 0");
    }

    #[test]
    fn worker_totals_follow_the_pool() {
        let metrics = Metrics::new();
        let mut figures = WorkerFigures { busy: 1, idle: 3, queued: 7, killed_total: 2, ..WorkerFigures::default() };
        metrics.workers_observed(&figures);
        figures.killed_total = 5;
        metrics.workers_observed(&figures);
        check(&metrics, r#"tintype_workers{state="idle"} 3"#);
        check(&metrics, "tintype_queue_jobs 7");
        check(&metrics, r#"tintype_worker_events_total{event="killed"} 5"#);
        check(&metrics, r#"tintype_worker_events_total{event="crashed"} 0"#);
    }

    #[test]
    fn statuses_are_written_in_decimal() {
        for value in [0, 7, 200, 65535] {
            assert_eq!(decimal(value, &mut [0; 5]), value.to_string());
        }
    }
}
