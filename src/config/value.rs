//! Reads one written value into one typed value, and shows it for the reference: sizes and durations with units, lists,
//! choices.

use std::fmt::Display;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use toml::Spanned;
use toml::de::DeValue;

use super::secret::SecretRef;

/// A value as written: parsed TOML, or the text of an environment variable or flag.
#[derive(Clone, Copy, Debug)]
pub(super) enum Written<'a> {
    /// A value in the file, with the folder that contains the file, from which relative paths start.
    Toml(&'a Spanned<DeValue<'a>>, &'a Path),
    /// A value outside the file; list items are separated by commas.
    Text(&'a str),
}

/// Why a written value cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invalid {
    /// Byte range in the file, if only part of the value is wrong (one member of a list).
    pub(super) at: Option<Range<usize>>,
    /// Says what would be right; never repeats a secret.
    pub(super) message: String,
}

/// A value that was read, or everything that is wrong with it.
pub(super) type Reading<T> = Result<T, Vec<Invalid>>;

/// How values of one type are read and shown.
pub(super) struct Form<T> {
    /// Reads the written value.
    read: fn(Written<'_>) -> Reading<T>,
    /// Reads the valid members of a faulty list, so that their other faults are found in the same run.
    sound: Option<fn(Written<'_>) -> T>,
    /// Shows the value as TOML; `None` if the value means "not set".
    pub(super) show: fn(&T) -> Option<String>,
}

/// A member of a list, with the place of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Located<T> {
    /// Byte range in the file.
    pub(super) at: Option<Range<usize>>,
    /// The value.
    pub(super) value: T,
}

impl<T> Form<T> {
    /// Reads a value into `field`. Of a faulty list, stores the valid members if the form allows it.
    pub(super) fn set(&self, written: Written<'_>, field: &mut T) -> Result<(), Vec<Invalid>> {
        match (self.read)(written) {
            Ok(value) => {
                *field = value;
                Ok(())
            }
            Err(faults) => {
                if let Some(sound) = self.sound {
                    *field = sound(written);
                }
                Err(faults)
            }
        }
    }
}

fn invalid<T>(message: impl Into<String>) -> Reading<T> {
    Err(vec![Invalid { at: None, message: message.into() }])
}

impl<'a> Written<'a> {
    /// Returns the value as a string. `what` completes the message "must be".
    fn text(self, what: &str) -> Reading<&'a str> {
        match self {
            Written::Text(text) => Ok(text),
            Written::Toml(value, _) => {
                value.get_ref().as_str().map_or_else(|| invalid(format!("must be {what}, in quotes")), Ok)
            }
        }
    }

    /// Resolves `path`: a path in the configuration file is relative to the folder of that file.
    fn place(self, path: &str) -> PathBuf {
        match self {
            Written::Text(_) => PathBuf::from(path),
            Written::Toml(_, folder) => folder.join(path),
        }
    }

    /// Parses a whole number, not negative; returns `None` if something else was written.
    fn whole(self) -> Option<Result<u64, std::num::ParseIntError>> {
        match self {
            Written::Text(text) => text.starts_with(|c: char| c.is_ascii_digit() || c == '-').then(|| {
                let digits: String = text.chars().filter(|&c| c != '_').collect();
                digits.parse()
            }),
            Written::Toml(value, _) => value.get_ref().as_integer().map(|i| u64::from_str_radix(i.as_str(), i.radix())),
        }
    }

    /// Returns the members of a list of strings, or everything that is wrong with it.
    fn list(self, what: &str) -> Reading<Vec<Located<String>>> {
        collect(self.members(what, |text| Ok(text.to_owned())).into_iter())
    }

    /// Reads each member of a list of strings with `read`. A value that is not a list counts as one unreadable member.
    fn members<T>(self, what: &str, read: impl Fn(&str) -> Result<T, String>) -> Vec<Reading<Located<T>>> {
        let member = |at: Option<Range<usize>>, text: &str| match read(text) {
            Ok(value) => Ok(Located { at, value }),
            Err(message) => Err(vec![Invalid { at, message }]),
        };
        match self {
            Written::Text(text) => {
                text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(|text| member(None, text)).collect()
            }
            Written::Toml(value, _) => {
                let Some(array) = value.get_ref().as_array() else {
                    return vec![invalid(format!("must be a list of {what}, such as [\"...\"]"))];
                };
                let in_quotes = |at| Err(vec![Invalid { at, message: format!("must be {what}, in quotes") }]);
                array
                    .iter()
                    .map(|item| {
                        let at = Some(item.span());
                        item.get_ref().as_str().map_or_else(|| in_quotes(at.clone()), |text| member(at.clone(), text))
                    })
                    .collect()
            }
        }
    }
}

/// Keeps the members that could be read.
fn sound<T>(members: Vec<Reading<T>>) -> Vec<T> {
    members.into_iter().filter_map(Result::ok).collect()
}

/// Returns all values, or everything that is wrong.
fn collect<T>(items: impl Iterator<Item = Reading<T>>) -> Reading<Vec<T>> {
    let mut values = Vec::new();
    let mut faults = Vec::new();
    for item in items {
        match item {
            Ok(value) => values.push(value),
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// An address: `"127.0.0.1:8080"`; `"localhost:8080"` is the same, and `":8080"` is every address of the machine.
pub(super) const ADDRESS: Form<SocketAddr> = Form {
    sound: None,
    read: |written| {
        let what = "an address with a port, such as \"127.0.0.1:8080\", \"localhost:8080\" or \":8080\"";
        parse_address(written.text(what)?).map_or_else(|| invalid(format!("must be {what}")), Ok)
    },
    show: |address| Some(quoted(&address.to_string())),
};

/// Parses an address with port. Looks up no name but `localhost`, because the address of any other name depends on the
/// network and may change.
fn parse_address(text: &str) -> Option<SocketAddr> {
    match text.rsplit_once(':')? {
        ("", port) => Some(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port.parse().ok()?))),
        (host, port) if host.eq_ignore_ascii_case("localhost") => {
            Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().ok()?)))
        }
        (_, _) => text.parse().ok(),
    }
}

/// `true` or `false`
pub(super) const SWITCH: Form<bool> = Form {
    sound: None,
    read: |written| {
        let value = match written {
            Written::Text(text) => text.parse().ok(),
            Written::Toml(value, _) => value.get_ref().as_bool(),
        };
        value.map_or_else(|| invalid("must be true or false"), Ok)
    },
    show: |switch| Some(switch.to_string()),
};

/// A whole number of at least `MIN` that fits `T`.
pub(super) const fn count<T: TryFrom<u64> + Display, const MIN: u64>() -> Form<T> {
    Form {
        sound: None,
        read: |written| match written.whole() {
            Some(Ok(n)) if n >= MIN => T::try_from(n).or_else(|_| invalid("is too large")),
            Some(_) if MIN > 0 => invalid(format!("must be a whole number of at least {MIN}")),
            Some(_) | None => invalid("must be a whole number of at least 0"),
        },
        show: |n| Some(grouped(&n.to_string())),
    }
}

/// Groups digits by three with underscores, as TOML allows.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

const BYTE_UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
];

/// A number of bytes of at least `MIN`: `"256MiB"`, or a plain number.
pub(super) const fn bytes<T: TryFrom<u64> + Copy + Into<ByteCount>, const MIN: u64>() -> Form<T> {
    Form {
        sound: None,
        read: |written| {
            let what = "a size such as \"256MiB\" (B, KiB, MiB, GiB, TiB, kB, MB, GB, TB) or a number of bytes";
            let count = match written.whole() {
                Some(Ok(n)) => Some(n),
                Some(Err(_)) | None => written.text(what).ok().and_then(parse_bytes),
            };
            match count {
                Some(n) if n >= MIN => T::try_from(n).or_else(|_| invalid("is too large")),
                Some(_) => invalid("must be above 0"),
                None => invalid(format!("must be {what}")),
            }
        },
        show: |&n| {
            let ByteCount(n) = n.into();
            Some(show_bytes(n))
        },
    }
}

/// A number of bytes to be shown, whatever its integer type.
pub(super) struct ByteCount(u64);

impl From<u64> for ByteCount {
    fn from(n: u64) -> Self {
        Self(n)
    }
}

impl From<usize> for ByteCount {
    fn from(n: usize) -> Self {
        Self(n as u64)
    }
}

fn parse_bytes(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '_')?;
    let number: u64 = text[..digits].replace('_', "").parse().ok()?;
    let unit = text[digits..].trim();
    let (_, factor) = BYTE_UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    number.checked_mul(*factor)
}

fn show_bytes(n: u64) -> String {
    for (unit, factor) in [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if n > 0 && n.is_multiple_of(factor) {
            return quoted(&format!("{}{unit}", n / factor));
        }
    }
    grouped(&n.to_string())
}

/// A duration such as `"10s"`, at least `MIN` milliseconds.
pub(super) const fn duration<const MIN: u64>() -> Form<Duration> {
    Form {
        sound: None,
        read: |written| {
            let what = "a time with its unit, such as \"500ms\", \"10s\", \"5m\", \"24h\" or \"365d\"";
            match humantime::parse_duration(written.text(what)?.trim()) {
                Ok(time) if time >= Duration::from_millis(MIN) => Ok(time),
                Ok(_) => invalid(format!("must be at least {MIN}ms")),
                Err(_) => invalid(format!("must be {what}")),
            }
        },
        show: |&time| Some(quoted(&show_duration(time))),
    }
}

fn show_duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if time.subsec_nanos() > 0 {
        format!("{}ms", time.as_millis())
    } else if seconds > 0 && seconds.is_multiple_of(86_400) && seconds > 86_400 {
        format!("{}d", seconds / 86_400)
    } else if seconds > 0 && seconds.is_multiple_of(3_600) {
        format!("{}h", seconds / 3_600)
    } else {
        format!("{seconds}s")
    }
}

/// A path. A relative path starts from the folder of the configuration, or from the working directory if a flag or the
/// environment gives it.
pub(super) const PATH: Form<Option<PathBuf>> = Form {
    sound: None,
    read: |written| match written.text("a path")? {
        "" => invalid("must not be empty"),
        path if path.contains('\0') => invalid("must not contain a NUL byte"),
        path => Ok(Some(written.place(path))),
    },
    show: |path| path.as_ref().map(|path| quoted(&path.to_string_lossy())),
};

/// Any non-empty text.
pub(super) const TEXT: Form<Option<String>> = Form {
    sound: None,
    read: |written| match written.text("text")? {
        "" => invalid("must not be empty"),
        text => Ok(Some(text.to_owned())),
    },
    show: |text| text.as_deref().map(quoted),
};

/// An absolute http or https URL without query, fragment, user name or password.
pub(super) const BASE_URL: Form<Option<url::Url>> = Form {
    sound: None,
    read: |written| {
        let what = "an absolute URL such as \"https://example.com/images/\"";
        let Ok(url) = url::Url::parse(written.text(what)?) else { return invalid(format!("must be {what}")) };
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return invalid("must start with http:// or https:// and a host");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return invalid("must not have a query or a fragment");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return invalid("must not contain a user name or password");
        }
        Ok(Some(url))
    },
    show: |url| url.as_ref().map(|url| quoted(url.as_str())),
};

/// Networks such as `10.0.0.0/8`.
pub(super) const NETWORKS: Form<Option<Vec<IpNet>>> = Form {
    sound: None,
    read: |written| {
        let what = "a network such as \"127.0.0.0/8\" or \"fd00::/8\"";
        collect(written.list(what)?.into_iter().map(|Located { at, value }| {
            IpNet::from_str(&value).map_err(|_| vec![Invalid { at, message: format!("must be {what}") }])
        }))
        .map(Some)
    },
    show: |_| None,
};

/// Host names, converted to lower case. Patterns may also be `*`, begin with `*.` and end with a port.
pub(super) const fn hosts<const PATTERNS: bool>() -> Form<Vec<Located<String>>> {
    Form {
        sound: Some(|written| sound(read_hosts::<PATTERNS>(written))),
        read: |written| collect(read_hosts::<PATTERNS>(written).into_iter()),
        show: |_| None,
    }
}

/// Host patterns. An empty list is a valid choice and differs from a list that is not set.
pub(super) const HOST_PATTERNS: Form<Option<Vec<String>>> = Form {
    sound: None,
    read: |written| {
        collect(read_hosts::<true>(written).into_iter())
            .map(|hosts: Vec<Located<String>>| Some(hosts.into_iter().map(|host| host.value).collect()))
    },
    show: |_| None,
};

fn read_hosts<const PATTERNS: bool>(written: Written<'_>) -> Vec<Reading<Located<String>>> {
    written.members("a host name", |text| {
        let value = text.to_ascii_lowercase();
        let name = if PATTERNS { pattern_host(&value) } else { Some(value.as_str()) };
        name.map_or(Ok(()), check_host).map(|()| value)
    })
}

/// Returns the host in a pattern, or `None` if the pattern matches any host.
fn pattern_host(pattern: &str) -> Option<&str> {
    let host = match pattern.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() && !host.ends_with(':') => host,
        Some(_) | None => pattern,
    };
    (host != "*").then(|| host.strip_prefix("*.").unwrap_or(host))
}

fn check_host(name: &str) -> Result<(), String> {
    let bare = "must be a bare host name, without scheme, port or path".to_owned();
    if let Some(address) = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().map(|_| ()).map_err(|_| bare);
    }
    if !name.is_ascii() {
        return Err("must be ASCII; write an international name as \"xn--...\"".to_owned());
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() <= 253 && name.split('.').all(is_label) { Ok(()) } else { Err(bare) }
}

// Does not repeat what was written, which may be the secret itself in the wrong place.
const SECRET_FORM: &str = "must be \"env:NAME\" or \"file:/path\"; the secret itself does not belong here";

/// A reference to one secret.
pub(super) const SECRET: Form<Option<SecretRef>> = Form {
    sound: None,
    read: |written| match SecretRef::parse(written.text("\"env:NAME\" or \"file:/path\"")?) {
        Some(reference) => Ok(Some(placed(reference, written))),
        None => invalid(SECRET_FORM),
    },
    show: |_| None,
};

/// References to several secrets.
pub(super) const SECRETS: Form<Vec<Located<SecretRef>>> = Form {
    sound: Some(|written| sound(read_secrets(written))),
    read: |written| collect(read_secrets(written).into_iter()),
    show: |_| None,
};

fn read_secrets(written: Written<'_>) -> Vec<Reading<Located<SecretRef>>> {
    let read = |text: &str| SecretRef::parse(text).map(|reference| placed(reference, written));
    written.members("\"env:NAME\" or \"file:/path\"", |text| read(text).ok_or_else(|| SECRET_FORM.to_owned()))
}

/// Returns the reference with its path resolved from the configuration's folder.
fn placed(reference: SecretRef, written: Written<'_>) -> SecretRef {
    match reference {
        SecretRef::File(path) => SecretRef::File(written.place(&path.to_string_lossy())),
        SecretRef::Environment(name) => SecretRef::Environment(name),
    }
}

/// A closed set of words.
pub(super) trait Choice: Copy + PartialEq + 'static {
    /// Each word with the value it stands for.
    const WORDS: &'static [(&'static str, Self)];

    /// Returns the word for this value.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }
}

fn choose<T: Choice>(text: &str) -> Option<T> {
    T::WORDS.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
}

fn words<T: Choice>() -> String {
    let words: Vec<_> = T::WORDS.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    words.join(", ")
}

/// One word of a closed set.
pub(super) const fn choice<T: Choice>() -> Form<T> {
    Form {
        sound: None,
        read: |written| {
            let what = format!("one of {}", words::<T>());
            choose(written.text(&what)?).map_or_else(|| invalid(format!("must be {what}")), Ok)
        },
        show: |value| Some(quoted(value.word())),
    }
}

/// One word of a closed set, or not set.
pub(super) const fn optional_choice<T: Choice>() -> Form<Option<T>> {
    Form {
        sound: None,
        read: |written| (choice::<T>().read)(written).map(Some),
        show: |value| value.map(|v| quoted(v.word())),
    }
}

/// At least one word of a closed set, none of them twice.
pub(super) const fn choices<T: Choice>() -> Form<Vec<T>> {
    Form {
        sound: None,
        read: |written| {
            let what = format!("one of {}", words::<T>());
            let members = written.list(&what)?;
            if members.is_empty() {
                return invalid(format!("must contain at least {what}"));
            }
            let mut seen = Vec::new();
            collect(members.into_iter().map(|Located { at, value }| match choose::<T>(&value) {
                Some(choice) if seen.contains(&choice) => {
                    Err(vec![Invalid { at, message: format!("\"{value}\" is listed twice") }])
                }
                Some(choice) => {
                    seen.push(choice);
                    Ok(choice)
                }
                None => Err(vec![Invalid { at, message: format!("must be {what}") }]),
            }))
        },
        show: |values| {
            let words: Vec<_> = values.iter().map(|v| quoted(v.word())).collect();
            Some(format!("[{}]", words.join(", ")))
        },
    }
}

/// A table of parameters such as `{ auto = "format", q = 60, crop = ["faces", "top"] }`, in the order written.
pub(super) const PARAMETERS: Form<Vec<Located<(String, String)>>> = Form {
    sound: None,
    read: |written| match written {
        Written::Text(_) => invalid("can only be set in the configuration file"),
        Written::Toml(value, _) => {
            let Some(table) = value.get_ref().as_table() else {
                return invalid("must be a table such as { auto = \"format\" }");
            };
            let mut entries: Vec<_> = table.iter().collect();
            // The map is sorted by name; the spans give the order written.
            entries.sort_by_key(|(name, _)| name.span().start);
            collect(entries.into_iter().map(|(name, value)| {
                let at = Some(name.span());
                match parameter_text(value.get_ref()) {
                    Some(text) => Ok(Located { at, value: (name.get_ref().to_string(), text) }),
                    None => Err(vec![Invalid {
                        at,
                        message: format!("{}: must be text, a number, true, false or a list of these", name.get_ref()),
                    }]),
                }
            }))
        }
    },
    show: |_| None,
};

fn parameter_text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(|n| n.to_string()),
        DeValue::Float(number) => number.as_str().parse::<f64>().ok().filter(|n| n.is_finite()).map(|n| n.to_string()),
        DeValue::Boolean(switch) => Some(switch.to_string()),
        DeValue::Array(members) => {
            let texts: Option<Vec<_>> = members
                .iter()
                .map(|member| Some(member.get_ref()).filter(|member| !member.is_array()).and_then(parameter_text))
                .collect();
            texts.map(|texts| texts.join(","))
        }
        DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}
