//! The software vault, ready to be checked, and every circumstance of it.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use strongroom_base::{CorrelationId, PrincipalId, SubscriptionId, TenantId, Timestamp};
use strongroom_crypto::aws_lc_rs::PROVIDER;
use strongroom_crypto::{RsaKeySize, SecretBytes};
use strongroom_identity::{GroupUid, SubscriptionState, Tenancy, VaultUid};
use strongroom_vault::conformance::{Attributes, Bench, Circumstance, Rig};
use strongroom_vault::import::{KeyPair, generate};
use strongroom_vault::key::{
    AttributeChange, KeyAction, KeyCommand, MintedVersion, NewVersion, TimeChange, Validity,
};
use strongroom_vault::software::{MemoryError, MemoryState, SoftwareVault};
use strongroom_vault::vault::{
    Authorization, Bypass, DefaultAction, Firewall, Grant, Grantee, Holder, NewVault, Place,
    PolicyChange, PolicySpec, RetentionDays, VaultAction, VaultCommand, VaultFacts, VaultUpdate,
};
use strongroom_vault::{
    Caller, KeyName, KeyOperation, KeyPermission, KeySpec, KeyVault, KeyVersion, KeyVersionId,
    MaterialRef, Origin, PublicKey, VaultAddress, VaultName,
};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);
pub(crate) const TENANT: TenantId = TenantId::from_bytes([1; 16]);
pub(crate) const OTHER_TENANT: TenantId = TenantId::from_bytes([2; 16]);
pub(crate) const OWNER: PrincipalId = PrincipalId::from_bytes([3; 16]);
pub(crate) const IDENTITY: PrincipalId = PrincipalId::from_bytes([4; 16]);
const GROUP: GroupUid = GroupUid::from_bytes([7; 16]);
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

/// Makes vaults of this kind.
pub(crate) struct Software;

/// One vault with its key.
pub(crate) struct OneVault {
    pub(crate) software: SoftwareVault<Arc<MemoryState>>,
    pub(crate) state: Arc<MemoryState>,
    pub(crate) name: VaultName,
    pub(crate) key: KeyName,
}

#[async_trait]
impl Bench for Software {
    async fn rig(&self) -> Box<dyn Rig> {
        Box::new(OneVault::new())
    }
}

impl OneVault {
    pub(crate) fn new() -> Self {
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
            uid: VaultUid::from_bytes([5; 16]),
            group: GROUP,
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
        rig
    }

    pub(crate) fn ask_vault(&self, action: VaultAction) {
        let place = Holder::In(Place {
            group: GROUP,
            tenancy: Tenancy::default(),
            subscription: SubscriptionId::from_bytes([5; 16]),
            tenant: TENANT,
            state: SubscriptionState::Enabled,
        });
        let facts = VaultFacts {
            vault: self.name.clone(),
            authority: Ok(()),
            present: place,
            target: place,
        };
        self.state
            .drive_vault(&VaultCommand { at: NOW, action }, &facts)
            .unwrap();
    }

    pub(crate) fn ask_key(&self, action: KeyAction) {
        let owner = Caller {
            principal: OWNER,
            ..self.caller()
        };
        let command = KeyCommand { at: NOW, action };
        self.state
            .drive_key(&owner, &self.name, &self.key, &command)
            .unwrap();
    }

    pub(crate) fn change_policy(
        &self,
        change: PolicyChange,
        object: PrincipalId,
        keys: &[KeyPermission],
    ) {
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

    pub(crate) fn update(&self, update: VaultUpdate) {
        self.ask_vault(VaultAction::Update(update));
    }

    pub(crate) fn add_version(&self, n: u8, public: PublicKey, private: SecretBytes) {
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
            operations: None,
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
                    not_before: not_before.map_or(TimeChange::Keep, TimeChange::Set),
                    expires: expires.map_or(TimeChange::Keep, TimeChange::Set),
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
