//! Finds the source for a host name.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use super::StartError;
use crate::cache::ObjectKey;
use crate::config::{Config, Signing, SourceConfig, SourceKind, TtlMode};
use crate::limits::Limits;
use crate::param::{self, ParamError, Parsed};
use crate::plan::Policy;
use crate::source::{self, Source};

/// First character of the names of overlay proxies. No configured name can start with it.
const PROXY_MARK: char = '\0';

/// A configured source, ready to fetch from.
#[derive(Debug)]
pub struct Site {
    /// The operator's configuration of the source.
    pub config: SourceConfig,
    /// Fetches its originals.
    pub source: Arc<dyn Source>,
    /// Part of every cache key. Changes when the source points elsewhere, so a renamed bucket never serves the images
    /// of the old one.
    pub fingerprint: [u8; 32],
    /// The proxy that fetches overlays named by URL; `None` if this source, itself a proxy, does that.
    pub abroad: Option<Arc<Self>>,
}

impl Site {
    /// Returns the proxy that fetches overlays named by URL for this source. Nothing but overlays comes from it, unless
    /// the source is a proxy itself.
    #[must_use]
    pub fn abroad(self: &Arc<Self>) -> &Arc<Self> {
        self.abroad.as_ref().unwrap_or(self)
    }

    /// Returns the identity of an object, given its decoded path.
    #[must_use]
    pub fn object_key(&self, object: &str) -> ObjectKey {
        ObjectKey::new(&self.config.name, &self.fingerprint, object)
    }

    /// Returns the source's name as shown to the operator.
    #[must_use]
    pub fn label(&self) -> Cow<'_, str> {
        match self.config.name.strip_prefix(PROXY_MARK) {
            Some(hosts) => Cow::Owned(format!("of overlays from {hosts}")),
            None => Cow::Borrowed(&self.config.name),
        }
    }

    /// Parses the parameters of a request to this source: those of the query, completed by the defaults.
    ///
    /// # Errors
    /// As [`param::parse`].
    pub fn parse(&self, query: &str) -> Result<Parsed, ParamError> {
        param::parse(query, &self.config.default_params)
    }

    /// Parses the parameters of an image that goes into an image of this source. Default parameters do not apply to
    /// such a part, except those that hide something.
    ///
    /// # Errors
    /// As [`param::parse`].
    pub fn parse_part(&self, query: &str) -> Result<Parsed, ParamError> {
        let protects = |(name, _): &&(String, String)| param::spelled(name).is_some_and(|(spec, _)| spec.protects);
        let defaults: Vec<_> = self.config.default_params.iter().filter(protects).cloned().collect();
        param::parse(query, &defaults)
    }

    /// Returns the settings that the operator decides.
    #[must_use]
    pub const fn policy(&self, limits: &Limits) -> Policy {
        Policy::new(limits, self.config.rasterize_svg, self.config.ignore_lp_blur)
    }
}

/// All configured sources.
#[derive(Debug)]
pub struct Sites {
    by_host: HashMap<String, Arc<Site>>,
    catch_all: Option<Arc<Site>>,
}

impl Sites {
    /// Builds every configured source.
    ///
    /// # Errors
    /// Returns the error of the first source that cannot be built.
    pub async fn build(config: &Config) -> Result<Self, StartError> {
        let mut sites = Self { by_host: HashMap::new(), catch_all: None };
        // Sources that allow the same overlay hosts share one proxy, and so its connections.
        let mut proxies: HashMap<Vec<String>, Arc<Site>> = HashMap::new();
        for source in &config.sources {
            let abroad = match overlay_hosts(source) {
                None => None,
                Some(hosts) => Some(match proxies.entry(hosts) {
                    Entry::Occupied(proxy) => proxy.get().clone(),
                    Entry::Vacant(place) => {
                        let proxy = built(&proxy(place.key()), config, None).await?;
                        place.insert(proxy).clone()
                    }
                }),
            };
            let site = built(source, config, abroad).await?;
            if source.hosts.is_empty() {
                sites.catch_all = Some(site);
            } else {
                // An IPv6 address has brackets in the configuration but none where hosts are compared.
                let bare = |host: &String| host.trim_matches(['[', ']']).to_owned();
                sites.by_host.extend(source.hosts.iter().map(|host| (bare(host), site.clone())));
            }
        }
        Ok(sites)
    }

    /// Returns the source configured for exactly this `host` (lower case).
    #[must_use]
    pub fn named(&self, host: &str) -> Option<&Arc<Site>> {
        self.by_host.get(host)
    }

    /// Returns the source that serves `host` (lower case), if any.
    #[must_use]
    pub fn get(&self, host: &str) -> Option<&Arc<Site>> {
        self.by_host.get(host).or(self.catch_all.as_ref())
    }
}

async fn built(source: &SourceConfig, config: &Config, abroad: Option<Arc<Site>>) -> Result<Arc<Site>, StartError> {
    let built = source::build(source, &config.limits)
        .await
        .map_err(|error| StartError::Source { name: source.name.clone(), error })?;
    Ok(Arc::new(Site { config: source.clone(), source: built, fingerprint: source.fingerprint(), abroad }))
}

/// Returns the hosts that overlays named by URL may come from; `None` for a source that fetches originals by URL
/// already, because the same rules then apply to its overlays.
fn overlay_hosts(source: &SourceConfig) -> Option<Vec<String>> {
    let any_public = || (!source.kind.is_proxy()).then(|| vec!["*".to_owned()]);
    source.overlay_hosts.clone().or_else(any_public)
}

/// Configures the proxy for overlays. It allows no private address, whatever the source itself may reach: the host
/// comes from a stranger's URL.
fn proxy(hosts: &[String]) -> SourceConfig {
    SourceConfig {
        // A name that cannot be configured, and a different one for each list: a source must not find in the cache what
        // it may not fetch.
        name: format!("{PROXY_MARK}{}", hosts.join(" ")),
        hosts: Vec::new(),
        kind: SourceKind::WebProxy { allow_hosts: hosts.to_vec(), allow_private: Vec::new() },
        overlay_hosts: None,
        default_params: Vec::new(),
        cache_ttl: Duration::from_secs(3600),
        cache_ttl_mode: TtlMode::RespectOrigin,
        error_ttl: Duration::from_secs(60),
        signing: Signing { required: false, schemes: Vec::new(), keys: Vec::new() },
        params_header: false,
        rasterize_svg: false,
        ignore_lp_blur: false,
    }
}
