//! The command line: one file per command. Each returns a `Failure` that decides how the process ends.
//!
//! Exit codes: 0 success, 1 failure, 2 wrong arguments or configuration. Errors go to standard error, one line each.

mod check_config;
mod examples;
mod gallery;
mod params;
mod render;
mod serve;
mod sign;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Fault;
use crate::worker::child;

/// An image rendering origin that speaks the imgix URL grammar.
#[derive(Debug, Parser)]
#[command(name = "tintype", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the sources of a configuration.
    Serve(serve::Arguments),
    /// Render one file, in this process.
    Render(render::Arguments),
    /// Sign a URL.
    Sign(sign::Arguments),
    /// Report everything that is wrong with a configuration.
    CheckConfig(check_config::Arguments),
    /// List the parameters and what this version does with each.
    Params(params::Arguments),
    /// Make a page with images for each parameter and class of values.
    Gallery(gallery::Arguments),
    /// Render jobs for a server; started by `serve`, not by hand.
    #[command(hide = true)]
    Worker,
}

/// Why a command failed.
#[derive(Debug)]
enum Failure {
    /// The arguments are wrong: exit code 2.
    Usage(String),
    /// The configuration is wrong: exit code 2.
    Config(Vec<Fault>),
    /// The command was valid but failed: exit code 1.
    Runtime(String),
}

/// Runs the command given on the command line.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Cli::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap treats help and version as errors, but they exit with 0. If the pipe is closed, nobody reads the
            // message.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let outcome = match arguments.command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Render(arguments) => render::run(&arguments),
        Command::Sign(arguments) => sign::run(&arguments),
        Command::CheckConfig(arguments) => check_config::run(&arguments),
        Command::Params(arguments) => params::run(&arguments),
        Command::Gallery(arguments) => gallery::run(&arguments),
        Command::Worker => return child::run(),
    };
    outcome.map_or_else(report, |()| ExitCode::SUCCESS)
}

fn report(failure: Failure) -> ExitCode {
    let (code, lines) = match failure {
        Failure::Usage(message) => (2, vec![format!("tintype: {message}")]),
        Failure::Runtime(message) => (1, vec![format!("tintype: {message}")]),
        Failure::Config(faults) => (2, faults.iter().map(ToString::to_string).collect()),
    };
    let mut err = std::io::stderr().lock();
    for line in lines {
        // If standard error is closed, nobody reads the message; the exit code still reports the failure.
        let _ = writeln!(err, "{line}");
    }
    ExitCode::from(code)
}

/// Writes a command's result to standard output. A reader that has closed the pipe (`| head`) is not a failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Runtime(format!("cannot write to standard output: {}", error.kind())))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
