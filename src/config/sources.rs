//! Turns `[[source]]` as written into [`SourceConfig`], with the checks between keys and between sources.

use std::collections::BTreeMap;

use super::fault::{Fault, Place};
use super::keys::{KindWord, SigningMode, SourceDraft};
use super::places::{Places, apply};
use super::raw::{RawSource, SourceText};
use super::secret::{Rule, SecretRef};
use super::value::Choice;
use super::{Environment, S3Config, Secret, Signing, SourceConfig, SourceKind};
use crate::param::{self, PARAMS, ParamError};

/// Shortest key accepted by default. A shorter one can be found by an offline search, given one signed URL
/// (`signing.md` 5).
const KEY_BYTES_MIN: usize = 16;

/// A source that is being checked.
struct Check<'a> {
    draft: SourceDraft,
    places: Places<'a>,
    environment: &'a Environment,
    faults: &'a mut Vec<Fault>,
}

/// Reads and checks all sources, each on its own and then against the others. Returns each with the places of its keys.
pub(super) fn resolve_sources(
    raw: &[RawSource<'_>],
    file: SourceText<'_>,
    environment: &Environment,
    faults: &mut Vec<Fault>,
) -> Vec<(SourceConfig, BTreeMap<String, Place>)> {
    let mut names = BTreeMap::new();
    let mut hosts = BTreeMap::new();
    let mut resolved = Vec::new();
    for source in raw {
        let mut draft = SourceDraft::default();
        let mut places = Places::new(file, source.place.clone());
        apply(&mut draft, &source.entries, &mut places, faults);
        claim(&draft, &places, &mut names, &mut hosts, faults);
        let mut check = Check { draft, places, environment, faults };
        check.keys_belong(source);
        let written = check.places.written().clone();
        resolved.extend(check.finish().map(|source| (source, written)));
    }
    resolved
}

/// Checks that a name and a host belong to only one source, and that at most one source has no hosts.
fn claim(
    draft: &SourceDraft,
    places: &Places<'_>,
    names: &mut BTreeMap<String, Place>,
    hosts: &mut BTreeMap<String, Place>,
    faults: &mut Vec<Fault>,
) {
    if let Some(name) = &draft.name
        && let Some(first) = names.insert(name.clone(), places.of("source.name"))
    {
        let message = format!("the name \"{name}\" is already used at {first}");
        faults.push(Fault::new(places.of("source.name"), "source.name", message));
    }
    for host in &draft.hosts {
        let place = places.within("source.hosts", host.at.as_ref());
        if let Some(first) = hosts.insert(host.value.clone(), place.clone()) {
            let message = format!("the host \"{}\" is already used at {first}", host.value);
            faults.push(Fault::new(place, "source.hosts", message));
        }
    }
    if draft.hosts.is_empty() && !places.is_faulty("source.hosts") {
        let place = places.of("source.hosts");
        if let Some(first) = hosts.insert(String::new(), place.clone()) {
            let message = format!("only one source may have no hosts; the first is at {first}");
            faults.push(Fault::new(place, "source.hosts", message));
        }
    }
}

impl Check<'_> {
    fn fault(&mut self, key: &str, message: impl Into<String>) {
        let key = format!("source.{key}");
        self.faults.push(Fault::new(self.places.of(&key), key, message));
    }

    /// Returns whether `key` was not written. False for a key that was written with a faulty value.
    fn is_absent(&self, key: &str) -> bool {
        !self.places.is_written(&format!("source.{key}"))
    }

    fn require<T>(&mut self, key: &str, kind: KindWord, value: Option<T>) -> Option<T> {
        if value.is_none() && self.is_absent(key) {
            self.fault(key, format!("is required for kind = \"{}\"", kind.word()));
        }
        value
    }

    /// Reports keys of another kind of source, which would otherwise be ignored silently.
    fn keys_belong(&mut self, source: &RawSource<'_>) {
        let Some(kind) = self.draft.kind else { return };
        for entry in &source.entries {
            if !entry.spec.kinds.is_empty() && !entry.spec.kinds.contains(&kind) {
                let message = format!("does not belong to kind = \"{}\"", kind.word());
                self.faults.push(Fault::new(entry.place.clone(), entry.spec.path(), message));
            }
        }
    }

    /// Returns the source, or `None` after reporting its faults.
    fn finish(mut self) -> Option<SourceConfig> {
        let name = self.name();
        let kind = self.kind();
        let signing = self.signing();
        let default_params = self.default_params();
        let draft = self.draft;
        Some(SourceConfig {
            name: name?,
            hosts: draft.hosts.into_iter().map(|host| host.value).collect(),
            kind: kind?,
            overlay_hosts: draft.overlay_hosts,
            default_params,
            cache_ttl: draft.cache_ttl,
            cache_ttl_mode: draft.cache_ttl_mode,
            error_ttl: draft.error_ttl,
            signing,
            rasterize_svg: draft.rasterize_svg,
            ignore_lp_blur: draft.ignore_lp_blur,
            params_header: draft.params_header,
        })
    }

    fn name(&mut self) -> Option<String> {
        let Some(name) = self.draft.name.clone() else {
            if self.is_absent("name") {
                self.fault("name", "every source needs a name");
            }
            return None;
        };
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if name.len() > 64 || !name.bytes().all(is_plain) {
            self.fault("name", "must be at most 64 letters, digits, '-', '_' and '.'");
        }
        Some(name)
    }

    fn kind(&mut self) -> Option<SourceKind> {
        let Some(kind) = self.draft.kind else {
            if self.is_absent("kind") {
                self.fault("kind", "must be \"folder\", \"web-folder\", \"web-proxy\" or \"s3\"");
            }
            return None;
        };
        let allow_private = self.draft.allow_private.clone().unwrap_or_default();
        match kind {
            KindWord::Folder => {
                let root = self.draft.root.clone();
                Some(SourceKind::Folder { root: self.require("root", kind, root)? })
            }
            KindWord::WebFolder => {
                let base_url = self.draft.base_url.clone();
                Some(SourceKind::WebFolder { base_url: self.require("base_url", kind, base_url)?, allow_private })
            }
            KindWord::WebProxy => {
                let allow_hosts: Vec<_> = self.draft.allow_hosts.iter().map(|host| host.value.clone()).collect();
                if allow_hosts.is_empty() && !self.is_faulty("allow_hosts") {
                    self.fault("allow_hosts", "a web-proxy must list the hosts that it may fetch from");
                }
                Some(SourceKind::WebProxy { allow_hosts, allow_private })
            }
            KindWord::S3 => self.s3().map(SourceKind::S3),
        }
    }

    /// Returns whether `key` was written with a faulty value.
    fn is_faulty(&self, key: &str) -> bool {
        self.places.is_faulty(&format!("source.{key}"))
    }

    fn s3(&mut self) -> Option<S3Config> {
        let bucket = self.draft.bucket.clone();
        let bucket = self.require("bucket", KindWord::S3, bucket);
        let credentials = match (self.draft.access_key.clone(), self.draft.secret_key.clone()) {
            (Some(access), Some(secret)) => {
                let access = self.secret("access_key", None, access);
                let secret = self.secret("secret_key", None, secret);
                let rule = Rule { bytes_min: 1, is_text: true };
                access.zip(secret).and_then(|(access, secret)| {
                    let mut pair = Secret::together(vec![access, secret], rule);
                    pair.next().zip(pair.next())
                })
            }
            (Some(_), None) if self.is_absent("secret_key") => {
                self.fault("secret_key", "access_key and secret_key must be given together");
                None
            }
            (None, Some(_)) if self.is_absent("access_key") => {
                self.fault("access_key", "access_key and secret_key must be given together");
                None
            }
            (_, _) => None,
        };
        let prefix = self.draft.prefix.clone().unwrap_or_default();
        Some(S3Config {
            bucket: bucket?,
            prefix: prefix.trim_start_matches('/').to_owned(),
            region: self.draft.region.clone(),
            endpoint: self.draft.endpoint.clone(),
            path_style: self.draft.path_style,
            credentials,
        })
    }

    fn signing(&mut self) -> Signing {
        let required = self.draft.mode == SigningMode::Required;
        if self.draft.kind == Some(KindWord::WebProxy) && !required && !self.is_faulty("signing.mode") {
            self.fault("signing.mode", "a web-proxy must have signing = { mode = \"required\", ... }");
        }
        if required && self.draft.keys.is_empty() && !self.is_faulty("signing.keys") {
            self.fault("signing.keys", "signing is required, but there is no key; add one to signing.keys");
        }
        let mut keys = Vec::new();
        let bytes_min = if self.draft.allow_short_keys { 1 } else { KEY_BYTES_MIN };
        for reference in self.draft.keys.clone() {
            let Some(key) = self.secret("signing.keys", reference.at.as_ref(), reference.value) else { continue };
            if key.1.len() < bytes_min {
                let place = self.places.within("source.signing.keys", reference.at.as_ref());
                let message = format!(
                    "the key is shorter than {KEY_BYTES_MIN} bytes; use a longer one, or set signing.allow_short_keys"
                );
                self.faults.push(Fault::new(place, "source.signing.keys", message));
            }
            keys.extend(Secret::together(vec![key], Rule { bytes_min, is_text: false }));
        }
        Signing { required, schemes: self.draft.schemes.clone(), keys }
    }

    /// Reads the bytes of a secret and returns them with their origin.
    fn secret(
        &mut self,
        key: &str,
        at: Option<&std::ops::Range<usize>>,
        reference: SecretRef,
    ) -> Option<(SecretRef, Vec<u8>)> {
        match reference.read(self.environment) {
            Ok(secret) => Some((reference, secret)),
            Err(message) => {
                let key = format!("source.{key}");
                self.faults.push(Fault::new(self.places.within(&key, at), key, message));
                None
            }
        }
    }

    fn default_params(&mut self) -> Vec<(String, String)> {
        let params = std::mem::take(&mut self.draft.default_params);
        for param in &params {
            let (name, value) = &param.value;
            if let Some(message) = default_fault(name, value) {
                let place = self.places.within("source.default_params", param.at.as_ref());
                self.faults.push(Fault::new(place, "source.default_params", message));
            }
        }
        params.into_iter().map(|param| param.value).collect()
    }
}

/// Returns what is wrong with a default parameter. A request silently drops a bad value; here an operator reads the
/// message.
fn default_fault(name: &str, value: &str) -> Option<String> {
    let find = |name: &str| PARAMS.iter().find(|spec| spec.name == name || spec.aliases.contains(&name));
    let twin = name.strip_suffix("64").and_then(find).filter(|spec| spec.base64);
    let Some(spec) = find(name).or(twin) else {
        let meant = param::nearest_name(name).map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
        return Some(format!("{name} is not a parameter{meant}"));
    };
    if !spec.presettable {
        return Some(format!("{name} cannot be a default"));
    }
    let is_valid = match param::parse("", &[(name.to_owned(), value.to_owned())]) {
        // Checks a plain value alone, because the parameters it depends on may come with the request.
        Ok(parsed) => parsed.honoured.iter().any(|honoured| honoured.name == spec.name) || spec.parse(value).is_some(),
        Err(ParamError::InvalidBase64 { .. } | ParamError::Unreadable { .. }) => false,
    };
    // Unknown words come first: a list with no known word is not a valid value, but naming the word says more.
    let unknown = spec.unknown_words(value).into_iter().next().filter(|_| find(name).is_some());
    let Some((unknown, meant)) = unknown else {
        return (!is_valid).then(|| format!("{name} cannot have this value; it takes {}", spec.grammar()));
    };
    let meant = meant.map(|word| format!(" (did you mean \"{word}\"?)")).unwrap_or_default();
    Some(format!("{name} does not accept \"{unknown}\"{meant}; it takes {}", spec.grammar()))
}
