//! Rendering in processes of its own: a server that feeds them ([`pool`], `supervisor`, `process`) and what runs in
//! them ([`child`], [`sandbox`]). Pictures travel as sealed memory ([`protocol`]).
//!
//! **Invariant:** a decoder never runs in the server. What a worker sends is input from a stranger: it is bounded,
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
pub use pool::{Pool, StartError};
pub use stats::Stats;
