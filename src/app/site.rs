//! Sources by host name.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::StartError;
use crate::config::{Config, SourceConfig};
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
}

impl Sites {
    /// Builds every configured source.
    ///
    /// # Errors
    /// The first source that cannot be built.
    pub async fn build(config: &Config) -> Result<Self, StartError> {
        let mut sites = Self { by_host: HashMap::new(), catch_all: None };
        for source in &config.sources {
            let built = source::build(source, &config.limits)
                .await
                .map_err(|error| StartError::Source { name: source.name.clone(), error })?;
            let site = Arc::new(Site { config: source.clone(), source: built, version: version_of(source) });
            if source.hosts.is_empty() {
                sites.catch_all = Some(site);
            } else {
                sites.by_host.extend(source.hosts.iter().map(|host| (host.clone(), site.clone())));
            }
        }
        Ok(sites)
    }

    /// The source that serves `host` (lower case), if any.
    #[must_use]
    pub fn get(&self, host: &str) -> Option<&Arc<Site>> {
        self.by_host.get(host).or(self.catch_all.as_ref())
    }
}

/// Default parameters are not hashed: they are merged into the plan, which is part of the key already.
fn version_of(source: &SourceConfig) -> [u8; 32] {
    // Secrets print as nothing, so a rotated key keeps the cache.
    Sha256::digest(format!("{:?}", source.kind)).into()
}
