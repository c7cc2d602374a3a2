//! Sources by host name.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::StartError;
use crate::config::{Config, Signing, SourceConfig, SourceKind, TtlMode};
use crate::source::{self, Source};

/// A configured source, ready to fetch from.
#[derive(Debug)]
pub struct Site {
    /// What the operator said of it.
    pub config: SourceConfig,
    /// Where its originals are.
    pub source: Arc<dyn Source>,
    /// Part of every cache key: changes when the source points elsewhere, so that a renamed bucket never serves the
    /// pictures of the old one.
    pub version: [u8; 32],
}

/// All of them.
#[derive(Debug)]
pub struct Sites {
    by_host: HashMap<String, Arc<Site>>,
    catch_all: Option<Arc<Site>>,
    elsewhere: Arc<Site>,
}

impl Sites {
    /// Builds every configured source.
    ///
    /// # Errors
    /// The first source that cannot be built.
    pub async fn build(config: &Config) -> Result<Self, StartError> {
        let elsewhere = built(&elsewhere(), config).await?;
        let mut sites = Self { by_host: HashMap::new(), catch_all: None, elsewhere };
        for source in &config.sources {
            let site = built(source, config).await?;
            if source.hosts.is_empty() {
                sites.catch_all = Some(site);
            } else {
                sites.by_host.extend(source.hosts.iter().map(|host| (host.clone(), site.clone())));
            }
        }
        Ok(sites)
    }

    /// The source that was configured for this very `host` (lower case).
    #[must_use]
    pub fn named(&self, host: &str) -> Option<&Arc<Site>> {
        self.by_host.get(host)
    }

    /// The rest of the world, from which only pictures to be laid over others may come: a proxy for any public host.
    #[must_use]
    pub const fn elsewhere(&self) -> &Arc<Site> {
        &self.elsewhere
    }

    /// The source that serves `host` (lower case), if any.
    #[must_use]
    pub fn get(&self, host: &str) -> Option<&Arc<Site>> {
        self.by_host.get(host).or(self.catch_all.as_ref())
    }
}

async fn built(source: &SourceConfig, config: &Config) -> Result<Arc<Site>, StartError> {
    let built = source::build(source, &config.limits)
        .await
        .map_err(|error| StartError::Source { name: source.name.clone(), error })?;
    Ok(Arc::new(Site { config: source.clone(), source: built, version: version_of(source) }))
}

/// No private address is allowed, whatever a source may reach: the host stands in the URL of a stranger.
fn elsewhere() -> SourceConfig {
    SourceConfig {
        // No name that can be configured.
        name: "\u{0}elsewhere".to_owned(),
        hosts: Vec::new(),
        kind: SourceKind::WebProxy { allow_hosts: vec!["*".to_owned()], allow_private: Vec::new() },
        default_params: Vec::new(),
        cache_ttl: Duration::from_secs(3600),
        cache_ttl_mode: TtlMode::RespectOrigin,
        error_ttl: Duration::from_secs(60),
        signing: Signing { required: false, schemes: Vec::new(), keys: Vec::new() },
        params_header: false,
        rasterize_svg: false,
    }
}

/// Default parameters are not hashed: they are merged into the plan, which is part of the key already.
fn version_of(source: &SourceConfig) -> [u8; 32] {
    // Secrets print as nothing, so a rotated key keeps the cache.
    Sha256::digest(format!("{:?}", source.kind)).into()
}
