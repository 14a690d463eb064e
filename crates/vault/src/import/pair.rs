//! A key pair.

use std::fmt;

use strongroom_crypto::{RsaPrivateKey, SecretBytes};

use super::error::ImportError;
use crate::PublicKey;

/// A key pair: the public half for a command, the private one for wherever material is kept.
#[expect(clippy::exhaustive_structs, reason = "a driver takes it apart")]
pub struct KeyPair {
    /// The public half.
    pub public: PublicKey,
    /// The private half as PKCS#8 DER, version 0 (RFC 5208).
    pub private: SecretBytes,
}

impl KeyPair {
    pub(super) fn of_rsa(private: &dyn RsaPrivateKey) -> Result<Self, ImportError> {
        let public = private.public_key();
        Ok(Self {
            public: PublicKey::Rsa {
                size: public.size(),
                n: public.n().to_vec(),
                e: public.e().to_vec(),
            },
            private: private.to_pkcs8().map_err(ImportError::Provider)?,
        })
    }
}

/// Shows the public half alone.
impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}
