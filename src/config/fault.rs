//! Faults of a configuration, each with the place where it was written.

use std::fmt;

/// The place where a value was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A line of the file.
    Line {
        /// The file's path as given on the command line.
        file: String,
        /// Line number, counted from 1.
        line: usize,
    },
    /// The file as a whole: it cannot be read, or something is missing from it.
    File(String),
    /// An environment variable.
    Environment(String),
    /// A command-line flag.
    Flag(String),
    /// No place: something required was not written anywhere.
    Absent,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { file, line } => write!(f, "{file}:{line}"),
            Self::File(file) => f.write_str(file),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Absent => f.write_str("configuration"),
        }
    }
}

/// One fault of a configuration. `Display` prints one line: place, key, message. Never contains a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The place where it was written.
    pub place: Place,
    /// Dotted key, such as `limits.pixels_max` or `source.signing.keys`; empty for a syntax error in the file.
    pub key: String,
    /// Says what is wrong and what would be right.
    pub message: String,
}

impl Fault {
    /// Creates a fault of `key` at `place`.
    pub fn new(place: Place, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place, key: key.into(), message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            write!(f, "{}: {}", self.place, self.message)
        } else {
            write!(f, "{}: {}: {}", self.place, self.key, self.message)
        }
    }
}

impl std::error::Error for Fault {}
