//! Turns what was written into what it means: reads every value, fills in defaults, checks keys that depend on each
//! other, and reports every fault.

use std::net::SocketAddr;

use super::fault::{Fault, Place};
use super::places::{Places, WrittenPlaces, apply};
use super::raw::{Raw, SourceText};
use super::sources::resolve_sources;
use super::{Config, Environment};

/// Returns the configuration that `raw` means, and where each of its keys was written.
///
/// # Errors
/// Returns every fault, in the order of the file, followed by environment and flags.
pub(super) fn resolve(
    raw: Raw<'_>,
    file: SourceText<'_>,
    environment: &Environment,
) -> Result<(Config, WrittenPlaces), Vec<Fault>> {
    let Raw { settings, sources, mut faults } = raw;
    let nowhere = if file.name.is_empty() { Place::Absent } else { Place::File(file.name.to_owned()) };

    let mut config = Config::default();
    let mut places = Places::new(file, nowhere.clone());
    apply(&mut config, &settings, &mut places, &mut faults);
    check_listeners(&config, &places, &mut faults);
    if config.render.workers == 0 {
        config.render.workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    }

    let (resolved, written_in_sources) = resolve_sources(&sources, file, environment, &mut faults).into_iter().unzip();
    config.sources = resolved;
    // A syntax fault, or a fault of `source` itself, may have hidden the sources, so this check is skipped then.
    if sources.is_empty() && !faults.iter().any(|fault| fault.key.is_empty() || fault.key == "source") {
        let message = if file.name.is_empty() {
            "there is no source; give a configuration with --config FILE"
        } else {
            "there is no source; add at least one [[source]]"
        };
        faults.push(Fault::new(nowhere, "source", message));
    }
    forget_what_follows_from_syntax(&mut faults);
    faults.sort();
    faults.dedup();
    let written = WrittenPlaces { settings: places.written, sources: written_in_sources };
    if faults.is_empty() { Ok((config, written)) } else { Err(faults) }
}

/// Drops other faults on a line that the parser could not read: that line holds no value to judge.
fn forget_what_follows_from_syntax(faults: &mut Vec<Fault>) {
    let unread: Vec<Place> = faults.iter().filter(|fault| fault.key.is_empty()).map(|f| f.place.clone()).collect();
    faults.retain(|fault| fault.key.is_empty() || !unread.contains(&fault.place));
}

fn check_listeners(config: &Config, places: &Places<'_>, faults: &mut Vec<Fault>) {
    if is_same_listener(config.server.listen, config.server.admin_listen) {
        let key = if places.is_written("server.admin_listen") { "server.admin_listen" } else { "server.listen" };
        let message = "server.listen and server.admin_listen must differ";
        faults.push(Fault::new(places.of(key), key, message));
    }
}

/// Returns whether two listeners would conflict. Port 0 takes any free port, so it never conflicts.
fn is_same_listener(a: SocketAddr, b: SocketAddr) -> bool {
    a.port() == b.port() && a.port() != 0 && (a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified())
}
