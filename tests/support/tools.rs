//! Where installed test tools are, and what happens when they are not.

use std::path::{Path, PathBuf};

/// The directory that `tests/tools.sh` installs into.
pub fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools")
}

/// The first of `candidates` that exists. When none does, a test in CI fails and another one says that it skips.
pub fn find(name: &str, candidates: &[PathBuf]) -> Option<PathBuf> {
    let found = candidates.iter().find(|path| path.exists()).cloned();
    if found.is_none() {
        skip(&format!("{name} is not installed (make test, or tests/tools.sh)"));
    }
    found
}

/// Says that a test is skipped, and why.
///
/// # Panics
/// In CI, where nothing may be skipped.
#[expect(clippy::disallowed_methods, reason = "tests have no config")]
pub fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "in CI, and {why}");
    eprintln!("SKIPPED: {why}");
}
