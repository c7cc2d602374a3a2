//! The table in three written forms: [`as_json`] for programs, [`as_text`] for a terminal, [`as_markdown`] for people
//! who build URLs.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Category, Needs, PARAMS, ParamSpec, State, Tier};

/// Where `make run` serves the images of the examples.
const EXAMPLE_ORIGIN: &str = "http://127.0.0.1:8080";

/// Writes the table as JSON: `counts`, then `parameters` with one object per parameter.
#[must_use]
pub fn as_json() -> String {
    let parameters: Vec<Entry> = PARAMS.iter().map(Entry::of).collect();
    let table = Table { counts: [Tier::Core, Tier::Extended, Tier::Ai, Tier::Video].map(Count::of), parameters };
    serde_json::to_string_pretty(&table).expect("strings and numbers can always be written")
}

#[derive(Serialize)]
struct Table {
    counts: [Count; 4],
    parameters: Vec<Entry>,
}

/// How many parameters of a tier are rendered.
#[derive(Serialize)]
struct Count {
    tier: &'static str,
    total: usize,
    rendered: usize,
}

impl Count {
    fn of(tier: Tier) -> Self {
        let of_tier = || PARAMS.iter().filter(move |spec| spec.tier == tier);
        let rendered = of_tier().filter(|spec| spec.state == State::Rendered).count();
        Self { tier: tier.as_str(), total: of_tier().count(), rendered }
    }
}

/// One parameter. A list is empty, and a value null, where there is nothing to say.
#[derive(Serialize)]
struct Entry {
    name: &'static str,
    aliases: &'static [&'static str],
    base64_variant: Option<String>,
    category: &'static str,
    tier: &'static str,
    state: &'static str,
    grammar: String,
    default: Option<&'static str>,
    depends: Option<Depends>,
    /// Whether an unreadable value is an error rather than being treated as absent.
    protects: bool,
    description: &'static str,
    example: &'static str,
    #[serde(rename = "picture")]
    photo: &'static str,
}

#[derive(Serialize)]
struct Depends {
    /// `all` or `any` of the conditions must hold, or the parameter is dropped; `advisory` conditions never drop it.
    mode: &'static str,
    conditions: &'static [&'static str],
}

impl Entry {
    fn of(spec: &ParamSpec) -> Self {
        Self {
            name: spec.name,
            aliases: spec.aliases,
            base64_variant: spec.base64.then(|| format!("{}64", spec.name)),
            category: spec.category.as_str(),
            tier: spec.tier.as_str(),
            state: spec.state.as_str(),
            grammar: spec.grammar(),
            default: spec.default,
            depends: mode(spec.needs).map(|mode| Depends { mode, conditions: spec.needs.conditions() }),
            protects: spec.protects,
            description: spec.summary,
            example: spec.example,
            photo: spec.photo,
        }
    }
}

const fn mode(needs: Needs) -> Option<&'static str> {
    match needs {
        Needs::Nothing => None,
        Needs::All(_) => Some("all"),
        Needs::Any(_) => Some("any"),
        Needs::Advisory(_) => Some("advisory"),
    }
}

/// Writes the table for a terminal: one parameter per line in aligned columns, then how much of each tier is rendered.
#[must_use]
pub fn as_text() -> String {
    let head = ["NAME", "TIER", "STATE", "CATEGORY", "DEFAULT", "ALIASES", "VALUE"].map(str::to_owned);
    let rows = PARAMS.iter().map(|spec| {
        let default = spec.default.unwrap_or("-").to_owned();
        let aliases = if spec.aliases.is_empty() { "-".to_owned() } else { spec.aliases.join(",") };
        let [tier, state, category] = [spec.tier.as_str(), spec.state.as_str(), spec.category.as_str()];
        [spec.name.into(), tier.into(), state.into(), category.into(), default, aliases, spec.grammar()]
    });
    let rows: Vec<[String; 7]> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    // The last column is ragged, so that one long grammar does not widen every other line.
    let widths = [0, 1, 2, 3, 4, 5].map(width);
    let mut out = String::new();
    for row in &rows {
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(out, "{cell:width$}  ");
        }
        let _ = writeln!(out, "{}", row[6]);
    }
    out.push('\n');
    for Count { tier, total, rendered } in [Tier::Core, Tier::Extended, Tier::Ai, Tier::Video].map(Count::of) {
        let _ = writeln!(out, "{tier}: {rendered} of {total} rendered");
    }
    out
}

const HEAD: &str = "\
# Parameters

Every parameter of Tintype's URL grammar. Generated from the table in `src/param/table/`; do not edit.

Parameters go into the query, in any order: `/rocket.jpg?w=400&h=300&fit=crop`. Mistakes seldom cause an error: an
invalid value, an unknown word, or a parameter without another one that it needs is ignored, and a number outside its
range becomes the nearest one inside. If a parameter is given twice, the last one counts. The exceptions are parameters
that hide something, which say so: an invalid value of theirs is answered with 422, and no image is sent.

With `params_header`, a source sends the header `X-Tintype-Params`, and `tintype render` prints the same text. It lists
what was applied and, after `ignored:`, what was not, as in
`w=300; ignored: bg-remove, crop (needs fit=crop), widht (w?)`. Of the names that are not parameters it lists the first
few, each with the parameter that was probably meant.

How values are written:

* `<int>`, `<px>` and `<whole degrees>` are whole numbers, to which decimals are rounded; `dpr` multiplies pixels.
  `<fraction>` is a decimal up to 1, so that `w=1` is the full width and `w=2` is two pixels. A
  `<fraction with a decimal point>` needs the point: `mark-x=1` is one pixel, `mark-x=1.0` is the whole width, and
  `mark-x=-0.5` is half the width to the left of the edge.
* Angles wrap: `rot=-30` is `rot=330`.
* `<colour>` is a CSS colour name or hexadecimal digits without `#`. Alpha comes **first**: `f00` and `ff0000` are red,
  `8f00` and `80ff0000` are red and about half transparent. An `<opaque colour>` ignores alpha.
* `a,b` are items of a list. `+` and `%20` are spaces, `%2B` is a plus.
* Any value can also be sent in base64url without padding, under the name with `64` appended, which saves escaping:
  `txt64=SGVsbG8sIFdvcmxkIQ` is `txt=Hello,+World!`. A value that is not base64url is an error, 400. Parameters without
  this form say so.

A parameter marked *not rendered* is parsed and checked, but has no effect, mostly because it needs a model that Tintype
does not have. `X-Tintype-Params` lists it as ignored.
";

/// Writes the text of `config/parameters.md`.
#[must_use]
pub fn as_markdown() -> String {
    let mut out = HEAD.to_owned();
    out.push('\n');
    for category in Category::ALL {
        let members: Vec<_> = of_category(*category).map(|spec| format!("[`{}`](#{})", spec.name, spec.name)).collect();
        let _ = writeln!(out, "* [{}](#{}): {}", category.heading(), anchor(category.heading()), members.join(" "));
    }
    for category in Category::ALL {
        let _ = write!(out, "\n## {}\n", category.heading());
        of_category(*category).for_each(|spec| section(&mut out, spec));
    }
    out
}

fn of_category(category: Category) -> impl Iterator<Item = &'static ParamSpec> {
    PARAMS.iter().filter(move |spec| spec.category == category)
}

/// Returns the fragment that Markdown renderers derive from a heading.
fn anchor(heading: &str) -> String {
    heading.to_ascii_lowercase().replace(' ', "-")
}

fn section(out: &mut String, spec: &ParamSpec) {
    let _ = write!(out, "\n### `{}`\n\n{}", spec.name, spec.summary);
    if spec.state == State::Accepted {
        out.push_str(" *Not rendered.*");
    }
    let forms: Vec<_> = spec.kinds.iter().map(|kind| format!("`{kind}`")).collect();
    let _ = write!(out, "\n\n* Value: {}\n", forms.join(" or "));
    if let Some(default) = spec.default {
        let _ = writeln!(out, "* Default: `{default}`");
    }
    if !spec.aliases.is_empty() {
        let _ = writeln!(out, "* Also written: {}", code(spec.aliases, ", "));
    }
    match spec.needs {
        Needs::Nothing => {}
        Needs::All(conditions) => drop(writeln!(out, "* Needs: {}", code(conditions, " and "))),
        Needs::Any(conditions) => drop(writeln!(out, "* Needs: {}", code(conditions, " or "))),
        Needs::Advisory(conditions) => drop(writeln!(out, "* Has an effect together with: {}", code(conditions, ", "))),
    }
    if spec.protects && spec.parse("").is_none() {
        out.push_str("* An invalid or empty value is answered with 422\n");
    }
    if !spec.base64 {
        out.push_str("* No base64 form\n");
    }
    let path = format!("/{}?{}", spec.photo, spec.example);
    let _ = writeln!(out, "* Try: [`{path}`]({EXAMPLE_ORIGIN}{path})");
}

fn code(items: &[&str], between: &str) -> String {
    items.iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_every_entry() {
        let table: serde_json::Value = serde_json::from_str(&as_json()).unwrap();
        let parameters = table["parameters"].as_array().unwrap();
        assert_eq!(parameters.len(), PARAMS.len());
        let width = parameters.iter().find(|entry| entry["name"] == "w").unwrap();
        assert_eq!(width["state"], "rendered");
        assert_eq!(width["aliases"][0], "width");
        assert_eq!(width["base64_variant"], "w64");
        let counted: u64 = table["counts"].as_array().unwrap().iter().map(|c| c["total"].as_u64().unwrap()).sum();
        assert_eq!(counted, PARAMS.len() as u64);
    }

    #[test]
    fn text_has_one_line_per_parameter_in_columns() {
        let text = as_text();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 1 + PARAMS.len() + 1 + 4);
        let tier = lines[0].find("TIER").unwrap();
        for (line, spec) in lines[1..].iter().zip(PARAMS) {
            assert!(line.starts_with(spec.name) && line[tier..].starts_with(spec.tier.as_str()), "{line}");
        }
    }

    #[test]
    fn the_images_of_the_examples_exist() {
        let photos = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/photos");
        for spec in PARAMS {
            let overlays = spec.example.split('&').filter_map(|pair| Some(pair.split_once("=/")?.1));
            for name in overlays.filter(|name| !name.is_empty()).chain([spec.photo]) {
                assert!(photos.join(name).is_file(), "{}: {name}", spec.name);
            }
        }
    }

    #[test]
    fn headings_have_unique_anchors() {
        let headings = Category::ALL.iter().map(|category| anchor(category.heading()));
        let all: Vec<_> = headings.chain(PARAMS.iter().map(|spec| spec.name.to_owned())).collect();
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn written_reference_is_current() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/parameters.md");
        #[expect(clippy::disallowed_methods, reason = "an explicit switch for the person who changed the table")]
        if std::env::var_os("TINTYPE_WRITE_REFERENCE").is_some() {
            std::fs::write(&path, as_markdown()).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(written == as_markdown(), "config/parameters.md is stale: run the test with TINTYPE_WRITE_REFERENCE=1");
    }
}
