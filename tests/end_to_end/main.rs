//! The whole server over real sockets: signed URLs of real clients, real sources, what a cache in front sees, restarts,
//! crashes and shutdowns.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unreachable_pub, reason = "one crate of several files")]

mod caching;
mod clients;
mod delivery;
mod first_contact;
mod heads;
mod images;
mod keys;
mod lifecycle;
mod models;
mod overlays;
mod privacy;
mod secrets;
mod server;
mod sources;
mod srcset;
#[path = "../support/mod.rs"]
mod support;
mod trouble;
mod vectors;
mod words;
