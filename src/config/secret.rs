//! Secrets: references to them, reading them, and a type that never prints them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::Environment;

/// Size limit of a key file, in bytes. A larger file is not a key file.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// A key or password. `Debug` does not print it, and there is no `Display`.
///
/// Clones share one value, so all of them see the new value when a key file is read again (`KeyFiles`).
#[derive(Clone)]
pub struct Secret {
    group: Arc<Group>,
    at: usize,
}

/// Secrets that change together: one signing key, or the two halves of an S3 key pair.
pub(super) struct Group {
    current: ArcSwap<Vec<Arc<[u8]>>>,
    /// Where each secret comes from; empty for secrets that never change.
    origins: Vec<SecretRef>,
    rule: Rule,
}

/// What the bytes of a secret must satisfy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) bytes_min: usize,
    pub(super) is_text: bool,
}

impl Secret {
    /// Wraps the bytes of a secret that never changes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        let rule = Rule { bytes_min: 0, is_text: false };
        Self { group: Arc::new(Group::new(vec![bytes.into()], Vec::new(), rule)), at: 0 }
    }

    /// Creates the secrets read from `origins`, in that order, which are always replaced together.
    pub(super) fn together(read: Vec<(SecretRef, Vec<u8>)>, rule: Rule) -> impl Iterator<Item = Self> {
        let (origins, bytes): (Vec<_>, Vec<_>) = read.into_iter().map(|(origin, bytes)| (origin, bytes.into())).unzip();
        let count = origins.len();
        let group = Arc::new(Group::new(bytes, origins, rule));
        (0..count).map(move |at| Self { group: group.clone(), at })
    }

    /// Returns the current bytes, for the one computation that needs them.
    #[must_use]
    pub fn expose(&self) -> Arc<[u8]> {
        self.group.current.load()[self.at].clone()
    }

    /// Returns the bytes of two secrets. If the two change together, both are from the same moment.
    #[must_use]
    pub fn expose_both(one: &Self, other: &Self) -> (Arc<[u8]>, Arc<[u8]>) {
        if !Arc::ptr_eq(&one.group, &other.group) {
            return (one.expose(), other.expose());
        }
        let current = one.group.current.load();
        (current[one.at].clone(), current[other.at].clone())
    }

    pub(super) const fn group(&self) -> &Arc<Group> {
        &self.group
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Group {
    fn new(current: Vec<Arc<[u8]>>, origins: Vec<SecretRef>, rule: Rule) -> Self {
        Self { current: ArcSwap::from_pointee(current), origins, rule }
    }

    /// Returns the values in use.
    pub(super) fn current(&self) -> Arc<Vec<Arc<[u8]>>> {
        self.current.load_full()
    }

    /// Replaces all values at once.
    pub(super) fn replace(&self, values: Vec<Arc<[u8]>>) {
        self.current.store(Arc::new(values));
    }

    /// Returns the files that the values come from.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.origins.iter().filter_map(SecretRef::file)
    }

    /// Reads what the files hold now; values from the environment stay as they are.
    ///
    /// # Errors
    /// Returns a sentence that names the file, never its contents.
    pub(super) fn read_again(&self) -> Result<Vec<Arc<[u8]>>, String> {
        let current = self.current.load();
        let read = |(origin, held): (&SecretRef, &Arc<[u8]>)| match origin {
            SecretRef::Environment(_) => Ok(held.clone()),
            SecretRef::File(path) => {
                let bytes = read_file(path)?;
                self.rule.check(&bytes).map_err(|what| format!("{} {what}", path.display()))?;
                Ok(bytes.into())
            }
        };
        self.origins.iter().zip(current.iter()).map(read).collect()
    }
}

impl Rule {
    fn check(self, bytes: &[u8]) -> Result<(), &'static str> {
        match bytes {
            [] => Err("is empty"),
            _ if bytes.len() < self.bytes_min => Err("contains a key that is too short"),
            _ if self.is_text && std::str::from_utf8(bytes).is_err() => Err("is not text"),
            _ => Ok(()),
        }
    }
}

/// Where a secret is; a configuration never contains the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SecretRef {
    /// `env:NAME`
    Environment(String),
    /// `file:/path`
    File(PathBuf),
}

impl SecretRef {
    /// Parses `env:NAME` or `file:/path`; returns `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix("env:") {
            return (!name.is_empty()).then(|| Self::Environment(name.to_owned()));
        }
        let path = text.strip_prefix("file:")?;
        (!path.is_empty()).then(|| Self::File(PathBuf::from(path)))
    }

    fn file(&self) -> Option<&Path> {
        match self {
            Self::Environment(_) => None,
            Self::File(path) => Some(path),
        }
    }

    /// Reads the bytes of the secret.
    ///
    /// # Errors
    /// Returns a sentence that names the variable or file, never its contents.
    pub(super) fn read(&self, environment: &Environment) -> Result<Vec<u8>, String> {
        let bytes = match self {
            Self::Environment(name) => match environment.get(name) {
                Some(value) => value.clone().into_bytes(),
                None => return Err(format!("the environment variable {name} is not set")),
            },
            Self::File(path) => read_file(path)?,
        };
        if bytes.is_empty() { Err("the secret is empty".to_owned()) } else { Ok(bytes) }
    }
}

/// Reads a secret given to a command: `env:NAME`, `file:PATH`, or the secret itself.
///
/// # Errors
/// Returns a sentence that names the variable or file, never its contents.
pub fn read_secret(text: &str, environment: &Environment) -> Result<Secret, String> {
    match SecretRef::parse(text) {
        Some(reference) => reference.read(environment).map(Secret::new),
        None if text.is_empty() => Err("the key is empty".to_owned()),
        None => Ok(Secret::new(text.as_bytes().to_vec())),
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(file) if file.len() > FILE_BYTES_MAX => return Err(format!("{shown} is too large for a secret")),
        Ok(_) => {}
        Err(_) => return Err(format!("cannot read the file {shown}")),
    }
    let mut bytes = fs::read(path).map_err(|_| format!("cannot read the file {shown}"))?;
    // Editors and `echo` end a file with a newline, which is not part of the key.
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    Ok(bytes)
}
