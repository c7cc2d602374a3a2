//! (waits for the parts it calls)

use clap::Args;

use super::Failure;

#[derive(Args, Debug)]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments) -> Result<(), Failure> {
    Err(Failure::Runtime("not built yet".to_owned()))
}
