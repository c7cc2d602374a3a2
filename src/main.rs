//! The `tintype` command: takes arguments and returns an exit code. Everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    tintype::cli::main()
}
