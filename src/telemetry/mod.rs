//! What the server tells its operator: metrics, the access log, and how long the log is kept.

mod metrics;

pub use metrics::{CacheTier, DiskFault, Metrics, StageName, WorkerFigures};
