//! Sanitises SVG that is delivered as SVG (`rendering.md` 16): keeps only what draws.
//!
//! This is an allowlist. It removes non-drawing elements (scripts, foreign objects, metadata), event handlers,
//! references that leave the document (except links that a reader may follow), document types, processing instructions
//! and comments. Style sheets lose imports and external addresses; a style sheet that could disguise them is dropped
//! entirely. Pure.

use crate::render::Bound;
use std::borrow::Cow;
use std::io::Read;

use quick_xml::XmlVersion;
use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use super::RenderError;

/// Limit on the bytes of a document, after decompression and again after entity expansion: larger than any drawing, and
/// small enough to hold several copies in memory.
const BYTES_MAX: u64 = 64 << 20;
/// Limits on entity expansion: the number of named entities in a document type, and the length of each.
const ENTITIES_MAX: usize = 256;
const ENTITY_BYTES_MAX: usize = 4096;

const SVG: Namespace<'static> = Namespace("http://www.w3.org/2000/svg");

/// Elements that draw, give a name, or change what is drawn.
const ELEMENTS: [&str; 75] = [
    "a",
    "animate",
    "animateColor",
    "animateMotion",
    "animateTransform",
    "circle",
    "clipPath",
    "defs",
    "desc",
    "ellipse",
    "feBlend",
    "feColorMatrix",
    "feComponentTransfer",
    "feComposite",
    "feConvolveMatrix",
    "feDiffuseLighting",
    "feDisplacementMap",
    "feDistantLight",
    "feDropShadow",
    "feFlood",
    "feFuncA",
    "feFuncB",
    "feFuncG",
    "feFuncR",
    "feGaussianBlur",
    "feImage",
    "feMerge",
    "feMergeNode",
    "feMorphology",
    "feOffset",
    "fePointLight",
    "feSpecularLighting",
    "feSpotLight",
    "feTile",
    "feTurbulence",
    "filter",
    "font",
    "font-face",
    "font-face-name",
    "g",
    "glyph",
    "glyphRef",
    "hatch",
    "hatchpath",
    "hkern",
    "image",
    "line",
    "linearGradient",
    "marker",
    "mask",
    "mesh",
    "meshgradient",
    "meshpatch",
    "meshrow",
    "missing-glyph",
    "mpath",
    "path",
    "pattern",
    "polygon",
    "polyline",
    "radialGradient",
    "rect",
    "set",
    "solidcolor",
    "stop",
    "style",
    "svg",
    "switch",
    "symbol",
    "text",
    "textPath",
    "title",
    "tspan",
    "use",
    "view",
];
/// Elements that change an attribute of another element.
const ANIMATIONS: [&str; 5] = ["animate", "animateColor", "animateMotion", "animateTransform", "set"];
/// Attributes that can load a resource under some interpretation of the document; none of them draws.
const ADDRESSES: [&str; 9] = ["src", "srcset", "action", "formaction", "ping", "data", "poster", "base", "srcdoc"];
/// Data URLs that may be embedded. All of them are raster images.
const EMBEDDED: [&str; 6] =
    ["data:image/png", "data:image/jpeg", "data:image/jpg", "data:image/gif", "data:image/webp", "data:image/avif"];
const FONTS: [&str; 4] =
    ["data:font/", "data:application/font", "data:application/x-font", "data:application/vnd.ms-font"];
/// Schemes that a link may use.
const LINKS: [&str; 4] = ["http:", "https:", "mailto:", "tel:"];

/// Returns the document, decompressed if it is gzipped.
///
/// # Errors
/// [`RenderError::Undecodable`] if decompression fails, [`RenderError::TooLarge`] above the size limit.
pub(super) fn inflated(bytes: &[u8]) -> Result<Cow<'_, [u8]>, RenderError> {
    if !bytes.starts_with(&[0x1F, 0x8B]) {
        return check_len(bytes.len() as u64).map(|()| Cow::Borrowed(bytes));
    }
    let mut text = Vec::new();
    let inflated = flate2::read::MultiGzDecoder::new(bytes).take(BYTES_MAX + 1).read_to_end(&mut text);
    inflated.map_err(|_| RenderError::Undecodable)?;
    check_len(text.len() as u64).map(|()| Cow::Owned(text))
}

fn check_len(got: u64) -> Result<(), RenderError> {
    if got > BYTES_MAX {
        return Err(RenderError::TooLarge { what: Bound::Bytes, got, max: BYTES_MAX });
    }
    Ok(())
}

/// Returns the document as UTF-8, reduced to what draws.
///
/// # Errors
/// [`RenderError::Undecodable`] if the document is malformed or not SVG, [`RenderError::TooLarge`] above the size
/// limit.
pub(super) fn sanitised(bytes: &[u8]) -> Result<Vec<u8>, RenderError> {
    let inflated = inflated(bytes)?;
    let text = match std::str::from_utf8(&inflated) {
        Ok(text) => Cow::Borrowed(text.trim_start_matches('\u{FEFF}')),
        // Fall back to Latin-1, in which any byte sequence is valid. The declared encoding is not reliable.
        Err(_) => Cow::Owned(inflated.iter().copied().map(char::from).collect()),
    };
    let text = with_entities(&text)?;
    let mut cleaner = Cleaner { out: String::with_capacity(text.len()), dropped: 0, open: Vec::new(), style: None };
    cleaner.run(&text).ok_or(RenderError::Undecodable)?;
    Ok(cleaner.out.into_bytes())
}

/// Expands the entities that the document type declares: Illustrator keeps its namespaces in them.
fn with_entities(text: &str) -> Result<Cow<'_, str>, RenderError> {
    let Some((subset, at)) = internal_subset(text) else { return Ok(Cow::Borrowed(text)) };
    let entities = entities(subset);
    if entities.is_empty() {
        return Ok(Cow::Borrowed(text));
    }
    let (mut out, mut rest) = (text[..at].to_owned(), &text[at..]);
    while let Some(start) = rest.find('&') {
        let (before, reference) = rest.split_at(start);
        out.push_str(before);
        let end = reference.bytes().take(64).position(|b| b == b';').map_or(1, |end| end + 1);
        let (reference, after) = reference.split_at(end);
        let name = reference.trim_start_matches('&').trim_end_matches(';');
        let value = entities.iter().find(|(known, _)| *known == name).map_or(reference, |(_, value)| value);
        out.push_str(value);
        check_len(out.len() as u64)?;
        rest = after;
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// Returns the internal subset of the document type (the part in brackets) and where it ends.
fn internal_subset(text: &str) -> Option<(&str, usize)> {
    let doctype = text.find("<!DOCTYPE")?;
    let open = doctype + text[doctype..].find(['[', '>'])?;
    let inside = text[open..].strip_prefix('[')?;
    let close = inside.find(']')?;
    Some((&inside[..close], open + 1 + close))
}

/// Returns the names and values of the entities whose value is plain text.
fn entities(subset: &str) -> Vec<(&str, &str)> {
    let declarations = subset.split("<!ENTITY").skip(1).take(ENTITIES_MAX);
    let plain = declarations.filter_map(|declaration| {
        let (name, value) = declaration.trim_start().split_once(char::is_whitespace)?;
        let value = value.trim_start();
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, _) = value[1..].split_once(quote)?;
        (value.len() <= ENTITY_BYTES_MAX && !value.contains(['<', '&', '%', '"'])).then_some((name, value))
    });
    plain.collect()
}

struct Cleaner {
    out: String,
    /// Number of open elements that are being dropped, counted from the outermost dropped one.
    dropped: usize,
    /// Names of the open elements that are kept.
    open: Vec<String>,
    /// Text of the style sheet that is being read.
    style: Option<String>,
}

impl Cleaner {
    /// Copies what is allowed to `out`. Returns `None` if the document is malformed.
    fn run(&mut self, text: &str) -> Option<()> {
        let mut reader = NsReader::from_str(text);
        self.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let mut has_root = false;
        loop {
            let (namespace, event) = reader.read_resolved_event().ok()?;
            match event {
                Event::Start(element) => {
                    has_root |= self.start(&namespace, &element, true)?;
                }
                Event::Empty(element) => {
                    has_root |= self.start(&namespace, &element, false)?;
                }
                Event::End(_) => self.end(),
                Event::Text(text) => self.text(&text.xml10_content(), false),
                Event::CData(text) => self.text(&text.xml10_content(), true),
                Event::GeneralRef(reference) => {
                    // Apart from XML's five, no named entity is known at this point. Unknown ones are dropped.
                    let known = ["lt", "gt", "amp", "quot", "apos"].contains(&&*reference);
                    match reference.resolve_char_ref().ok()? {
                        Some(character) => self.text(&character.to_string(), true),
                        None if known => self.text(&format!("&{};", &*reference), false),
                        None => {}
                    }
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
                Event::Eof => break,
            }
        }
        (has_root && self.open.is_empty() && self.dropped == 0).then_some(())
    }

    /// Writes a start tag and returns whether the element was kept. A dropped element takes its content with it.
    /// Returns `None` if the tag is malformed.
    fn start(&mut self, namespace: &ResolveResult<'_>, element: &BytesStart<'_>, has_content: bool) -> Option<bool> {
        let local = element.local_name().into_inner().to_owned();
        let is_svg = matches!(namespace, ResolveResult::Bound(bound) if *bound == SVG)
            || matches!(namespace, ResolveResult::Unbound);
        let in_place = self.style.is_none() && (!self.open.is_empty() || local == "svg");
        let attributes = attributes(element, &local)?;
        let kept = self.dropped == 0
            && is_svg
            && in_place
            && ELEMENTS.contains(&local.as_str())
            && !(ANIMATIONS.contains(&local.as_str()) && animates_address(&attributes));
        if !kept {
            self.dropped += usize::from(has_content);
            return Some(false);
        }
        let name = element.name().into_inner();
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.extend([" ", &name, "=\"", &escape(&value), "\""]);
        }
        self.out.push_str(if has_content { ">" } else { "/>" });
        if has_content {
            self.open.push(name.to_owned());
            self.style = (local == "style").then(String::new);
        }
        Some(true)
    }

    fn end(&mut self) {
        if self.dropped > 0 {
            self.dropped -= 1;
            return;
        }
        if let Some(sheet) = self.style.take() {
            let sheet = quick_xml::escape::unescape(&sheet).map(Cow::into_owned).unwrap_or_default();
            self.out.push_str(&escape(css(&sheet)));
        }
        // The parser has already checked that the names match.
        if let Some(name) = self.open.pop() {
            self.out.extend(["</", &name, ">"]);
        }
    }

    /// Appends text: as it stands, or escaped first if it is `raw`.
    fn text(&mut self, text: &str, raw: bool) {
        if self.dropped > 0 || self.open.is_empty() {
            return;
        }
        let text = if raw { escape(text) } else { Cow::Borrowed(text) };
        self.style.as_mut().unwrap_or(&mut self.out).push_str(&text);
    }
}

/// Returns the attributes to keep, with unescaped values, or `None` if the tag is malformed.
fn attributes(element: &BytesStart<'_>, local: &str) -> Option<Vec<(String, String)>> {
    let mut kept = Vec::new();
    for attribute in element.attributes() {
        let attribute = attribute.ok()?;
        let name = attribute.key.into_inner();
        // An undeclared entity expands to nothing.
        let resolve = |entity: &str| resolve_predefined_entity(entity).or(Some(""));
        let value = attribute.normalized_value_with(XmlVersion::Implicit1_0, 1, resolve);
        if let Some(value) = attribute_value(local, name, value.ok()?) {
            kept.push((name.to_owned(), value.into_owned()));
        }
    }
    Some(kept)
}

/// Returns the part of an attribute value to keep, if any. Only the prefixes that XML itself defines are trusted,
/// because a document may bind any other prefix to anything.
fn attribute_value<'v>(element: &str, name: &str, value: Cow<'v, str>) -> Option<Cow<'v, str>> {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let lower = local.to_ascii_lowercase();
    if prefix == "xmlns" || name == "xmlns" {
        return Some(value);
    }
    if lower.starts_with("on") || ADDRESSES.contains(&lower.as_str()) {
        return None;
    }
    if lower == "href" {
        return is_allowed_reference(element, &value).then_some(value);
    }
    let stays = prefix.is_empty() || (prefix == "xml" && matches!(local, "space" | "lang"));
    if !stays {
        return None;
    }
    if lower == "style" || value.contains('(') {
        return Some(Cow::Owned(css(&value)));
    }
    (!squeezed(&value).contains("javascript:")).then_some(value)
}

/// Lower-cases the value and removes white space and control characters, which browsers ignore in addresses.
fn squeezed(value: &str) -> String {
    value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect::<String>().to_ascii_lowercase()
}

fn is_allowed_reference(element: &str, value: &str) -> bool {
    let address = squeezed(value);
    let starts = |list: &[&str]| list.iter().any(|start| address.starts_with(start));
    match element {
        _ if address.starts_with('#') => true,
        "image" | "feImage" => starts(&EMBEDDED),
        // A relative link has no colon before its first slash.
        "a" => starts(&LINKS) || !address.split(['/', '?', '#']).next().unwrap_or_default().contains(':'),
        _ => false,
    }
}

/// Returns whether an animation could set an address or an event handler that the allowlist would have removed.
fn animates_address(attributes: &[(String, String)]) -> bool {
    attributes.iter().filter(|(name, _)| name == "attributeName").any(|(_, value)| {
        let value = squeezed(value);
        let local = value.rsplit(':').next().unwrap_or_default();
        local == "href" || local.starts_with("on")
    })
}

/// Removes external addresses from a style sheet, a `style` attribute or a presentation attribute.
fn css(text: &str) -> String {
    /// Escapes can spell anything; the other words run code or load resources under another name.
    const HIDES: [&str; 8] =
        ["\\", "expression(", "-moz-binding", "behavior", "javascript:", "image-set(", "src(", "cross-fade("];
    let lower = text.to_ascii_lowercase();
    if HIDES.iter().any(|word| lower.contains(word)) {
        return String::new();
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) =
        ["@import", "url("].iter().filter_map(|word| Some((at + lower[at..].find(word)?, *word))).min()
    {
        let (start, word) = found;
        out.push_str(&text[at..start]);
        let inside = start + word.len();
        if word == "@import" {
            at = lower[inside..].find(';').map_or(lower.len(), |end| inside + end + 1);
            continue;
        }
        let Some(end) = end_of_url(&lower[inside..]).map(|end| inside + end) else { return out };
        let target = squeezed(lower[inside..end].trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')));
        let stays = target.starts_with('#') || EMBEDDED.iter().chain(&FONTS).any(|kind| target.starts_with(kind));
        out.push_str(if stays { &text[start..=end] } else { "none" });
        at = end + 1;
    }
    out.push_str(&text[at..]);
    out
}

/// Returns the position of the bracket that closes a `url(`, skipping a quoted address.
fn end_of_url(rest: &str) -> Option<usize> {
    let trimmed = rest.trim_start();
    let start = rest.len() - trimmed.len();
    match trimmed.chars().next()? {
        quote @ ('"' | '\'') => {
            let close = start + 1 + trimmed[1..].find(quote)?;
            Some(close + rest[close..].find(')')?)
        }
        _ => rest.find(')'),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[track_caller]
    fn clean(body: &str) -> String {
        let root = "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">";
        let cleaned = String::from_utf8(sanitised(format!("{root}{body}</svg>").as_bytes()).unwrap()).unwrap();
        let head = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{root}");
        cleaned.strip_prefix(&head).and_then(|rest| rest.strip_suffix("</svg>")).unwrap().to_owned()
    }

    #[track_caller]
    fn check(body: &str, expected: &str) {
        assert_eq!(clean(body), expected, "{body}");
    }

    #[test]
    fn drawing_elements_are_kept() {
        for body in [
            "<path d=\"M0 0L1 1\" fill=\"url(#a)\" style=\"stroke:red\"/>",
            "<text x=\"1\">a &amp; b &#169;<tspan>c</tspan></text>".replace("&#169;", "©").as_str(),
            "<use xlink:href=\"#a\"/><use href=\"#b\"/>",
            "<image href=\"data:image/png;base64,AAAA\" width=\"5\"/>",
            "<a href=\"https://example.com/?a&amp;b\"><g/></a><a xlink:href=\"../b.html\"/>",
            "<style>.a{fill:url(#b)} b&gt;c{}</style>",
            "<animate attributeName=\"fill\" values=\"red;blue\"/>",
            "<text xml:space=\"preserve\"> a  b </text>",
        ] {
            check(body, body);
        }
        check("<!-- x --><g><![CDATA[a<b]]></g>", "<g>a&lt;b</g>");
    }

    #[test]
    fn scripts_and_external_references_are_removed() {
        check("<script>alert(1)</script><g/>", "<g/>");
        check("<SCRIPT>alert(1)</SCRIPT>", "");
        check("<x:script xmlns:x=\"http://www.w3.org/2000/svg\">alert(1)</x:script>", "");
        check(
            "<h:script xmlns:h=\"http://www.w3.org/1999/xhtml\"/><h:g xmlns:h=\"http://www.w3.org/1999/xhtml\"/>",
            "",
        );
        check("<foreignObject><g><body><script/></body></g></foreignObject><g/>", "<g/>");
        check("<g onload=\"x()\" ONCLICK='y()' x:onclick='z' id=\"a\"/>", "<g id=\"a\"/>");
        check("<use href=\"http://example.com/a.svg#b\"/>", "<use/>");
        check("<use href=\"data:image/svg+xml,x\"/>", "<use/>");
        check("<image xlink:href=\"http://example.com/a.png\" x=\"1\"/>", "<image x=\"1\"/>");
        check("<image href=\"data:image/svg+xml;base64,AA\"/><feImage href=\"/a.png\"/>", "<image/><feImage/>");
        check("<a href=\"javascript:alert(1)\"/>", "<a/>");
        check("<a href=\" JaVa&#10;Script&#x3A;alert(1)\"/>", "<a/>");
        check(
            "<a q:href=\"data:text/html,x\" xmlns:q=\"http://www.w3.org/1999/xlink\"/>",
            "<a xmlns:q=\"http://www.w3.org/1999/xlink\"/>",
        );
        check("<set attributeName=\"xlink:href\" to=\"javascript:x\"/><animate attributeName=\" onclick\"/>", "");
        check("<animate attributeName=\"x\" to=\"javascript:x\"/>", "<animate attributeName=\"x\"/>");
        check("<g xml:base=\"http://example.com\"/><iframe src=\"x\"/><audio/><handler/>", "<g/>");
        check("<style>@import url(http://a/b.css); .a{fill:red}</style>", "<style> .a{fill:red}</style>");
        check("<style><g/>@import 'x'</style>", "<style></style>");
        check("<style><![CDATA[a{b:URL( 'http://x)' )}]]></style>", "<style>a{b:none}</style>");
        check("<style>@font-face{src:url(//x/y.woff)}</style>", "<style>@font-face{src:none}</style>");
        check("<style>a{b:\\75rl(http://x)}</style>", "<style></style>");
        check(
            "<g style=\"fill:url(http://x)\" fill=\"url(&quot;//x&quot;) red\"/>",
            "<g style=\"fill:none\" fill=\"none red\"/>",
        );
        check("<g mask=\"image-set('//x' 1x)\" filter=\"url(//x\"/>", "<g mask=\"\" filter=\"\"/>");
        check("<?xml-stylesheet href=\"http://x\"?><g>&unknown;</g>", "<g></g>");
    }

    #[test]
    fn entities_of_the_document_are_written_out() {
        let text = "<?xml version='1.0' encoding='utf-8'?><!DOCTYPE svg PUBLIC 'x' 'http://x' [<!ENTITY ns \
            \"http://www.w3.org/2000/svg\"><!ENTITY e SYSTEM 'file:///etc/passwd'><!ENTITY two '&ns;&ns;'>]>\
            <svg xmlns=\"&ns;\"><text>&ns;&e;&two;</text></svg>";
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\">\
            <text>http://www.w3.org/2000/svg</text></svg>";
        assert_eq!(String::from_utf8(sanitised(text.as_bytes()).unwrap()).unwrap(), expected);
    }

    #[test]
    fn bytes_that_are_not_svg_are_refused() {
        for text in ["", "<svg>", "<html/>", "<svg></g></svg>", "<svg a='1' a='2'/>", "<g/><svg/><"] {
            assert_eq!(sanitised(text.as_bytes()), Err(RenderError::Undecodable), "{text}");
        }
        assert!(
            sanitised(b"<svg><text>\xE9</text></svg>").is_ok_and(|out| String::from_utf8(out).unwrap().contains('é'))
        );
    }

    #[test]
    fn compressed_documents_are_inflated_within_bounds() {
        use std::io::Write;
        let gzip = |text: &[u8]| {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(text).unwrap();
            gzip.finish().unwrap()
        };
        assert!(sanitised(&gzip(b"<svg><g/></svg>")).unwrap().ends_with(b"<svg><g/></svg>"));
        let bomb = gzip(&vec![b' '; BYTES_MAX as usize + 1]);
        assert!(matches!(inflated(&bomb), Err(RenderError::TooLarge { .. })));
        assert_eq!(inflated(&bomb[..bomb.len() / 2]), Err(RenderError::Undecodable));
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic_and_sanitizing_twice_changes_nothing(body in "[<>/a-z&;#\"'= !\\[\\]:()-]{0,60}") {
            let text = format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><g {body}</g></svg>");
            if let Ok(once) = sanitised(text.as_bytes()) {
                assert_eq!(sanitised(&once).unwrap(), once);
            }
        }
    }

    /// Returns every element of a document, and every attribute with its element.
    #[expect(clippy::wildcard_enum_match_arm, reason = "text and comments name nothing")]
    fn names(document: &[u8]) -> BTreeSet<(String, String)> {
        let mut names = BTreeSet::new();
        let mut reader = quick_xml::Reader::from_str(std::str::from_utf8(document).unwrap());
        loop {
            match reader.read_event().unwrap() {
                Event::Start(element) | Event::Empty(element) => {
                    let local = element.local_name().into_inner().to_owned();
                    for attribute in element.attributes() {
                        let attribute = attribute.unwrap();
                        let key = attribute.key;
                        // A reference inside the document loads nothing, wherever it stands.
                        let is_inner = key.local_name().into_inner() == "href" && attribute.value.starts_with('#');
                        if key.as_namespace_binding().is_none() && !is_inner {
                            names.insert((local.clone(), key.local_name().into_inner().to_owned()));
                        }
                    }
                    names.insert((local, String::new()));
                }
                Event::Eof => return names,
                _ => {}
            }
        }
    }

    /// What we keep and svg-hush drops, although it neither runs nor loads anything.
    fn is_harmless((element, attribute): &(String, String)) -> bool {
        let is_link = element == "a" && attribute == "href";
        // It drops what an animation animates, which makes the animation useless.
        is_link || matches!(attribute.as_str(), "attributeName" | "space" | "lang")
    }

    /// svg-hush is stricter with links and animations, and laxer with references to its own host and with style sheets;
    /// on elements and attributes it has to agree.
    fn svg_hush_agrees(body: &str) {
        let document = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">{body}</svg>"
        );
        let Ok(ours) = sanitised(document.as_bytes()) else { return };
        let mut filter = svg_hush::Filter::new();
        filter.set_data_url_filter(svg_hush::data_url_filter::allow_standard_images);
        let mut theirs = Vec::new();
        filter.filter(ours.as_slice(), &mut theirs).unwrap();
        let (ours, theirs) = (names(&ours), names(&theirs));
        let dropped: Vec<_> = ours.difference(&theirs).filter(|name| !is_harmless(name)).collect();
        assert!(dropped.is_empty(), "svg-hush drops {dropped:?} of {body}");
    }

    proptest::proptest! {
        #[test]
        fn another_sanitizer_finds_nothing_left_to_drop(
            elements in proptest::collection::vec(
                (proptest::sample::select(TRIED.to_vec()), proptest::sample::select(TRIED_ATTRIBUTES.to_vec())), 1..4,
            ),
        ) {
            let body: String = elements.iter().map(|(element, attributes)| format!("<{element} {attributes}/>")).collect();
            svg_hush_agrees(&body);
        }
    }

    const TRIED: [&str; 20] = [
        "g",
        "path",
        "rect",
        "a",
        "use",
        "image",
        "feImage",
        "animate",
        "set",
        "text",
        "style",
        "script",
        "SCRIPT",
        "foreignObject",
        "iframe",
        "embed",
        "object",
        "handler",
        "listener",
        "linearGradient",
    ];
    const TRIED_ATTRIBUTES: [&str; 16] = [
        "onload=\"x()\"",
        "ONCLICK='x()'",
        "href=\"javascript:x()\"",
        "href=\"#a\"",
        "href=\"https://example.com/\"",
        "xlink:href=\"data:image/svg+xml,x\"",
        "xlink:href=\"data:image/png;base64,AAAA\"",
        "attributeName=\"href\" to=\"javascript:x()\"",
        "attributeName=\"fill\" values=\"red;blue\"",
        "src=\"//example.com/x\" data=\"x\" srcdoc=\"x\"",
        "style=\"fill:url(//x)\" fill=\"red\"",
        "filter=\"url(#a)\" mask=\"url(http://x)\"",
        "xml:base=\"http://example.com\" xml:space=\"preserve\"",
        "formaction=\"javascript:x()\" ping=\"/x\"",
        "id=\"a\" class=\"b\" x=\"1\" width=\"2\"",
        "d=\"M0 0\" transform=\"scale(2)\" opacity=\".5\"",
    ];
}
