//! The structure of the source tree, read from the files: which module uses which, that no two files use each other, and
//! that names are not given twice.
//!
//! `src/lib.rs` states the order of the modules in its section "Who may use whom". This test reads that section, so
//! that there is only one list.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;
use tintype::param::PARAMS;

/// A module, as the names on its path: `["plan", "layout"]`.
type Module = Vec<String>;

static COMMENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"//[^\n]*").expect("a pattern"));
static STRING: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#""(?:\\.|[^"\\])*""#).expect("a pattern"));
static USE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^[ \t]*(?:pub(?:\([^)]*\))? )?use ([^;]*);").expect("a pattern"));
static PATH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:^|[^\w:])((?:crate|super|self)(?:::[A-Za-z_]\w*)+)").expect("a pattern"));
static CHILD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?:^|[^\w:])([a-z_][a-z0-9_]*)::").expect("a pattern"));

/// A source file without comments, strings and tests.
struct Source {
    module: Module,
    /// Its path below `src`.
    file: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the sources") {
        let path = entry.expect("an entry of a folder").path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

fn module_of(path: &Path) -> Module {
    let relative = path.strip_prefix(root()).expect("below the root").with_extension("");
    let mut names: Module = relative.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|last| last == "mod" || last == "lib") {
        names.pop();
    }
    names
}

/// Returns the path of a file below `src`.
fn file_name(path: &Path) -> String {
    path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned()
}

/// Removes comments, strings and `mod tests`, none of which are dependencies of the program.
fn program_text(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text);
    let text = COMMENT.replace_all(text, "");
    STRING.replace_all(&text, "\"\"").into_owned()
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    rust_files(&root(), &mut files);
    let is_test = |path: &PathBuf| {
        path.iter().any(|part| part == "tests" || part == "examples")
            || path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("tests.rs"))
    };
    files.retain(|path| !is_test(path) && !path.ends_with("main.rs"));
    let read = |path: &PathBuf| Source {
        module: module_of(path),
        file: file_name(path),
        text: program_text(&fs::read_to_string(path).expect("a source file")),
    };
    let sources: Vec<Source> = files.iter().map(read).collect();
    assert!(sources.len() > 150, "only {} source files were found", sources.len());
    sources
}

/// Returns the paths that a `use` tree names: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn use_paths(tree: &str) -> Vec<Module> {
    fn walk(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, prefix: &Module, out: &mut Vec<Module>) {
        let mut path = prefix.clone();
        let mut name = String::new();
        while let Some(char) = chars.next() {
            match char {
                '{' => {
                    loop {
                        walk(chars, &path, out);
                        if chars.peek() != Some(&',') {
                            break;
                        }
                        chars.next();
                    }
                    chars.next();
                    return;
                }
                ':' => {
                    chars.next();
                    path.push(std::mem::take(&mut name).trim().to_owned());
                }
                _ => name.push(char),
            }
            if matches!(chars.peek(), Some(',' | '}') | None) {
                break;
            }
        }
        let name = name.split(" as ").next().unwrap_or_default().trim().to_owned();
        if !name.is_empty() {
            path.push(name);
            out.push(path);
        }
    }
    let mut out = Vec::new();
    walk(&mut tree.chars().peekable(), &Module::new(), &mut out);
    out
}

/// Returns every path of the crate that a file names, from the root: in `use` declarations and inside code.
fn named(source: &Source, known: &BTreeSet<Module>) -> Vec<Module> {
    let mut paths: Vec<Module> = USE.captures_iter(&source.text).flat_map(|found| use_paths(&found[1])).collect();
    let rest = USE.replace_all(&source.text, "");
    let split = |path: &str| path.split("::").map(str::to_owned).collect::<Module>();
    paths.extend(PATH.captures_iter(&rest).map(|found| split(&found[1])));
    paths.extend(CHILD.captures_iter(&rest).map(|found| split(&found[1])));
    let absolute = |path: &Module| -> Option<Module> {
        let supers = path.iter().take_while(|name| *name == "super").count();
        let from = |ancestor: &[String], rest: &[String]| [ancestor, rest].concat();
        match path.first().map(String::as_str)? {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some(from(&source.module, &path[1..])),
            "super" => Some(from(&source.module[..source.module.len().checked_sub(supers)?], &path[supers..])),
            name => {
                let own = from(&source.module, &[name.to_owned()]);
                known.contains(&own).then(|| from(&source.module, path))
            }
        }
    };
    paths.iter().filter_map(absolute).collect()
}

/// Returns the file that a path leads to: the longest prefix that is a module.
fn file_of(path: &Module, known: &BTreeSet<Module>) -> Module {
    (0..=path.len()).rev().map(|len| path[..len].to_vec()).find(|module| known.contains(module)).unwrap_or_default()
}

/// Reads `name -> place` from the section "Who may use whom" of `lib.rs`.
fn order() -> BTreeMap<String, usize> {
    let text = fs::read_to_string(root().join("lib.rs")).expect("lib.rs");
    let section = text.split("# Who may use whom").nth(1).expect("lib.rs has a section \"Who may use whom\"");
    let list = section.split("```").nth(1).expect("the section has a list").trim_start_matches("text");
    let lines = list.lines().map(|line| line.trim_start_matches("//!").trim()).filter(|line| !line.is_empty());
    let mut order = BTreeMap::new();
    for (place, line) in lines.enumerate() {
        let names = line.split("  ").next().unwrap_or_default();
        order.extend(names.split_whitespace().map(|name| (name.to_owned(), place)));
    }
    order
}

/// Returns every pair of files in which the first uses the second.
fn pairs(sources: &[Source]) -> BTreeSet<(Module, Module)> {
    let known: BTreeSet<Module> = sources.iter().map(|source| source.module.clone()).collect();
    let mut pairs = BTreeSet::new();
    for source in sources {
        for path in named(source, &known) {
            let used = file_of(&path, &known);
            if used != source.module && !used.is_empty() {
                pairs.insert((source.module.clone(), used));
            }
        }
    }
    pairs
}

fn shown(module: &Module) -> String {
    module.join("::")
}

#[test]
fn every_module_uses_only_those_above_it() {
    let (sources, order) = (sources(), order());
    let mut faults = Vec::new();
    for module in sources.iter().filter_map(|source| source.module.first()) {
        assert!(order.contains_key(module), "lib.rs does not say where `{module}` stands");
    }
    for (user, used) in pairs(&sources) {
        let (Some(from), Some(to)) = (user.first(), used.first()) else { continue };
        if from != to && order.get(to) > order.get(from) {
            faults.push(format!("{} uses {}", shown(&user), shown(&used)));
        }
    }
    assert!(faults.is_empty(), "against the order in lib.rs:\n{}", faults.join("\n"));
}

/// A parent may name its children, and a child may use what its parent holds for all of them. The rest is free of
/// cycles.
#[test]
fn no_files_use_each_other_in_a_cycle() {
    let sources = sources();
    let mut uses: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for (user, used) in pairs(&sources) {
        if !user.starts_with(&used) {
            uses.entry(user).or_default().insert(used);
        }
    }
    // One abstraction in two files: a call takes images and returns images.
    let call = vec!["vips".to_owned(), "call".to_owned()];
    let image = vec!["vips".to_owned(), "image".to_owned()];
    if let Some(used) = uses.get_mut(&image) {
        used.remove(&call);
    }
    // A file that uses none of the remaining files is in no cycle. When no such file is left, the rest are cycles and
    // the files that lead into them.
    loop {
        let left: BTreeSet<Module> = uses.keys().cloned().collect();
        for used in uses.values_mut() {
            used.retain(|module| left.contains(module));
        }
        let before = uses.len();
        uses.retain(|_, used| !used.is_empty());
        if uses.len() == before {
            break;
        }
    }
    let circles: Vec<String> = uses
        .iter()
        .map(|(user, used)| format!("{} -> {}", shown(user), used.iter().map(shown).collect::<Vec<_>>().join(", ")))
        .collect();
    assert!(circles.is_empty(), "files use each other in a circle:\n{}", circles.join("\n"));
}

/// libvips and pixel code do not know what a URL asked for.
#[test]
fn pixels_and_vips_do_not_use_the_plan() {
    let low = ["pixels", "vips"];
    let may_use = ["pixels", "vips", "units", "blob", "clock", "limits"];
    let faults: Vec<String> = pairs(&sources())
        .into_iter()
        .filter(|(user, used)| low.contains(&user[0].as_str()) && !may_use.contains(&used[0].as_str()))
        .map(|(user, used)| format!("{} uses {}", shown(&user), shown(&used)))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The path reader handles everything that Rust allows.
#[test]
fn use_trees_are_read_completely() {
    let read = |tree: &str| use_paths(tree).iter().map(shown).collect::<Vec<_>>();
    assert_eq!(read("crate::a::B"), ["crate::a::B"]);
    assert_eq!(
        read("crate::{a::{self, B as C}, d::*, e}"),
        ["crate::a::self", "crate::a::B", "crate::d::*", "crate::e"]
    );
    assert_eq!(read("super::super::x::{\n    Y,\n    z::W,\n}"), ["super::super::x::Y", "super::super::x::z::W"]);
}

/// Declarations of types, with their visibility and name; associated types are indented and not among them.
static TYPE: LazyLock<Regex> = LazyLock::new(|| {
    let visible = r"(pub(?:\([^)]*\))? )?";
    let pattern = format!(r"(?m)^(?:[ \t]*{visible}(?:unsafe )?(?:struct|enum|union|trait)|{visible}type) (\w+)");
    Regex::new(&pattern).expect("a pattern")
});

/// Whoever reads the name of a type that is used in many places need not ask which one is meant.
#[test]
fn a_type_seen_everywhere_has_a_name_of_its_own() {
    // Every subcommand declares its own.
    const REPEATED: &str = "Arguments";
    let sources = sources();
    let mut declared: BTreeMap<String, Vec<(bool, &str)>> = BTreeMap::new();
    for source in &sources {
        for found in TYPE.captures_iter(&source.text) {
            let visible = found.get(1).or_else(|| found.get(2)).map_or("", |visible| visible.as_str());
            let is_wide = matches!(visible, "pub " | "pub(crate) ");
            declared.entry(found[3].to_owned()).or_default().push((is_wide, &source.file));
        }
    }
    assert!(declared.len() > 400, "only {} types were found", declared.len());
    let is_ambiguous = |name: &str, places: &[(bool, &str)]| {
        name != REPEATED && places.len() > 1 && places.iter().any(|(is_wide, _)| *is_wide)
    };
    let faults: Vec<String> = declared
        .iter()
        .filter(|(name, places)| is_ambiguous(name, places))
        .map(|(name, places)| {
            format!("{name}: {}", places.iter().map(|(_, file)| *file).collect::<Vec<_>>().join(", "))
        })
        .collect();
    assert!(faults.is_empty(), "declared more than once:\n{}", faults.join("\n"));
}

#[test]
fn at_most_three_files_share_a_name() {
    let mut files = Vec::new();
    rust_files(&root(), &mut files);
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in &files {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        if name != "mod.rs" && name != "tests.rs" {
            named.entry(name).or_default().push(file_name(path));
        }
    }
    let shared = named.values().filter(|files| files.len() > 3);
    let faults: Vec<String> = shared.map(|files| files.join(", ")).collect();
    assert!(faults.is_empty(), "files of one name:\n{}", faults.join("\n"));
}

/// Where a parameter's name stands for something else, and for what.
const OTHER_WORDS: [(&str, &str, &[&str]); 10] = [
    ("config/keys.rs", "a configuration key", &["prefix"]),
    ("param/keyword.rs", "words of values", &["crop", "fill", "faces", "auto", "blur", "gradient", "hue"]),
    ("param/spec.rs", "categories", &["trim", "fill", "mask", "drop-shadow", "auto"]),
    ("plan/negotiate.rs", "request headers, and the weight in `Accept`", &["width", "dpr", "q"]),
    ("render/describe/json.rs", "keys of JSON", &["width", "height"]),
    ("render/describe/write.rs", "keys of JSON", &["colors"]),
    ("render/failure.rs", "steps", &["crop", "pad", "mark", "blend", "mask"]),
    ("render/sanitize.rs", "elements of SVG", &["mask", "rect"]),
    ("render/stage/text/face.rs", "families of fonts", &["mono"]),
    ("source/facts.rs", "file extensions", &["txt"]),
];

/// String literals of a program's text; not those of bytes or of C.
static LITERAL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?:^|[^\w"])"((?:\\.|[^"\\])*)""#).expect("a pattern"));

/// The table is the only list of parameters: whoever asks for one by name asks the table.
#[test]
fn parameter_names_stand_in_the_table_only() {
    let mut names = BTreeSet::new();
    for spec in PARAMS {
        for name in spec.aliases.iter().chain([&spec.name]) {
            names.insert((*name).to_owned());
            names.insert(format!("{name}64"));
        }
    }
    let mut files = Vec::new();
    rust_files(&root(), &mut files);
    let (mut faults, mut excused) = (Vec::new(), BTreeSet::new());
    for path in &files {
        let file = file_name(path);
        let is_test = file.ends_with("tests.rs") || file.contains("/tests/") || file.contains("/examples");
        if is_test || file.starts_with("param/table/") {
            continue;
        }
        let text = fs::read_to_string(path).expect("a source file");
        let text = COMMENT.replace_all(text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(&text), "");
        for literal in LITERAL.captures_iter(&text).map(|found| found[1].to_owned()) {
            if !names.contains(&literal) {
                continue;
            }
            let means_else = |(at, _, words): &(&str, &str, &[&str])| file == *at && words.contains(&literal.as_str());
            if OTHER_WORDS.iter().any(means_else) {
                excused.insert((file.clone(), literal));
            } else {
                faults.push(format!("{file}: \"{literal}\""));
            }
        }
    }
    assert!(faults.is_empty(), "names of parameters outside param/table:\n{}", faults.join("\n"));
    for (file, meaning, words) in OTHER_WORDS {
        for word in words {
            assert!(excused.contains(&(file.to_owned(), (*word).to_owned())), "{file} has no \"{word}\" ({meaning})");
        }
    }
}
