//! Every provider, by the same tests: published vectors, properties, bad input; and each against the
//! other.
//!
//! A test is a function of a provider. [`each_provider`] makes a `#[test]` of it for every provider
//! that is built, so a failure names the provider and the test.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests; clippy knows only functions marked #[test] as such"
)]

mod aead;
mod cross;
mod fips;
mod kdf;
mod random;
mod rsa;
mod rsa_bad_input;
mod rsa_vectors;

macro_rules! each_provider {
    ($($module:ident::{$($test:ident),+ $(,)?};)+) => {
        #[cfg(feature = "aws-lc-rs")]
        mod aws_lc_rs {
            $($(#[test] fn $test() { super::$module::$test(&strongroom_crypto::aws_lc_rs::PROVIDER); })+)+
        }
        #[cfg(feature = "ring")]
        mod ring {
            $($(#[test] fn $test() { super::$module::$test(&strongroom_crypto::ring::PROVIDER); })+)+
        }
        #[cfg(all(feature = "aws-lc-rs", feature = "ring"))]
        mod chunks_by_ring {
            $($(#[test] fn $test() { super::$module::$test(&strongroom_crypto::fastest::CHUNKS_BY_RING); })+)+
        }
    };
}

each_provider! {
    aead::{
        aes_gcm_wycheproof,
        aes_gcm_opens_what_it_seals,
        aes_gcm_finds_every_change,
        aes_gcm_wants_equal_lengths,
        random_nonce_opens_what_it_seals,
        random_nonce_finds_every_change,
        i06_random_nonces_differ,
    };
    fips::{
        r02_a_provider_claims_fips_only_if_every_part_does,
    };
    kdf::{
        hkdf_wycheproof,
        hkdf_expands_a_key,
        hkdf_joins_the_parts_of_info,
        hkdf_stops_at_255_blocks,
        hmac_wycheproof,
        hmac_joins_the_parts_of_a_message,
        hmac_refuses_every_other_tag,
    };
    random::{
        random_fills_everything,
        r02_fips_is_claimed_by_no_provider,
        one_part_can_be_replaced,
    };
    rsa::{
        rsa_generates_every_size,
        rsa_unwraps_what_it_wraps,
        rsa_wraps_up_to_the_limit,
        rsa_public_key_from_its_numbers,
        rsa_finds_every_change,
        rsa_refuses_other_lengths,
        rsa_refuses_numbers_outside_the_modulus,
        rsa_refuses_another_key_or_algorithm,
    };
    rsa_bad_input::{
        rsa_refuses_public_numbers,
        rsa_refuses_other_documents,
        rsa_overlooks_attributes,
        rsa_refuses_cut_documents,
        rsa_refuses_changed_documents,
    };
    rsa_vectors::{
        rsa_oaep_wycheproof,
        rsa_oaep_wycheproof_other_keys_and_hashes,
    };
}
