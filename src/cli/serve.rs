//! `tintype serve`: loads the configuration, starts logging, and runs the server until SIGTERM.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::{Failure, examples, print};
use crate::config::{self, Config, LogLevel, Override};
use crate::server;

/// How long threads that still read files may take to end, after everything that matters has been written.
const LEFTOVERS_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Configuration file; see config/reference.toml.
    #[arg(long, value_name = "FILE", env = "TINTYPE_CONFIG")]
    config: Option<PathBuf>,
    /// Address of the public listener: server.listen.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Address of health and metrics: server.admin_listen.
    #[arg(long, value_name = "ADDRESS")]
    admin_listen: Option<String>,
    /// Worker processes: render.workers.
    #[arg(long, value_name = "N")]
    workers: Option<String>,
    /// Folder of the disk cache: cache.disk_dir.
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<String>,
    /// Folder of the access logs: log.dir.
    #[arg(long, value_name = "DIR")]
    log_dir: Option<String>,
    /// Level of messages on standard error: log.level.
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Any other key outside `[[source]]`, such as limits.pixels_max=1000000.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print some URLs to open once the server is up, signed if the source requires it.
    #[arg(long)]
    examples: bool,
}

impl Arguments {
    fn overrides(&self) -> Result<Vec<Override>, Failure> {
        let flags = [
            ("--listen", "server.listen", &self.listen),
            ("--admin-listen", "server.admin_listen", &self.admin_listen),
            ("--workers", "render.workers", &self.workers),
            ("--cache-dir", "cache.disk_dir", &self.cache_dir),
            ("--log-dir", "log.dir", &self.log_dir),
            ("--log-level", "log.level", &self.log_level),
        ];
        let written = |flag: &str, key: &str, value: &str| Override {
            flag: flag.to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let given = self.set.iter().map(|pair| match pair.split_once('=') {
            Some((key, value)) => Ok(written("--set", key.trim(), value.trim())),
            None => Err(Failure::Usage("--set needs KEY=VALUE".to_owned())),
        });
        let mut overrides = given.collect::<Result<Vec<_>, _>>()?;
        // A flag for a single key takes precedence over --set.
        overrides.extend(flags.iter().filter_map(|(flag, key, value)| Some(written(flag, key, value.as_deref()?))));
        Ok(overrides)
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let environment = config::process_environment();
    let config =
        config::load(arguments.config.as_deref(), &environment, &arguments.overrides()?).map_err(Failure::Config)?;
    start_log(&config);
    let executable = std::env::current_exe()
        .map_err(|error| Failure::Runtime(format!("cannot find this program: {}", error.kind())))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Runtime(format!("cannot start threads: {}", error.kind())))?;
    let shown = config.clone();
    let ready = |server: &server::Server| {
        if arguments.examples {
            // The server also runs when nobody reads this.
            let _ = print(&banner(&shown, server));
        }
    };
    let outcome = runtime.block_on(server::run(config, executable, ready));
    // A thread that hangs on a file system must not keep the process alive.
    runtime.shutdown_timeout(LEFTOVERS_TIMEOUT);
    outcome.map_err(|error| Failure::Runtime(error.to_string()))
}

fn banner(config: &Config, server: &server::Server) -> String {
    let urls: String = examples::urls(config, server.address()).iter().map(|url| format!("  {url}\n")).collect();
    format!(
        "Serving on http://{}; health and metrics on http://{}. Open:\n{urls}",
        examples::to_open(server.address()),
        examples::to_open(server.admin_address())
    )
}

/// Sends our own messages to standard error. Messages of libraries are dropped, because they may contain URLs, paths
/// and headers.
fn start_log(config: &Config) {
    let level = match config.log.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(false);
    tracing_subscriber::registry().with(lines).with(Targets::new().with_target("tintype", level)).init();
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn every_flag_names_a_key_that_exists() {
        let words = [
            "serve",
            "--listen",
            "127.0.0.1:1",
            "--admin-listen",
            "127.0.0.1:2",
            "--workers",
            "3",
            "--cache-dir",
            "c",
            "--log-dir",
            "l",
            "--log-level",
            "warn",
            "--set",
            "limits.frames_max=4",
            "--set",
            "server.listen=[::1]:9",
        ];
        let arguments = Line::try_parse_from(words).unwrap().arguments;
        let source = "[[source]]\nname = \"a\"\nkind = \"folder\"\nroot = \"x\"\n";
        let config = config::parse("t", source, &config::Environment::new(), &arguments.overrides().unwrap()).unwrap();
        assert_eq!((config.server.listen.port(), config.server.admin_listen.port()), (1, 2));
        assert_eq!((config.render.workers, config.limits.frames_max, config.log.level), (3, 4, LogLevel::Warn));
        assert_eq!((config.cache.disk_dir, config.log.dir), (Some(PathBuf::from("c")), Some(PathBuf::from("l"))));
    }

    #[test]
    fn set_without_a_value_is_refused() {
        let arguments = Line::try_parse_from(["serve", "--set", "limits.frames_max"]).unwrap().arguments;
        assert!(matches!(arguments.overrides(), Err(Failure::Usage(_))));
    }
}
