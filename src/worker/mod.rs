//! Rendering in processes of its own: a server that feeds them ([`pool`], `supervisor`, `parent`) and what runs in
//! them ([`child`], [`sandbox`]). Pictures travel as sealed memory ([`protocol`]).
//!
//! **Invariant:** a decoder never runs in the server. What a worker sends is input from a stranger: it is bounded,
//! checked, and at worst costs the one job that the worker was given.

mod backoff;
pub mod child;
pub mod pool;
mod process;
pub mod protocol;
pub mod sandbox;
mod stats;
mod supervisor;

pub use pool::{Pool, PoolConfig, StartError};
pub use stats::Stats;
