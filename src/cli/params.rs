//! `tintype params`: prints the table of parameters and what this version does with each.

use clap::Args;

use super::{Failure, print};
use crate::param::reference;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut text = if arguments.json { reference::as_json() } else { reference::as_text() };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    print(&text)
}
