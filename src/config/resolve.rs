//! Written -> meant. Reads every value, fills in defaults, checks what belongs together, and reports every fault.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::fault::{Fault, Place};
use super::raw::{Entry, Raw, Text};
use super::sources::resolve_sources;
use super::{Config, Environment};

/// Where every key was written: those outside `[[source]]`, and those of each source in the order of the file.
pub(super) struct Written {
    pub(super) settings: BTreeMap<String, Place>,
    pub(super) sources: Vec<BTreeMap<String, Place>>,
}

/// The places of keys that were written, by their path.
pub(super) struct Places<'a> {
    file: Text<'a>,
    written: BTreeMap<String, Place>,
    /// Keys whose value could not be read, so that nothing follows from their absence.
    faulty: BTreeSet<String>,
    /// What to blame for a key that was not written.
    otherwise: Place,
}

impl<'a> Places<'a> {
    pub(super) const fn new(file: Text<'a>, otherwise: Place) -> Self {
        Self { file, written: BTreeMap::new(), faulty: BTreeSet::new(), otherwise }
    }

    /// Where `key` was written, else the table that lacks it (`signing`), else the heading or file.
    pub(super) fn of(&self, key: &str) -> Place {
        if let Some(place) = self.written.get(key) {
            return place.clone();
        }
        let table = key.rsplit_once('.').map(|(table, _)| table).filter(|table| table.contains('.'));
        let mut neighbours = self.written.iter().filter(|(other, _)| table.is_some_and(|t| other.starts_with(t)));
        neighbours.next().map_or_else(|| self.otherwise.clone(), |(_, place)| place.clone())
    }

    /// Where a member of the list `key` was written.
    pub(super) fn within(&self, key: &str, at: Option<&std::ops::Range<usize>>) -> Place {
        at.map_or_else(|| self.of(key), |at| self.file.place(at))
    }

    /// All of them.
    pub(super) fn written(&self) -> &BTreeMap<String, Place> {
        &self.written
    }

    pub(super) fn is_written(&self, key: &str) -> bool {
        self.written.contains_key(key)
    }

    pub(super) fn is_faulty(&self, key: &str) -> bool {
        self.faulty.contains(key)
    }
}

/// Reads `entries` into `draft`, later ones over earlier ones.
pub(super) fn apply<T>(draft: &mut T, entries: &[Entry<'_, T>], places: &mut Places<'_>, faults: &mut Vec<Fault>) {
    for entry in entries {
        let key = entry.spec.path();
        if let Err(invalid) = (entry.spec.set)(draft, entry.written) {
            faults.extend(invalid.into_iter().map(|invalid| {
                let place = invalid.at.as_ref().map_or_else(|| entry.place.clone(), |at| places.file.place(at));
                Fault::new(place, key.clone(), invalid.message)
            }));
            places.faulty.insert(key.clone());
        }
        places.written.insert(key, entry.place.clone());
    }
}

/// The configuration that `raw` means, and where each key of it was written.
///
/// # Errors
/// Every fault, in the order of the file, then environment and flags.
pub(super) fn resolve(
    raw: Raw<'_>,
    file: Text<'_>,
    environment: &Environment,
) -> Result<(Config, Written), Vec<Fault>> {
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
    // Not where a fault of syntax, or of `source` itself, may have hidden them.
    if sources.is_empty() && !faults.iter().any(|fault| fault.key.is_empty() || fault.key == "source") {
        let message = if file.name.is_empty() {
            "there is no source; name a configuration with --config FILE"
        } else {
            "there is no source; write at least one [[source]]"
        };
        faults.push(Fault::new(nowhere, "source", message));
    }
    forget_what_follows_from_syntax(&mut faults);
    faults.sort();
    faults.dedup();
    let written = Written { settings: places.written, sources: written_in_sources };
    if faults.is_empty() { Ok((config, written)) } else { Err(faults) }
}

/// What stands on a line that the parser could not read is no value at all.
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

/// Port 0 takes any free port, so it meets no other.
fn is_same_listener(a: SocketAddr, b: SocketAddr) -> bool {
    a.port() == b.port() && a.port() != 0 && (a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified())
}
