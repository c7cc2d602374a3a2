//! `tintype check-config FILE`: every fault on a line of its own, exit code 2.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, print};
use crate::config;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The configuration, as `serve --config` takes it. TINTYPE_* variables are checked with it.
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let environment = config::process_environment();
    let config = config::load(Some(&arguments.file), &environment, &[]).map_err(Failure::Config)?;
    let names: Vec<_> = config.sources.iter().map(|source| source.name.as_str()).collect();
    print(&format!("{}: no faults; sources: {}\n", arguments.file.display(), names.join(", ")))
}
