//! Collects what was written in file, environment and flags as entries of known keys. Unknown keys are faults. Values
//! are read later.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Place};
use super::keys::{KeySpec, SETTINGS, SOURCE_SETTINGS, SourceDraft};
use super::value::Written;
use super::{Config, Override};
use crate::nearest::nearest;

/// Prefix of environment variables; `TINTYPE_SERVER_LISTEN` sets `server.listen`.
const PREFIX: &str = "TINTYPE_";

/// A known key and the value written for it.
pub(super) struct Entry<'a, T: 'static> {
    pub(super) spec: &'static KeySpec<T>,
    pub(super) written: Written<'a>,
    pub(super) place: Place,
}

/// One `[[source]]` as written.
pub(super) struct RawSource<'a> {
    /// Line of its heading.
    pub(super) place: Place,
    pub(super) entries: Vec<Entry<'a, SourceDraft>>,
}

/// Everything written, in rising precedence: file, environment, flags.
#[derive(Default)]
pub(super) struct Raw<'a> {
    pub(super) settings: Vec<Entry<'a, Config>>,
    pub(super) sources: Vec<RawSource<'a>>,
    pub(super) faults: Vec<Fault>,
}

/// A file's name and text, used to turn byte offsets into lines.
#[derive(Clone, Copy)]
pub(super) struct SourceText<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl<'a> SourceText<'a> {
    /// Returns the folder that contains the file.
    fn folder(self) -> &'a Path {
        Path::new(self.name).parent().unwrap_or(Path::new(""))
    }

    /// Returns the line on which a byte range starts.
    pub(super) fn place(self, at: &Range<usize>) -> Place {
        let before = &self.text.as_bytes()[..at.start.min(self.text.len())];
        let line = 1 + before.iter().filter(|&&b| b == b'\n').count();
        Place::Line { file: self.name.to_owned(), line }
    }
}

impl<'a> Raw<'a> {
    /// Adds the entries of a parsed file.
    pub(super) fn add_file(&mut self, file: SourceText<'a>, root: &'a DeTable<'a>) {
        for (name, value) in root {
            let place = file.place(&name.span());
            let name: &str = name.get_ref();
            if name == "source" {
                self.add_sources(file, &place, value);
            } else if !SETTINGS.iter().any(|spec| spec.section == name) {
                let sections = section_names();
                let meant = did_you_mean(name, &sections);
                let message = format!("unknown section{meant}; the sections are {}", sections_written(&sections));
                self.faults.push(Fault::new(place, name, message));
            } else if let Some(table) = value.get_ref().as_table() {
                collect(file, SETTINGS, name, "", table, &mut self.settings, &mut self.faults);
            } else {
                self.faults.push(Fault::new(place, name, format!("must be a section: [{name}]")));
            }
        }
    }

    fn add_sources(&mut self, file: SourceText<'a>, place: &Place, value: &'a Spanned<DeValue<'a>>) {
        let Some(array) = value.get_ref().as_array() else {
            self.faults.push(Fault::new(place.clone(), "source", "must be written [[source]], with two brackets"));
            return;
        };
        for member in array.iter() {
            let place = file.place(&member.span());
            let Some(table) = member.get_ref().as_table() else {
                self.faults.push(Fault::new(place, "source", "must be a table"));
                continue;
            };
            let mut entries = Vec::new();
            collect(file, SOURCE_SETTINGS, "source", "", table, &mut entries, &mut self.faults);
            self.sources.push(RawSource { place, entries });
        }
    }

    /// Adds the variables `TINTYPE_SECTION_KEY`. Ignores other variables with that prefix unless they name a section.
    pub(super) fn add_environment(&mut self, environment: &'a BTreeMap<String, String>) {
        for (name, text) in environment {
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            let place = Place::Environment(name.clone());
            if let Some(spec) = SETTINGS.iter().find(|spec| environment_name(spec) == *name) {
                self.settings.push(Entry { spec, written: Written::Text(text), place });
            } else if SETTINGS.iter().any(|spec| {
                rest.strip_prefix(&spec.section.to_ascii_uppercase()).is_some_and(|after| after.starts_with('_'))
            }) {
                let key = rest.to_ascii_lowercase().replacen('_', ".", 1);
                let meant = did_you_mean(&key, &setting_paths());
                self.faults.push(Fault::new(place, key, format!("unknown key{meant}")));
            }
        }
    }

    /// Adds the entries of flags.
    pub(super) fn add_overrides(&mut self, overrides: &'a [Override]) {
        for flag in overrides {
            let place = Place::Flag(flag.flag.clone());
            match SETTINGS.iter().find(|spec| spec.path() == flag.key) {
                Some(spec) => self.settings.push(Entry { spec, written: Written::Text(&flag.value), place }),
                None => {
                    let meant = did_you_mean(&flag.key, &setting_paths());
                    self.faults.push(Fault::new(place, flag.key.clone(), format!("unknown key{meant}")));
                }
            }
        }
    }
}

/// Returns the name of the variable that overrides a key.
pub(super) fn environment_name(spec: &KeySpec<Config>) -> String {
    format!("{PREFIX}{}_{}", spec.section, spec.name).to_ascii_uppercase()
}

/// Collects the entries of one table, and of the tables inside it for which `specs` has dotted names.
fn collect<'a, T>(
    file: SourceText<'a>,
    specs: &'static [KeySpec<T>],
    section: &str,
    prefix: &str,
    table: &'a DeTable<'a>,
    entries: &mut Vec<Entry<'a, T>>,
    faults: &mut Vec<Fault>,
) {
    for (key, value) in table {
        let place = file.place(&key.span());
        let name = format!("{prefix}{}", key.get_ref());
        let below = format!("{name}.");
        if let Some(spec) = specs.iter().find(|spec| spec.section == section && spec.name == name) {
            entries.push(Entry { spec, written: Written::Toml(value, file.folder()), place });
        } else if specs.iter().any(|spec| spec.section == section && spec.name.starts_with(&below)) {
            match value.get_ref().as_table() {
                Some(inner) => collect(file, specs, section, &below, inner, entries, faults),
                None => faults.push(Fault::new(place, format!("{section}.{name}"), "must be a table: { ... }")),
            }
        } else {
            let known = known_names(specs, section, prefix);
            let meant = did_you_mean(key.get_ref(), &known);
            let message = format!("unknown key{meant}; the keys of {section} are {}", known.join(", "));
            faults.push(Fault::new(place, format!("{section}.{name}"), message));
        }
    }
}

fn known_names<T>(specs: &[KeySpec<T>], section: &str, prefix: &str) -> Vec<String> {
    let mut names: Vec<String> = specs
        .iter()
        .filter(|spec| spec.section == section && spec.name.starts_with(prefix))
        .map(|spec| spec.name.split_inclusive('.').next().filter(|_| prefix.is_empty()).unwrap_or(spec.name))
        .map(|name| name.trim_end_matches('.').to_owned())
        .collect();
    names.dedup();
    names
}

/// Returns ` (did you mean ...?)` if one of `names` is similar, or else an empty string.
fn did_you_mean(written: &str, names: &[String]) -> String {
    let meant = nearest(written, names.iter().map(String::as_str));
    meant.map(|name| format!(" (did you mean {name}?)")).unwrap_or_default()
}

fn setting_paths() -> Vec<String> {
    SETTINGS.iter().map(KeySpec::path).collect()
}

fn sections_written(names: &[String]) -> String {
    let written = |name: &String| if name == "source" { "[[source]]".to_owned() } else { format!("[{name}]") };
    names.iter().map(written).collect::<Vec<_>>().join(", ")
}

fn section_names() -> Vec<String> {
    let mut names: Vec<String> = SETTINGS.iter().map(|spec| spec.section.to_owned()).collect();
    names.dedup();
    names.push("source".to_owned());
    names
}
