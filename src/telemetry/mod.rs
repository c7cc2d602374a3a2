//! What the server reports to its operator: metrics and the access log, including how long log files are kept.

mod access_log;
mod line;
mod metrics;
mod redact;
mod retention;

pub use access_log::AccessLog;
pub use line::AccessRecord;
pub use metrics::{CacheTier, DiskFault, Metrics, StageName, WorkerFigures};
