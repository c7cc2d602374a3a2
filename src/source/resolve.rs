//! Resolves names to permitted addresses only. We connect to exactly the addresses that were checked.

use std::error::Error as StdError;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use super::guard::Guard;

/// A function that looks up the addresses of a name.
pub(super) type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// A resolver behind a [`Guard`]. The client connects to exactly the addresses returned here and never looks up the
/// name again for the same connection, so a later change of the answer has no effect.
#[derive(Clone)]
pub(super) struct GuardedResolver {
    /// `None` permits every address; used for hosts that only the operator can name.
    guard: Option<Guard>,
    lookup: Lookup,
}

/// Every address of a name was refused.
#[derive(Debug, thiserror::Error)]
#[error("address refused")]
pub(super) struct Refused;

/// The name has no address.
#[derive(Debug, thiserror::Error)]
#[error("name not resolved")]
pub(super) struct Unresolved(pub(super) io::Error);

impl GuardedResolver {
    pub(super) const fn new(guard: Option<Guard>, lookup: Lookup) -> Self {
        Self { guard, lookup }
    }
}

impl Service<Name> for GuardedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let guard = self.guard.clone();
        let answer = (self.lookup)(name.as_str().to_owned());
        Box::pin(async move {
            let found = answer.await.map_err(Unresolved)?;
            if found.is_empty() {
                return Err(Unresolved(io::ErrorKind::NotFound.into()).into());
            }
            let is_permitted = |ip: &IpAddr| guard.as_ref().is_none_or(|guard| guard.permits(*ip));
            // The client fills in the port.
            let permitted: Vec<_> = found.into_iter().filter(is_permitted).map(|ip| SocketAddr::new(ip, 0)).collect();
            if permitted.is_empty() { Err(Refused.into()) } else { Ok(permitted.into_iter()) }
        })
    }
}

/// Returns the system's resolver, which includes `/etc/hosts`.
pub(super) fn system() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
    })
}
