//! The conformance suite, run on the software vault.
#![expect(
    clippy::unwrap_used,
    reason = "tests; clippy knows only functions marked #[test] as such"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use strongroom_base::{CorrelationId, PrincipalId, SubscriptionId, TenantId, Timestamp};
use strongroom_crypto::aws_lc_rs::PROVIDER;
use strongroom_crypto::{RsaKeySize, SecretBytes};
use strongroom_vault::conformance::{self, Attributes, Bench, Circumstance, Rig};
use strongroom_vault::import::{KeyPair, generate};
use strongroom_vault::key::{
    AttributeChange, KeyAction, KeyCommand, MintedVersion, NewVersion, Validity,
};
use strongroom_vault::software::{MemoryError, MemoryState, SoftwareVault};
use strongroom_vault::vault::{
    Authority, Authorization, Bypass, DefaultAction, Firewall, Grant, Grantee, NewVault,
    PolicyChange, PolicySpec, RetentionDays, VaultAction, VaultCommand, VaultFacts, VaultUpdate,
};
use strongroom_vault::{
    Caller, KeyName, KeyOperation, KeyPermission, KeySpec, KeyVault, KeyVersion, KeyVersionId,
    MaterialRef, Origin, PublicKey, VaultAddress, VaultName,
};

const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);
const TENANT: TenantId = TenantId::from_bytes([1; 16]);
const OTHER_TENANT: TenantId = TenantId::from_bytes([2; 16]);
const OWNER: PrincipalId = PrincipalId::from_bytes([3; 16]);
const IDENTITY: PrincipalId = PrincipalId::from_bytes([4; 16]);
const HELD: [KeyPermission; 5] = [
    KeyPermission::Get,
    KeyPermission::WrapKey,
    KeyPermission::UnwrapKey,
    KeyPermission::Encrypt,
    KeyPermission::Decrypt,
];

/// Key generation is what takes time, so every vault has the same two pairs.
fn pairs() -> &'static [KeyPair; 2] {
    static PAIRS: OnceLock<[KeyPair; 2]> = OnceLock::new();
    PAIRS.get_or_init(|| {
        let pair = || generate(&PROVIDER, KeySpec::Rsa(RsaKeySize::Rsa2048)).unwrap();
        [pair(), pair()]
    })
}

struct Software;

struct OneVault {
    software: SoftwareVault<Arc<MemoryState>>,
    state: Arc<MemoryState>,
    name: VaultName,
    key: KeyName,
}

#[async_trait]
impl Bench for Software {
    async fn rig(&self) -> Box<dyn Rig> {
        let state = Arc::new(MemoryState::new());
        let rig = OneVault {
            software: SoftwareVault::new(Arc::clone(&state), PROVIDER, Arc::new(NOW)),
            state,
            name: "contoso".parse().unwrap(),
            key: "docs".parse().unwrap(),
        };
        for principal in [OWNER, IDENTITY] {
            rig.state.register(principal, TENANT);
        }
        rig.ask_vault(VaultAction::Create(NewVault {
            name: rig.name.clone(),
            region: "westeurope".parse().unwrap(),
            subscription: SubscriptionId::from_bytes([5; 16]),
            group: "keys".parse().unwrap(),
            soft_delete: true,
            retention: RetentionDays::DEFAULT,
            purge_protection: false,
            authorization: Authorization::AccessPolicies,
            firewall: Firewall::OPEN,
        }));
        rig.change_policy(
            PolicyChange::Add {
                grant: Grant::Lasting,
            },
            OWNER,
            KeyPermission::ALL,
        );
        rig.change_policy(
            PolicyChange::Add {
                grant: Grant::Lasting,
            },
            IDENTITY,
            &HELD,
        );
        for (n, pair) in (1..).zip(pairs()) {
            let private = SecretBytes::new(pair.private.expose().to_vec());
            rig.add_version(n, pair.public.clone(), private);
        }
        Box::new(rig)
    }
}

impl OneVault {
    fn ask_vault(&self, action: VaultAction) {
        let facts = VaultFacts {
            vault: self.name.clone(),
            authority: Authority::Held,
            home: TENANT,
        };
        self.state
            .drive_vault(&VaultCommand { at: NOW, action }, &facts)
            .unwrap();
    }

    fn ask_key(&self, action: KeyAction) {
        let owner = Caller {
            principal: OWNER,
            ..self.caller()
        };
        let command = KeyCommand { at: NOW, action };
        self.state
            .drive_key(&owner, &self.name, &self.key, &command)
            .unwrap();
    }

    fn change_policy(&self, change: PolicyChange, object: PrincipalId, keys: &[KeyPermission]) {
        let entries = vec![PolicySpec {
            tenant: TENANT,
            grantee: Grantee {
                object,
                application: None,
            },
            keys: keys.iter().copied().collect(),
        }];
        self.ask_vault(VaultAction::ChangePolicies { change, entries });
    }

    fn update(&self, update: VaultUpdate) {
        self.ask_vault(VaultAction::Update(update));
    }

    fn add_version(&self, n: u8, public: PublicKey, private: SecretBytes) {
        let material = MaterialRef::from_bytes([n; 16]);
        self.state.store_material(material, private);
        self.ask_key(KeyAction::Import(NewVersion {
            minted: MintedVersion {
                id: KeyVersion::from_bytes([n; 16]),
                public,
                material,
            },
            enabled: true,
            validity: Validity::default(),
            operations: BTreeSet::new(),
        }));
    }

    fn set_attributes(&self, attributes: &Attributes) {
        let Attributes {
            enabled,
            not_before,
            expires,
            operations,
        } = attributes.clone();
        if attributes == &Attributes::default() {
            return;
        }
        for id in self.versions() {
            self.ask_key(KeyAction::Update {
                version: Some(id.version),
                change: AttributeChange {
                    enabled: Some(enabled),
                    not_before,
                    expires,
                    operations: Some(operations.clone()),
                },
            });
        }
    }
}

#[async_trait]
impl Rig for OneVault {
    fn vault(&self) -> &dyn KeyVault {
        &self.software
    }

    fn caller(&self) -> Caller {
        Caller {
            tenant: TENANT,
            principal: IDENTITY,
            origin: Origin::TrustedService,
            correlation: CorrelationId::from_bytes([6; 16]),
        }
    }

    fn versions(&self) -> [KeyVersionId; 2] {
        [1, 2].map(|n| KeyVersionId {
            vault: VaultAddress::embedded(self.name.clone()),
            name: self.key.clone(),
            version: KeyVersion::from_bytes([n; 16]),
        })
    }

    fn now(&self) -> Timestamp {
        NOW
    }

    async fn arrange(&self, circumstance: Circumstance) -> bool {
        let none = VaultUpdate::default;
        let roles = Some(Authorization::Roles);
        match circumstance {
            Circumstance::IdentityGone => self.state.unregister(IDENTITY),
            Circumstance::IdentityLeftBehind => self.state.register(IDENTITY, OTHER_TENANT),
            Circumstance::OtherTenantTrusted => {
                self.update(VaultUpdate {
                    tenant: Some(OTHER_TENANT),
                    ..none()
                });
            }
            Circumstance::VaultDeleted => self.ask_vault(VaultAction::Delete),
            Circumstance::VaultPurged => self.ask_vault(VaultAction::Purge),
            Circumstance::FirewallDenies { bypass } => {
                let bypass = if bypass {
                    Bypass::AzureServices
                } else {
                    Bypass::None
                };
                let firewall = Firewall {
                    default_action: DefaultAction::Deny,
                    bypass,
                };
                self.update(VaultUpdate {
                    firewall: Some(firewall),
                    ..none()
                });
            }
            Circumstance::Revoked(permission) => {
                self.change_policy(PolicyChange::Remove, IDENTITY, &[permission]);
            }
            Circumstance::RoleModeWithoutRoles => self.update(VaultUpdate {
                authorization: roles,
                ..none()
            }),
            Circumstance::RoleModeWithRoles => {
                self.state
                    .assign(&self.name, IDENTITY, HELD.into_iter().collect());
                self.update(VaultUpdate {
                    authorization: roles,
                    ..none()
                });
            }
            Circumstance::Attributes(attributes) => self.set_attributes(&attributes),
            Circumstance::KeyDeleted => self.ask_key(KeyAction::Delete),
            Circumstance::KeyPurged => self.ask_key(KeyAction::Purge),
            Circumstance::EllipticCurve => {
                let public = PublicKey::EcP256 {
                    x: vec![1; 32],
                    y: vec![2; 32],
                };
                self.add_version(3, public, SecretBytes::new(vec![0]));
                let operations = BTreeSet::from([KeyOperation::Sign, KeyOperation::Verify]);
                let key = self.state.key(&self.name, &self.key).unwrap();
                assert_eq!(key.latest().unwrap().operations, operations);
            }
            Circumstance::Unreachable => self.state.fail(Some(MemoryError::Unreadable)),
            Circumstance::AnswerLost => self.state.fail(Some(MemoryError::Unrecordable)),
            // It does its work in this process: there is nobody to be asked too often.
            Circumstance::Throttled => return false,
        }
        true
    }

    fn recorded(&self) -> Option<usize> {
        Some(self.state.operations().len())
    }
}

macro_rules! checks {
    ($($(#[$attribute:meta])* $test:ident => $check:ident $skips:expr;)+) => {$(
        $(#[$attribute])*
        #[tokio::test]
        async fn $test() {
            assert_eq!(skips(conformance::$check(&Software).await), $skips);
        }
    )+};
}

/// What a check skipped, if it can skip anything.
trait Skips {
    fn list(self) -> Vec<Circumstance>;
}

impl Skips for () {
    fn list(self) -> Vec<Circumstance> {
        Vec::new()
    }
}

impl Skips for Vec<conformance::Skipped> {
    fn list(self) -> Vec<Circumstance> {
        self.into_iter()
            .map(|skipped| skipped.circumstance)
            .collect()
    }
}

fn skips(outcome: impl Skips) -> Vec<Circumstance> {
    outcome.list()
}

checks! {
    what_is_wrapped_unwraps => what_is_wrapped_unwraps [];
    r16_an_answer_names_the_version => an_answer_names_the_version [];
    too_long_is_bad_input => too_long_is_bad_input [];
    damaged_bytes_are_refused_as_damaged => damaged_bytes_are_refused_as_damaged [];
    r15_other_types_are_refused => other_types_are_refused [];
    r17_every_state_of_a_version => every_state_of_a_version [];
    r17_every_denial_names_its_cause => every_denial_names_its_cause [];
    i05_what_is_judged_first_is_told => what_is_judged_first_is_told [];
    r17_an_outage_is_never_a_denial => an_outage_is_never_a_denial [Circumstance::Throttled];
    i07_a_denial_is_recorded_once => a_denial_is_recorded_once [];
}

#[tokio::test]
async fn the_whole_suite_skips_throttling_alone() {
    assert_eq!(
        skips(conformance::all(&Software).await),
        [Circumstance::Throttled]
    );
}
