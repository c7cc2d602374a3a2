//! The images that stand beside the repository and are not committed: `../shared/fixtures`.
//!
//! CI has them. A plain clone has not: a test that needs them leaves a note in `target/left-out` and passes, and
//! `make test` counts the notes at the end.

#![allow(dead_code, unreachable_pub, reason = "every test file uses a part of it")]

use std::path::{Path, PathBuf};

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// Returns the folder of the shared images, which need not be there.
pub fn root() -> PathBuf {
    Path::new(REPOSITORY).join("../shared/fixtures")
}

/// Returns the folder of the shared images, or `None` where it is missing, which CI must not take for success.
#[expect(clippy::disallowed_methods, reason = "CI is a fact about where the test runs")]
pub fn corpus() -> Option<PathBuf> {
    let root = root();
    if root.join("MANIFEST.json").is_file() {
        return Some(root);
    }
    assert!(std::env::var_os("CI").is_none(), "the corpus is missing: {}", root.display());
    leave_out();
    None
}

/// Leaves a note that the test of this thread was left out.
fn leave_out() {
    let program = std::env::current_exe().unwrap_or_default();
    // `corpus-0123456789abcdef`: the hash of the build says nothing.
    let program = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let program = program.rsplit_once('-').map_or(program.as_str(), |(name, _)| name);
    let thread = std::thread::current();
    let test = format!("{program} {}", thread.name().unwrap_or_default());
    eprintln!("left out: {test} needs ../shared/fixtures");
    let notes = Path::new(REPOSITORY).join("target/left-out");
    let name: String = test.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect();
    if std::fs::create_dir_all(&notes).is_ok() {
        // Without the note the test is only not counted.
        _ = std::fs::write(notes.join(name), test);
    }
}
