//! Private keys as JWK (RFC 7517; members of RFC 7518 §6.2 and §6.3).

use pkcs1::der::{Encode, asn1::OctetStringRef, asn1::UintRef};
use serde_json::{Map, Value};
use strongroom_crypto::Provider;
use zeroize::Zeroizing;

use super::{ImportError, KeyPair, Operations};
use crate::{KeyOperation, encoding};

/// What a JWK brings.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a driver takes it apart")]
pub struct ImportedJwk {
    /// The key.
    pub pair: KeyPair,
    /// What it may be used for (`key_ops`); `None` where the JWK says nothing.
    pub operations: Operations,
}

/// Reads a whole private key, RSA with its primes and CRT numbers or EC P-256, from a JWK. Members
/// that a key does not need (`kid`, `alg`, `use` and the like) are left alone.
///
/// # Errors
/// [`ImportError`] names the member at fault.
pub fn from_jwk(provider: &Provider, text: &str) -> Result<ImportedJwk, ImportError> {
    let jwk = Jwk::parse(text)?;
    let pair = match jwk.text("kty")? {
        "RSA" => rsa(provider, &jwk)?,
        "EC" if jwk.text("crv")? == "P-256" => ec(&jwk)?,
        _ => return Err(ImportError::Type),
    };
    Ok(ImportedJwk {
        pair,
        operations: jwk.operations()?,
    })
}

/// The members; their texts are zeroed on drop, since some are secret.
struct Jwk(Map<String, Value>);

impl Jwk {
    fn parse(text: &str) -> Result<Self, ImportError> {
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) | Err(_) => Err(ImportError::Jwk),
        }
    }

    fn text(&self, member: &'static str) -> Result<&str, ImportError> {
        match self.0.get(member) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(ImportError::Member { member }),
            None => Err(ImportError::Missing { member }),
        }
    }

    fn number(&self, member: &'static str) -> Result<Zeroizing<Vec<u8>>, ImportError> {
        encoding::decode(self.text(member)?).ok_or(ImportError::Member { member })
    }

    fn operations(&self) -> Result<Operations, ImportError> {
        let member = "key_ops";
        let Some(operations) = self.0.get(member) else {
            return Ok(None);
        };
        let operations = operations
            .as_array()
            .ok_or(ImportError::Member { member })?;
        operations
            .iter()
            .map(|operation| {
                let word = operation.as_str().ok_or(ImportError::Member { member })?;
                word.parse::<KeyOperation>().map_err(ImportError::Operation)
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }
}

impl Drop for Jwk {
    fn drop(&mut self) {
        for value in self.0.values_mut() {
            if let Value::String(text) = value {
                zeroize::Zeroize::zeroize(text);
            }
        }
    }
}

fn rsa(provider: &Provider, jwk: &Jwk) -> Result<KeyPair, ImportError> {
    let members = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
    let numbers: Vec<_> = members
        .into_iter()
        .map(|member| jwk.number(member))
        .collect::<Result<_, _>>()?;
    let numbers: Vec<_> = numbers
        .iter()
        .map(|number| UintRef::new(number).map_err(|_| ImportError::Inconsistent))
        .collect::<Result<_, _>>()?;
    let [
        modulus,
        public_exponent,
        private_exponent,
        prime1,
        prime2,
        exponent1,
        exponent2,
        coefficient,
    ] = numbers[..]
    else {
        return Err(ImportError::Inconsistent);
    };
    let key = pkcs1::RsaPrivateKey {
        modulus,
        public_exponent,
        private_exponent,
        prime1,
        prime2,
        exponent1,
        exponent2,
        coefficient,
        other_prime_infos: None,
    };
    let der = Zeroizing::new(key.to_der().map_err(|_| ImportError::Inconsistent)?);
    let octets = OctetStringRef::new(&der).map_err(|_| ImportError::Inconsistent)?;
    let info = pkcs8::PrivateKeyInfoRef::new(pkcs1::ALGORITHM_ID, octets);
    let pkcs8 = Zeroizing::new(info.to_der().map_err(|_| ImportError::Inconsistent)?);
    super::from_pkcs8(provider, &pkcs8)
}

#[cfg(feature = "p256")]
fn ec(jwk: &Jwk) -> Result<KeyPair, ImportError> {
    super::ec::from_numbers(&jwk.number("x")?, &jwk.number("y")?, &jwk.number("d")?)
}

#[cfg(not(feature = "p256"))]
fn ec(_: &Jwk) -> Result<KeyPair, ImportError> {
    Err(ImportError::NoEllipticCurves)
}
