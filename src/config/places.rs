//! Remembers where each key was written, so that a fault can name its line.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::{Fault, Place};
use super::raw::{Entry, SourceText};

/// Where every key was written: keys outside `[[source]]`, and keys of each source in the order of the file.
pub(super) struct WrittenPlaces {
    pub(super) settings: BTreeMap<String, Place>,
    pub(super) sources: Vec<BTreeMap<String, Place>>,
}

/// The places of the keys that were written, by path.
pub(super) struct Places<'a> {
    file: SourceText<'a>,
    pub(super) written: BTreeMap<String, Place>,
    /// Keys whose value could not be read. Such a key does not count as absent.
    faulty: BTreeSet<String>,
    /// The place to report for a key that was not written.
    otherwise: Place,
}

impl<'a> Places<'a> {
    pub(super) const fn new(file: SourceText<'a>, otherwise: Place) -> Self {
        Self { file, written: BTreeMap::new(), faulty: BTreeSet::new(), otherwise }
    }

    /// Returns where `key` was written. For a missing key, returns its table (`signing`), or else the heading or the
    /// file.
    pub(super) fn of(&self, key: &str) -> Place {
        if let Some(place) = self.written.get(key) {
            return place.clone();
        }
        let table = key.rsplit_once('.').map(|(table, _)| table).filter(|table| table.contains('.'));
        let mut neighbours = self.written.iter().filter(|(other, _)| table.is_some_and(|t| other.starts_with(t)));
        neighbours.next().map_or_else(|| self.otherwise.clone(), |(_, place)| place.clone())
    }

    /// Returns where a member of the list `key` was written.
    pub(super) fn within(&self, key: &str, at: Option<&std::ops::Range<usize>>) -> Place {
        at.map_or_else(|| self.of(key), |at| self.file.place(at))
    }

    /// Returns the places of all keys.
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

/// Reads `entries` into `draft`; later entries override earlier ones.
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
