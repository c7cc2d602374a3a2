//! Example URLs for a first look at a server: images from its folder sources, each with a different request.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::config::{Config, SourceConfig, SourceKind};
use crate::sign;

/// Requests that each show something different; they use the images of a folder in turn.
const OPEN: [&str; 7] = [
    "w=300&h=300&fit=crop&crop=top",
    "w=400",
    "w=400&fm=webp&q=60",
    "w=480&h=480&fit=fill&fill=blur",
    "w=300&bg=1f6f8b&fm=jpg",
    "w=600&auto=format,compress",
    "w=400&ar=1:1&fit=crop&crop=entropy",
];

/// Requests for a source that requires signatures.
const SIGNED: [&str; 1] = ["w=500&flip=h"];

/// Most folder entries that are read: enough to choose from, however large the folder is.
const ENTRIES_MAX: usize = 1_000;

/// The characters that are encoded in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns one URL per example request; none if no source is a folder with images.
///
/// The URLs contain signatures, so print them to a terminal and not to a log.
pub(super) fn urls(config: &Config, address: SocketAddr) -> Vec<String> {
    let mut urls = Vec::new();
    for source in &config.sources {
        let SourceKind::Folder { root } = &source.kind else { continue };
        let queries: &[&str] = if source.signing.required { &SIGNED } else { &OPEN };
        let images = images(root);
        for (query, image) in queries.iter().zip(images.iter().cycle()) {
            let target = signed(source, format!("/{}?{query}", utf8_percent_encode(image, SEGMENT)));
            urls.push(format!("http://{}{target}", authority(source, address)));
        }
    }
    urls
}

/// Returns the names of the images directly in the folder, sorted.
fn images(root: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(root) else { return Vec::new() };
    let is_image = |name: &String| {
        let extension = Path::new(name).extension().and_then(|e| e.to_str()).unwrap_or_default();
        ["jpg", "jpeg", "png", "webp", "avif", "gif"].contains(&extension.to_ascii_lowercase().as_str())
    };
    let names = entries.take(ENTRIES_MAX).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(is_image).collect();
    names.sort();
    names
}

fn authority(source: &SourceConfig, address: SocketAddr) -> String {
    match source.hosts.first() {
        Some(host) => format!("{host}:{}", address.port()),
        None => to_open(address).to_string(),
    }
}

fn signed(source: &SourceConfig, target: String) -> String {
    match super::sign::first_key(source).filter(|_| source.signing.required) {
        Some((scheme, key)) => sign::sign(&target, &source.name, scheme, &key.expose()),
        None => target,
    }
}

/// Returns an address that a browser on this machine can open. A listener on every address is also on the local one.
pub(super) fn to_open(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())) } else { address }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Environment};
    use crate::sign::Target;

    #[test]
    fn the_demonstration_has_seven_open_urls_and_a_signed_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let config = config::load(Some(&root.join("config/demo.toml")), &Environment::new(), &[]).unwrap();

        let urls = urls(&config, config.server.listen);
        assert_eq!(urls.len(), 8);
        assert_eq!(urls[0], "http://127.0.0.1:8080/astronaut.jpg?w=300&h=300&fit=crop&crop=top");
        let target = urls[7].strip_prefix("http://localhost:8080").unwrap();
        let signing = &config.sources[1].signing;
        assert_eq!(sign::verify(&Target::split(target), "signed", signing), Ok(()));
        let changed = target.replace("w=500", "w=501");
        assert!(sign::verify(&Target::split(&changed), "signed", signing).is_err());
    }
}
