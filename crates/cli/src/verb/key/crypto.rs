//! Keys, used: bytes in, base64 out, and back.

use std::io::Write as _;
use std::path::Path;

use base64ct::{Base64, Encoding as _};
use serde_json::json;
use strongroom::{Operator, SecretBytes, Wrapped};

use super::text;
use crate::args::{Ciphertext, Plaintext};
use crate::failure::Failure;
use crate::output::Output;

pub(super) async fn wrap(
    operator: &Operator,
    args: Plaintext,
    output: &Output,
) -> Result<(), Failure> {
    let key = args.named.uri(operator)?;
    let secret = text::secret(args.file.as_deref()).await?;
    let wrapped = operator
        .wrap_key(&key, args.algorithm.into(), &secret)
        .await?;
    sealed(&wrapped, output)
}

pub(super) async fn unwrap(
    operator: &Operator,
    args: Ciphertext,
    output: &Output,
) -> Result<(), Failure> {
    let key = args.named.uri(operator)?;
    let wrapped = base64(&args).await?;
    let secret = operator
        .unwrap_key(&key, args.algorithm.into(), &wrapped)
        .await?;
    opened(&key, &secret, output)
}

pub(super) async fn encrypt(
    operator: &Operator,
    args: Plaintext,
    output: &Output,
) -> Result<(), Failure> {
    let key = args.named.uri(operator)?;
    let secret = text::secret(args.file.as_deref()).await?;
    let sealed = operator
        .encrypt(&key, args.algorithm.into(), &secret)
        .await?;
    self::sealed(&sealed, output)
}

pub(super) async fn decrypt(
    operator: &Operator,
    args: Ciphertext,
    output: &Output,
) -> Result<(), Failure> {
    let key = args.named.uri(operator)?;
    let sealed = base64(&args).await?;
    let secret = operator
        .decrypt(&key, args.algorithm.into(), &sealed)
        .await?;
    opened(&key, &secret, output)
}

async fn base64(args: &Ciphertext) -> Result<Vec<u8>, Failure> {
    let text = match &args.value {
        Some(value) => value.clone(),
        None => text::secret_text(args.file.as_deref().map(Path::new))
            .await?
            .to_string(),
    };
    Base64::decode_vec(text.trim()).map_err(|_| Failure::NotBase64)
}

/// The version that it went under is told as well: that one opens it.
fn sealed(wrapped: &Wrapped, output: &Output) -> Result<(), Failure> {
    let value = Base64::encode_string(&wrapped.bytes);
    let told = json!({
        "kid": wrapped.id.to_string(),
        "algorithm": wrapped.algorithm.as_str(),
        "value": value,
    });
    output.remark(&format!("under {}", wrapped.id));
    output.answer(&told, || value)
}

/// As it was, byte for byte; base64 for programs.
fn opened(key: &str, secret: &SecretBytes, output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        let value = Base64::encode_string(secret.expose());
        return output.json_line(&json!({ "key": key, "value": value }));
    }
    let mut out = std::io::stdout().lock();
    out.write_all(secret.expose()).map_err(Failure::Output)?;
    out.flush().map_err(Failure::Output)
}
