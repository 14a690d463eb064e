//! The persisted schema of a resource, its keyring included. The file is never changed: what was written
//! once must always be read.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::BTreeSet;

use strongroom_base::{PrincipalId, Timestamp};
use strongroom_crypto::aws_lc_rs::PROVIDER;
use strongroom_crypto::keyring::{Kek, Keyring, KeyringMac, WrappedKey};
use strongroom_crypto::object::BindingMode;
use strongroom_crypto::{ResourceKey, RootKey, RootKeys, ServiceKeyId};
use strongroom_identity::NoToken;
use strongroom_vault::{Denial, KeyPermission};

use crate::samples::{
    ABROAD, HERE, KEY, NEW_SERVICE_KEY, NOW, OTHER_KEY, SERVICE_KEY, SOON, UID, changing, customer,
    customer_managed, resource, service, version, with_identity,
};
use crate::{ChangeKind, Inaccessible, Life, Reason, Registration, Resource, Step, Tier};

const ROOT: &[u8] = b"strongroom-root-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn key(number: u8) -> ResourceKey {
    ResourceKey::from_bytes(&mut [number; 32])
}

fn mac() -> KeyringMac {
    let root = RootKey::from_text(ROOT).unwrap();
    let roots = RootKeys::derive(&PROVIDER, &root).unwrap();
    roots.keyring_mac(UID).unwrap()
}

fn wrapped(number: u8) -> WrappedKey {
    WrappedKey::new(vec![number; 4])
}

fn keyring(kek: Kek) -> Keyring {
    Keyring::create(&PROVIDER, &mac(), &key(1), kek, wrapped(1)).unwrap()
}

/// With a second generation, under another key. What lies under a generation is sealed under a random nonce,
/// so that this one was made once.
fn grown() -> Keyring {
    serde_json::from_str(include_str!("golden/keyring.json")).unwrap()
}

/// States that between them have every part of a resource in every form.
fn states() -> Vec<Resource> {
    let plain = || Resource {
        keyring: keyring(service(SERVICE_KEY)),
        ..resource()
    };
    let customers = || Resource {
        keyring: keyring(customer(&version(KEY, 1))),
        ..customer_managed()
    };
    let out_of_reach = |reason| Resource {
        inaccessible: Some(Inaccessible {
            reason,
            since: SOON,
        }),
        ..customers()
    };
    let coming = || customer(&version(OTHER_KEY, 2));
    vec![
        plain(),
        Resource {
            tier: Tier::F0,
            binding: BindingMode::Resource,
            registration: Registration::Owing,
            ..with_identity(plain())
        },
        changing(
            with_identity(plain()),
            ChangeKind::Enable,
            customer(&version(KEY, 1)),
            Step::Preparing,
        ),
        Resource {
            follows: true,
            ..customers()
        },
        changing(
            customers(),
            ChangeKind::Switch,
            coming(),
            Step::Proven { pending: grown() },
        ),
        changing(customers(), ChangeKind::Rotate, coming(), Step::Undoing),
        changing(customers(), ChangeKind::Rekey, coming(), Step::Preparing),
        changing(
            customers(),
            ChangeKind::Reset,
            service(NEW_SERVICE_KEY),
            Step::Preparing,
        ),
        Resource {
            keyring: grown(),
            erasing: BTreeSet::from([SERVICE_KEY, ServiceKeyId::from_bytes([6; 16])]),
            retiring: BTreeSet::from([PrincipalId::from_bytes([8; 16])]),
            ..customers()
        },
        out_of_reach(Reason::Vault(Denial::KeyDisabled)),
        out_of_reach(Reason::Vault(Denial::PolicyMissing {
            permission: KeyPermission::UnwrapKey,
        })),
        out_of_reach(Reason::Identity(NoToken::IdentityOff)),
        out_of_reach(Reason::Identity(NoToken::LeftBehind {
            home: HERE,
            present: ABROAD,
        })),
        out_of_reach(Reason::OtherRegion),
        Resource {
            life: Life::Deleted {
                at: NOW,
                purge_at: Timestamp::from_unix_millis(1_800_172_800_000),
                had_identity: true,
            },
            ..customers()
        },
        Resource {
            life: Life::Purging,
            ..plain()
        },
    ]
}

#[test]
fn i09_what_was_stored_of_a_resource_is_read_and_written_as_it_was() {
    let file = include_str!("golden/resource.json");
    let written = serde_json::to_string_pretty(&states()).unwrap() + "\n";
    assert_eq!(written, file, "the persisted schema has changed");
    let read: Vec<Resource> = serde_json::from_str(file).unwrap();
    assert_eq!(read, states());
    for resource in &read {
        resource.keyring.verify(&mac()).unwrap();
    }
    // A state of a schema that this program does not know is not guessed at, nor is one with more in it.
    let newer = file.replacen("\"v\": 1", "\"v\": 2", 1);
    let refused = serde_json::from_str::<Vec<Resource>>(&newer).unwrap_err();
    assert!(refused.to_string().contains("schema 2"), "{refused}");
    let more = file.replacen("\"v\": 1", "\"v\": 1, \"more\": 1", 1);
    serde_json::from_str::<Vec<Resource>>(&more).unwrap_err();
}
