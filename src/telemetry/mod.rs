//! What the server tells its operator: metrics, the access log, and how long the log is kept.

mod access_log;
mod line;
mod metrics;
mod redact;
mod retention;
mod utc;

pub use access_log::AccessLog;
pub use line::AccessRecord;
pub use metrics::{CacheTier, DiskFault, Metrics, StageName, WorkerFigures};
