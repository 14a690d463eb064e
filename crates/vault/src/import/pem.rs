//! PKCS#8 in PEM (RFC 7468 §10); and what people give in its place, by name.

use strongroom_crypto::Provider;
use zeroize::Zeroizing;

use super::{ImportError, KeyPair, from_pkcs8};

/// Reads an unencrypted PKCS#8 private key, RSA or EC P-256, from PEM.
///
/// # Errors
/// [`ImportError`] says what it is instead, and how to convert it.
pub fn from_pem(provider: &Provider, text: &str) -> Result<KeyPair, ImportError> {
    recognise(text)?;
    let (label, der) = pem_rfc7468::decode_vec(text.as_bytes()).map_err(|_| ImportError::Pem)?;
    let der = Zeroizing::new(der);
    if label != WANTED {
        return Err(ImportError::Pem);
    }
    from_pkcs8(provider, &der)
}

const WANTED: &str = "PRIVATE KEY";

/// Refuses what is known to be something else, before a strict reader says no more than that it is not
/// PEM: it takes no header lines, and one block alone.
fn recognise(text: &str) -> Result<(), ImportError> {
    let labels = labels(text);
    // Curve parameters stand before the key that `openssl ecparam -genkey` writes.
    let mut told = labels.iter().filter(|label| **label != "EC PARAMETERS");
    match (told.next().or(labels.first()), told.next()) {
        (None, _) => other_text(text),
        (Some(&WANTED), None) => Ok(()),
        (Some(_), Some(_)) if labels.contains(&WANTED) => Err(ImportError::NotPem {
            what: "a text with several PEM blocks",
            mend: "leave the block `PRIVATE KEY` alone in it",
        }),
        (Some(label), _) => {
            let (what, mend) = known(label, text);
            Err(ImportError::Label {
                label: (*label).to_owned(),
                what,
                mend,
            })
        }
    }
}

/// What the blocks say they hold, in their order. What no label looks like is none.
fn labels(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| {
            let label = line
                .trim()
                .strip_prefix("-----BEGIN ")?
                .strip_suffix("-----")?;
            let fits =
                |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ';
            (label.len() <= 64 && label.bytes().all(fits)).then_some(label)
        })
        .collect()
}

const PKEY: &str = "convert it: openssl pkey -in FILE -out key.pem";
const PUBLIC: &str = "it has no private half: give the file of the private key that belongs to it";

fn known(label: &str, text: &str) -> (&'static str, &'static str) {
    const DECRYPT: &str =
        "decrypt it, which asks for its passphrase: openssl pkey -in FILE -out key.pem";

    if label == "ENCRYPTED PRIVATE KEY" || text.contains("Proc-Type: 4,ENCRYPTED") {
        return ("an encrypted private key", DECRYPT);
    }
    match label {
        "RSA PRIVATE KEY" => ("an RSA private key in PKCS#1", PKEY),
        "EC PRIVATE KEY" => ("an EC private key in SEC 1", PKEY),
        "DSA PRIVATE KEY" => ("a DSA private key", "bring an RSA key, or one of EC P-256"),
        "OPENSSH PRIVATE KEY" => (
            "a private key of OpenSSH",
            "convert a copy of it, which is overwritten: ssh-keygen -p -m PKCS8 -N '' -f COPY",
        ),
        "EC PARAMETERS" => (
            "the parameters of a curve without a key",
            "make a key: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
        ),
        "PUBLIC KEY" | "RSA PUBLIC KEY" | "EC PUBLIC KEY" => ("a public key", PUBLIC),
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => ("a certificate", PUBLIC),
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            ("a request for a certificate", PUBLIC)
        }
        _ => ("something else in PEM", "give the file of a private key"),
    }
}

fn other_text(text: &str) -> Result<(), ImportError> {
    let begins = |with: &str| text.trim_start().starts_with(with);
    let is = |what, mend| Err(ImportError::NotPem { what, mend });
    if begins("{") {
        is("JSON", "a JWK is imported with --jwk-file")
    } else if ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"]
        .iter()
        .any(|word| begins(word))
    {
        is("a public key of OpenSSH", PUBLIC)
    } else if begins("---- BEGIN SSH2 PUBLIC KEY") {
        is("a public key of SSH", PUBLIC)
    } else if begins("PuTTY-User-Key-File") {
        is(
            "a private key of PuTTY",
            "convert it: puttygen FILE -O private-openssh -o COPY; then: ssh-keygen -p -m PKCS8 -N '' -f COPY",
        )
    } else {
        Err(ImportError::Pem)
    }
}
