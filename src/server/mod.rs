//! The HTTP server: sockets in, responses out. `route`, `conditional` and `headers` are pure; `handler` is the request
//! path.

mod admin;
mod conditional;
mod exchange;
mod handler;
mod head;
mod headers;
mod listen;
mod outcome;
mod record;
mod respond;
mod route;
mod signals;
mod timing;
mod welcome;

pub use listen::{ServeError, Server, run};
