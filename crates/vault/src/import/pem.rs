//! PKCS#8 in PEM (RFC 7468 §10).

use strongroom_crypto::Provider;
use zeroize::Zeroizing;

use super::{ImportError, KeyPair, from_pkcs8};

/// Reads an unencrypted PKCS#8 private key, RSA or EC P-256, from PEM.
///
/// # Errors
/// [`ImportError`] says what it is instead.
pub fn from_pem(provider: &Provider, text: &str) -> Result<KeyPair, ImportError> {
    let (label, der) = pem_rfc7468::decode_vec(text.as_bytes()).map_err(|_| ImportError::Pem)?;
    let der = Zeroizing::new(der);
    if label != "PRIVATE KEY" {
        return Err(ImportError::Label {
            label: label.to_owned(),
        });
    }
    from_pkcs8(provider, &der)
}
