//! The key pair that the configuration names, with the current contents of its files.

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};

use crate::config::Secret;
use crate::source::BuildError;

/// A provider that is called for every request, so that a changed key takes effect at once. Must not be cached.
#[derive(Debug)]
pub(super) struct KeyPair {
    access: Secret,
    secret: Secret,
}

impl KeyPair {
    /// # Errors
    /// Returns [`BuildError::Credentials`] if one of the two is not text.
    pub(super) fn new(access: &Secret, secret: &Secret) -> Result<Self, BuildError> {
        let pair = Self { access: access.clone(), secret: secret.clone() };
        pair.credentials().map_err(|_| BuildError::Credentials)?;
        Ok(pair)
    }

    fn credentials(&self) -> provider::Result {
        let (access, secret) = Secret::expose_both(&self.access, &self.secret);
        Ok(Credentials::new(text(&access)?, text(&secret)?, None, None, "config"))
    }
}

fn text(bytes: &[u8]) -> Result<&str, CredentialsError> {
    std::str::from_utf8(bytes).map(str::trim).map_err(|_| CredentialsError::invalid_configuration("no text"))
}

impl ProvideCredentials for KeyPair {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(self.credentials())
    }
}
