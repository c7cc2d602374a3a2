//! Names to addresses, of which only permitted ones come out: what was checked is what is connected to.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::Guard;

/// The system's resolver behind a [`Guard`]. The client connects to the very addresses returned here, so an answer that
/// changes afterwards changes nothing.
#[derive(Debug)]
pub(super) struct GuardedResolver(pub(super) Guard);

/// Every address of a name was refused.
#[derive(Debug, thiserror::Error)]
#[error("address refused")]
pub(super) struct Refused;

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            // The port is the client's to fill in.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let permitted: Vec<SocketAddr> = found.filter(|address| guard.permits(address.ip())).collect();
            if permitted.is_empty() {
                return Err(Refused.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}
