//! `tintype check-config FILE`: prints one line per fault and exits with code 2; warnings alone leave the code at 0.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, print};
use crate::config::{self, Inspection};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Configuration file, as for `serve --config`. TINTYPE_* variables are checked with it.
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let environment = config::process_environment();
    let Inspection { config, faults, warnings } =
        config::inspect(Some(&arguments.file), &environment, &[]).map_err(Failure::Config)?;
    print(&warnings.iter().map(|warning| format!("warning: {warning}\n")).collect::<String>())?;
    if !faults.is_empty() {
        return Err(Failure::Config(faults));
    }
    let names: Vec<_> = config.sources.iter().map(|source| source.name.as_str()).collect();
    print(&format!("{}: no faults; sources: {}\n", arguments.file.display(), names.join(", ")))
}
