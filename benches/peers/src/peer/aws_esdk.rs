//! The AWS Encryption SDK with a raw AES keyring, so that nothing goes over a network: its default
//! suite, which signs every message, and the same suite without the signature.

use anyhow::{Context, Result};
use aws_esdk::client::Client;
use aws_esdk::material_providers::client::Client as Providers;
use aws_esdk::material_providers::types::keyring::KeyringRef;
use aws_esdk::material_providers::types::material_providers_config::MaterialProvidersConfig;
use aws_esdk::material_providers::types::{AesWrappingAlg, EsdkAlgorithmSuiteId};
use aws_esdk::types::aws_encryption_sdk_config::AwsEncryptionSdkConfig;
use bytes::Bytes;
use tokio::runtime::Runtime;

use super::Peer;

pub struct AwsEsdk<'a> {
    name: &'static str,
    note: &'static str,
    suite: EsdkAlgorithmSuiteId,
    client: Client,
    keyring: KeyringRef,
    runtime: &'a Runtime,
    sealed: Vec<u8>,
}

impl<'a> AwsEsdk<'a> {
    pub fn signed(runtime: &'a Runtime) -> Result<Self> {
        Self::new(
            runtime,
            "aws-esdk, signed",
            "the default: committing, ECDSA P-384 signature, 4 KiB frames",
            EsdkAlgorithmSuiteId::AlgAes256GcmHkdfSha512CommitKeyEcdsaP384,
        )
    }

    pub fn unsigned(runtime: &'a Runtime) -> Result<Self> {
        Self::new(
            runtime,
            "aws-esdk, unsigned",
            "committing, no signature, 4 KiB frames",
            EsdkAlgorithmSuiteId::AlgAes256GcmHkdfSha512CommitKey,
        )
    }

    fn new(
        runtime: &'a Runtime,
        name: &'static str,
        note: &'static str,
        suite: EsdkAlgorithmSuiteId,
    ) -> Result<Self> {
        let client = Client::from_conf(AwsEncryptionSdkConfig::builder().build()?)?;
        let providers = Providers::from_conf(MaterialProvidersConfig::builder().build()?)?;
        let keyring = providers
            .create_raw_aes_keyring()
            .key_namespace("peers")
            .key_name("key")
            .wrapping_key(vec![7; 32])
            .wrapping_alg(AesWrappingAlg::AlgAes256GcmIv12Tag16)
            .send();
        Ok(Self {
            name,
            note,
            suite,
            client,
            keyring: runtime.block_on(keyring)?,
            runtime,
            sealed: Vec::new(),
        })
    }
}

impl Peer for AwsEsdk<'_> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn package(&self) -> &'static str {
        "aws-esdk"
    }

    fn note(&self) -> &'static str {
        self.note
    }

    fn encrypt(&mut self, plain: &Bytes) -> Result<()> {
        // It takes a buffer of its own, so the caller's bytes are copied: whoever keeps them must.
        let encrypt = self
            .client
            .encrypt()
            .plaintext(&plain[..])
            .keyring(self.keyring.clone())
            .algorithm_suite_id(self.suite)
            .send();
        let sealed = self.runtime.block_on(encrypt)?;
        self.sealed = sealed.ciphertext.context("no ciphertext")?.into_inner();
        Ok(())
    }

    fn decrypt(&mut self) -> Result<Bytes> {
        let decrypt = self
            .client
            .decrypt()
            .ciphertext(&self.sealed[..])
            .keyring(self.keyring.clone())
            .send();
        let plain = self.runtime.block_on(decrypt)?;
        Ok(plain.plaintext.context("no plaintext")?.into_inner().into())
    }
}
