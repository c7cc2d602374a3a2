//! Secrets: where they are, how they are read, and a type that does not show them.

use std::fs;
use std::path::{Path, PathBuf};

use super::Environment;

/// A key file larger than this is no key file.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// A key or password. `Debug` shows nothing of it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Wraps the bytes of a secret.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, for the one computation that needs them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Where a secret is; the secret itself is never written in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SecretRef {
    /// `env:NAME`
    Environment(String),
    /// `file:/path`
    File(PathBuf),
}

impl SecretRef {
    /// `env:NAME` or `file:/path`, else nothing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix("env:") {
            return (!name.is_empty()).then(|| Self::Environment(name.to_owned()));
        }
        let path = text.strip_prefix("file:")?;
        (!path.is_empty()).then(|| Self::File(PathBuf::from(path)))
    }

    /// The secret.
    ///
    /// # Errors
    /// A sentence that names the variable or file, never what is in it.
    pub(super) fn read(&self, environment: &Environment) -> Result<Secret, String> {
        let bytes = match self {
            Self::Environment(name) => match environment.get(name) {
                Some(value) => value.clone().into_bytes(),
                None => return Err(format!("the environment has no {name}")),
            },
            Self::File(path) => read_file(path)?,
        };
        if bytes.is_empty() { Err("the secret is empty".to_owned()) } else { Ok(Secret::new(bytes)) }
    }
}

/// A secret given to a command: `env:NAME`, `file:PATH`, or the secret itself.
///
/// # Errors
/// A sentence that names the variable or file, never what is in it.
pub fn read_secret(text: &str, environment: &Environment) -> Result<Secret, String> {
    match SecretRef::parse(text) {
        Some(reference) => reference.read(environment),
        None if text.is_empty() => Err("the key is empty".to_owned()),
        None => Ok(Secret::new(text.as_bytes().to_vec())),
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(file) if file.len() > FILE_BYTES_MAX => return Err(format!("{shown} is too large for a secret")),
        Ok(_) => {}
        Err(_) => return Err(format!("there is no readable file {shown}")),
    }
    let mut bytes = fs::read(path).map_err(|_| format!("there is no readable file {shown}"))?;
    // Editors and `echo` end a file with a newline that is not part of the key.
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    Ok(bytes)
}
