//! Names to addresses, of which only permitted ones come out: what was checked is what is connected to.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::Guard;

/// Asks for the addresses of a name.
pub(super) type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// A resolver behind a [`Guard`]. The client connects to the very addresses returned here and never asks again for the
/// same connection, so an answer that changes afterwards changes nothing.
pub(super) struct GuardedResolver {
    guard: Guard,
    lookup: Lookup,
}

/// Every address of a name was refused.
#[derive(Debug, thiserror::Error)]
#[error("address refused")]
pub(super) struct Refused;

impl GuardedResolver {
    pub(super) const fn new(guard: Guard, lookup: Lookup) -> Self {
        Self { guard, lookup }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.guard.clone();
        let answer = (self.lookup)(name.as_str().to_owned());
        Box::pin(async move {
            // The port is the client's to fill in.
            let permitted: Vec<_> =
                answer.await?.into_iter().filter(|ip| guard.permits(*ip)).map(|ip| SocketAddr::new(ip, 0)).collect();
            if permitted.is_empty() {
                return Err(Refused.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

/// The system's resolver, `/etc/hosts` included.
pub(super) fn system() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
    })
}
