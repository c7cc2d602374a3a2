//! The signing examples of README, run in each language that is installed on this machine.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::process::Command;

use tintype::config::SignScheme;
use tintype::sign;

const KEY: &str = "0123456789abcdef";
const TARGET: &str = "/coffee.jpg?w=480";

/// Returns the fenced block of `language` in README.
fn block(language: &str) -> &'static str {
    let readme = include_str!("../README.md");
    let start = readme.split_once(&format!("```{language}\n")).expect("README has an example").1;
    start.split_once("```").expect("the example ends").0
}

/// Runs the example with `command`, which takes the file `name`, and compares its output.
#[track_caller]
fn check(language: &str, name: &str, command: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, block(language)).unwrap();
    let run = Command::new(command[0]).args(&command[1..]).arg(&file).env("IMG_KEY", KEY).output();
    let Ok(output) = run else {
        println!("skipped: {} is not on this machine", command[0]);
        return;
    };
    let expected = [
        sign::sign(TARGET, "photos", SignScheme::HmacSha256, KEY.as_bytes()),
        sign::sign(TARGET, "photos", SignScheme::Imgix, KEY.as_bytes()),
    ];
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(shown.lines().collect::<Vec<_>>(), expected, "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn node() {
    check("js", "sign.cjs", &["node"]);
}

#[test]
fn python() {
    check("python", "sign.py", &["python3"]);
}

#[test]
fn php() {
    check("php", "sign.php", &["php"]);
}

#[test]
fn ruby() {
    check("ruby", "sign.rb", &["ruby"]);
}

#[test]
fn go() {
    check("go", "sign.go", &["go", "run"]);
}
