//! Real upstream servers for tests, each stopped when it goes out of scope, and the tools that `tests/tools.sh`
//! installs.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "every test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

pub mod corpus;
pub mod keep_alive;
pub mod nginx;
pub mod process;
pub mod seaweed;
pub mod tools;
pub mod upstream;
