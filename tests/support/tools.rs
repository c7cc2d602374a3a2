//! Where the test tools are installed, and what happens when they are missing.

use std::path::{Path, PathBuf};

/// Returns the directory that `tests/tools.sh` installs into.
pub fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools")
}

/// Returns the first of `candidates` that exists. When none does, the test fails in CI and is skipped elsewhere.
pub fn find(name: &str, candidates: &[PathBuf]) -> Option<PathBuf> {
    let found = candidates.iter().find(|path| path.exists()).cloned();
    if found.is_none() {
        skip(&format!("{name} is not installed (make test, or tests/tools.sh)"));
    }
    found
}

/// Reports that a test is skipped, and why.
///
/// # Panics
/// In CI, where nothing may be skipped.
#[expect(clippy::disallowed_methods, reason = "tests have no config")]
pub fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "in CI, and {why}");
    eprintln!("SKIPPED: {why}");
}
