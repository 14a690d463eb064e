//! The suite that every vault must pass, run on the installation's own, over its ledger.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use strongroom_base::{CorrelationId, PrincipalId, Timestamp};
use strongroom_crypto::SecretBytes;
use strongroom_identity::{AccessCommand, AppId, PrincipalCommand, PrincipalKind, Role, Scope};
use strongroom_vault::conformance::{self, Attributes, Bench, Circumstance, Rig};
use strongroom_vault::import::{KeyPair, generate};
use strongroom_vault::vault::{Authorization, Bypass, DefaultAction, Grantee, VaultUpdate};
use strongroom_vault::{
    Caller, KeyName, KeyOperation, KeyPermission, KeySpec, KeyVault, KeyVersionId, Origin,
    VaultAddress, VaultName,
};
use tempfile::TempDir;

use super::Route;
use crate::audit::Operation;
use crate::directory::{AccessRequest, PrincipalRequest};
use crate::driver::Assertions;
use crate::operator::{NewKey, NewVault, Operator};
use crate::{InitOptions, Options, RsaKeySize, Strongroom};
use crate::{TimeChange, VersionChange};

const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);
const IDENTITY: PrincipalId = PrincipalId::from_bytes([4; 16]);
const HELD: [KeyPermission; 5] = [
    KeyPermission::Get,
    KeyPermission::WrapKey,
    KeyPermission::UnwrapKey,
    KeyPermission::Encrypt,
    KeyPermission::Decrypt,
];

/// Making a key is what takes time, so every vault has the same two.
fn pairs() -> &'static [KeyPair; 2] {
    static PAIRS: OnceLock<[KeyPair; 2]> = OnceLock::new();
    PAIRS.get_or_init(|| {
        let pair = || {
            generate(
                &crate::aws_lc_rs::PROVIDER,
                KeySpec::Rsa(RsaKeySize::Rsa2048),
            )
        };
        [pair().unwrap(), pair().unwrap()]
    })
}

fn grantee(object: PrincipalId) -> Grantee {
    Grantee {
        object,
        application: None,
    }
}

struct OnLedger;

struct OneVault {
    _folder: TempDir,
    room: Strongroom,
    vault: VaultName,
    key: KeyName,
    versions: [KeyVersionId; 2],
}

#[async_trait]
impl Bench for OnLedger {
    async fn rig(&self) -> Box<dyn Rig> {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let options = Options::new(crate::aws_lc_rs::PROVIDER).with_clock(Arc::new(NOW));
        let view = Strongroom::init(&data, InitOptions::default(), &options)
            .await
            .unwrap();
        let room = Strongroom::open(&data, &options).await.unwrap();
        let me = room.administrator();
        register(me).await;
        let vault: VaultName = "contoso".parse().unwrap();
        let new = NewVault::new(vault.clone(), view.region);
        me.create_vault(new).await.unwrap();
        let all = KeyPermission::ALL.iter().copied().collect();
        me.grant(&vault, grantee(me.principal()), all)
            .await
            .unwrap();
        me.grant(&vault, grantee(IDENTITY), HELD.into())
            .await
            .unwrap();
        let key: KeyName = "docs".parse().unwrap();
        let mut versions = Vec::new();
        for KeyPair { public, private } in pairs() {
            let pair = KeyPair {
                public: public.clone(),
                private: SecretBytes::new(private.expose().to_vec()),
            };
            let new = NewKey::new(key.clone());
            let made = me.import(&vault, new, pair).await.unwrap();
            versions.push(made.version.id);
        }
        Box::new(OneVault {
            _folder: folder,
            room,
            vault,
            key,
            versions: versions.try_into().unwrap(),
        })
    }
}

/// The identity is an application of the installation's tenant.
async fn register(me: &Operator) {
    let app = AppId::from_bytes([5; 16]);
    principal(
        me,
        PrincipalCommand::Register {
            id: IDENTITY,
            kind: PrincipalKind::Application { app },
            home: me.tenant(),
            name: "identity".parse().unwrap(),
        },
    )
    .await;
}

async fn principal(me: &Operator, command: PrincipalCommand) {
    let request = PrincipalRequest {
        principal: IDENTITY,
        command,
        caller: &me.caller,
    };
    let asked = me
        .core
        .records
        .drive(&request, Assertions::default(), &me.caller);
    asked.await.unwrap();
}

impl OneVault {
    fn me(&self) -> &Operator {
        self.room.administrator()
    }

    async fn update(&self, update: VaultUpdate) {
        self.me().update_vault(&self.vault, update).await.unwrap();
    }

    async fn judged_by_roles(&self) {
        self.update(VaultUpdate {
            authorization: Some(Authorization::Roles),
            ..VaultUpdate::default()
        })
        .await;
    }

    async fn assign(&self, role: Role) {
        let me = self.me();
        let uid = me.vault(&self.vault).await.unwrap().uid;
        let request = AccessRequest {
            scope: Scope::Vault(uid),
            command: AccessCommand::Assign {
                principal: IDENTITY,
                role,
                at: NOW,
            },
            caller: &me.caller,
        };
        let asked = me
            .core
            .records
            .drive(&request, Assertions::default(), &me.caller);
        asked.await.unwrap();
    }

    async fn set(&self, attributes: Attributes) {
        if attributes == Attributes::default() {
            return;
        }
        let Attributes {
            enabled,
            not_before,
            expires,
            operations,
        } = attributes;
        let change = VersionChange {
            enabled: Some(enabled),
            not_before: not_before.map_or(TimeChange::Keep, TimeChange::Set),
            expires: expires.map_or(TimeChange::Keep, TimeChange::Set),
            operations: Some(operations),
        };
        for id in &self.versions {
            let (me, version) = (self.me(), Some(id.version));
            me.update_key(&self.vault, &self.key, version, change.clone())
                .await
                .unwrap();
        }
    }
}

#[async_trait]
impl Rig for OneVault {
    fn vault(&self) -> &dyn KeyVault {
        let address = VaultAddress::embedded(self.vault.clone());
        match self.room.control().vaults.route(&address).unwrap() {
            Route::Embedded(vault) => vault,
            Route::Seen(_) | Route::Outside(..) => panic!("the suffix is the installation's own"),
        }
    }

    fn caller(&self) -> Caller {
        Caller {
            tenant: self.me().tenant(),
            principal: IDENTITY,
            origin: Origin::TrustedService,
            correlation: CorrelationId::from_bytes([6; 16]),
        }
    }

    fn versions(&self) -> [KeyVersionId; 2] {
        self.versions.clone()
    }

    fn now(&self) -> Timestamp {
        NOW
    }

    async fn arrange(&self, circumstance: Circumstance) -> bool {
        let (me, vault, key) = (self.me(), &self.vault, &self.key);
        match circumstance {
            Circumstance::IdentityGone => principal(me, PrincipalCommand::Disable).await,
            Circumstance::OtherTenantTrusted => {
                self.update(VaultUpdate {
                    tenant: Some(strongroom_base::TenantId::from_bytes([9; 16])),
                    ..VaultUpdate::default()
                })
                .await;
            }
            Circumstance::VaultDeleted => {
                me.delete_vault(vault).await.unwrap();
            }
            Circumstance::VaultPurged => me.purge_vault(vault).await.unwrap(),
            Circumstance::FirewallDenies { bypass } => {
                let bypass = if bypass {
                    Bypass::AzureServices
                } else {
                    Bypass::None
                };
                me.set_firewall(vault, Some(DefaultAction::Deny), Some(bypass))
                    .await
                    .unwrap();
            }
            Circumstance::Revoked(permission) => {
                me.revoke(vault, grantee(IDENTITY), [permission].into())
                    .await
                    .unwrap();
            }
            Circumstance::RoleModeWithoutRoles => self.judged_by_roles().await,
            Circumstance::RoleModeWithRoles => {
                self.assign(Role::KeyVaultAdministrator).await;
                self.judged_by_roles().await;
            }
            Circumstance::Attributes(attributes) => self.set(attributes).await,
            Circumstance::KeyDeleted => {
                me.delete_key(vault, key).await.unwrap();
            }
            Circumstance::KeyPurged => me.purge_key(vault, key).await.unwrap(),
            Circumstance::EllipticCurve => {
                // Another type is another key: a version keeps that of the key.
                return false;
            }
            Circumstance::Unreachable => self.room.control().records.ledger.close().await.unwrap(),
            // A principal has one home for life; and the ledger keeps its answers.
            Circumstance::IdentityLeftBehind
            | Circumstance::AnswerLost
            | Circumstance::Throttled => return false,
        }
        true
    }

    fn recorded(&self) -> Option<usize> {
        let of_keys: BTreeSet<String> = KeyOperation::ALL
            .iter()
            .map(|one| strongroom_vault::software::Use::Operation(*one))
            .chain([strongroom_vault::software::Use::Get])
            .map(|what| Operation::of_key(what).to_string())
            .collect();
        let records = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(self.room.audit(0, 1_000))
        });
        let records = records.ok()?;
        let of_key = |one: &&crate::Audited| of_keys.contains(&one.record.operation.to_string());
        Some(records.iter().filter(of_key).count())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i07_the_vault_over_the_ledger_passes_the_suite_of_all_vaults() {
    let skipped = conformance::all(&OnLedger).await;
    let skipped: Vec<String> = skipped
        .into_iter()
        .map(|skipped| format!("{:?}", skipped.circumstance))
        .collect();
    let expected: BTreeSet<&str> = [
        "IdentityLeftBehind",
        "EllipticCurve",
        "AnswerLost",
        "Throttled",
    ]
    .into();
    let skipped: BTreeSet<&str> = skipped.iter().map(String::as_str).collect();
    assert_eq!(skipped, expected);
}
