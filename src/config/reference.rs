//! Generates `config/reference.toml` from the table of keys. A test fails when the file is stale.

use std::fmt::Write as _;

use super::Config;
use super::keys::{KeySpec, KindWord, SETTINGS, SOURCE_SETTINGS, SourceDraft};
use super::raw::environment_name;
use super::value::Choice;

const HEAD: &str = "\
# Every key of Tintype's configuration, with its default. Generated from the code; do not edit.
#
# Sizes are written \"256MiB\" or as a number of bytes, times \"500ms\", \"10s\", \"24h\". Relative paths start from the folder
# of the file; those given by flags or in the environment start from the working directory. Lines that start with \"# \"
# and a key show keys that have no default. `tintype check-config FILE` reports everything that is wrong with a file.
#
# Each key outside [[source]] can also be given in the environment, which wins over the file, and by a flag, which wins
# over both: TINTYPE_SERVER_LISTEN and --listen (or --set server.listen=...) are server.listen.
# Lists are separated by commas there.
";

/// Returns the text of `config/reference.toml`.
#[must_use]
pub fn text() -> String {
    let mut out = HEAD.to_owned();
    let config = Config::default();
    let mut section = "";
    for spec in SETTINGS {
        if spec.section != section {
            section = spec.section;
            let _ = write!(out, "\n[{section}]\n");
        }
        explain(&mut out, spec, &environment_name(spec));
        assign(&mut out, spec, &config, spec.name);
    }
    sources(&mut out);
    out
}

fn sources(out: &mut String) {
    out.push_str(
        "\n# Where originals come from. Add one [[source]] per place; this example is a folder.\n\
         # The keys of the other kinds are shown as comments.\n[[source]]\n",
    );
    let draft = SourceDraft::default();
    for spec in SOURCE_SETTINGS {
        explain(out, spec, "");
        if is_live(spec) {
            let _ = writeln!(out, "{} = {}", spec.name, spec.example);
        } else {
            assign(out, spec, &draft, spec.name);
        }
    }
}

/// Returns whether the key has no default and the example needs it.
fn is_live(spec: &KeySpec<SourceDraft>) -> bool {
    matches!(spec.name, "name" | "kind" | "root")
}

fn explain<T>(out: &mut String, spec: &KeySpec<T>, variable: &str) {
    let mut facts: Vec<String> = Vec::new();
    if !spec.unit.is_empty() {
        facts.push(format!("unit: {}", spec.unit));
    }
    if !spec.kinds.is_empty() {
        let kinds: Vec<_> = spec.kinds.iter().map(|kind| kind.word()).collect();
        facts.push(format!("only kind: {}", kinds.join(", ")));
    }
    if !variable.is_empty() {
        facts.push(variable.to_owned());
    }
    let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join("; ")) };
    let _ = writeln!(out, "# {}{facts}", spec.summary);
}

fn assign<T>(out: &mut String, spec: &KeySpec<T>, draft: &T, name: &str) {
    let is_folder_key = spec.kinds.is_empty() || spec.kinds.contains(&KindWord::Folder);
    match (spec.show)(draft) {
        Some(value) if is_folder_key => writeln!(out, "{name} = {value}"),
        Some(value) => writeln!(out, "# {name} = {value}"),
        None => writeln!(out, "# {name} = {}", spec.example),
    }
    .expect("a String takes any text");
}
