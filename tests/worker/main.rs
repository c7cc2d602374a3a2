//! The render pool with real processes: crashes, hangs, lies, limits, and what a confined worker can no longer do.
//!
//! This executable is its own worker: run with the argument `worker`, it serves jobs whose original says what to do,
//! see `rogue.rs`. Tests run one after another, because they measure time and count descriptors.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;
mod confined;
mod rogue;
#[path = "../support/corpus.rs"]
mod shared;
mod support;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("worker") => return rogue::worker(arguments.next().as_deref()),
        Some("server") => return rogue::server(),
        Some(_) | None => {}
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let trials = cases::ALL.iter().chain(confined::ALL).map(|(name, test)| {
        Trial::test(*name, move || {
            test();
            Ok(())
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
