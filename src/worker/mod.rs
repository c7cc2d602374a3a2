//! Renders in separate processes: a server side that feeds them ([`pool`], `supervisor`, `process`) and the code that
//! runs in them ([`child`], [`sandbox`]). Images travel as sealed memory ([`protocol`]).
//!
//! **Invariant:** a decoder never runs in the server. What a worker sends is untrusted input: it is bounded and
//! checked, and at worst costs the one job that the worker was given.

mod backoff;
pub mod child;
mod config;
pub mod pool;
mod process;
pub mod protocol;
mod queue;
pub mod sandbox;
mod stats;
mod supervisor;

pub use config::PoolConfig;
pub use pool::{Pool, PoolStartError};
pub use stats::Stats;
