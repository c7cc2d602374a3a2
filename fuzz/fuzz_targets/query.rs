//! Any text is a query: it parses without a panic, and its meaning survives being written out and parsed again.
//!
//! `cargo +nightly fuzz run query`. A line feed separates the query from the source's defaults, each `name=value`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype::param::{PARAMS, canonical, parse};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let query = lines.next().unwrap_or_default();
    let defaults: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let Ok(parsed) = parse(query, &defaults) else { return };

    assert!(parsed.honoured.len() <= PARAMS.len());
    let again = parse(&canonical(&parsed), &[]).expect("a canonical query has no base64 forms");
    assert_eq!(again, parsed, "{}", canonical(&parsed));
});
