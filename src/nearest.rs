//! Finds the name that a misspelt one probably means, for "did you mean" messages.

/// Returns the one of `names` that is closest to `written`, or `None` if none is close enough.
///
/// Distance is counted in slips: a letter added, omitted, replaced or swapped with its neighbour. One slip is allowed
/// for every three letters, and at least one.
#[must_use]
pub fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The cost of a comparison grows with the product of the lengths, and a client chooses one of them.
    if written.len() > WRITTEN_BYTES_MAX {
        return None;
    }
    let slips_max = (written.chars().count() / 3).max(1);
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        // Every one-letter name is one slip away from every other, so such a match means nothing.
        .filter(|(slips, name)| *slips <= slips_max && *slips < name.chars().count())
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, name)| name)
}

/// Longer than every name that exists.
const WRITTEN_BYTES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_words_are_matched_and_other_words_are_not() {
        let names = ["width", "height", "fit", "w", "root"];
        let check = |written: &str, expected: Option<&str>| assert_eq!(nearest(written, names), expected, "{written}");
        check("widht", Some("width"));
        check("hieght", Some("height"));
        check("heigt", Some("height"));
        check("fti", Some("fit"));
        check("roots", Some("root"));
        check("x", None);
        check("utm_source", None);
        check("", None);
        check(&"width".repeat(1000), None);
    }
}
