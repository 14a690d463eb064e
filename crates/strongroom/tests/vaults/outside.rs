//! Vaults that somebody else keeps: what is asked of them is on record before it is sent (R18).

use std::sync::Arc;

use async_trait::async_trait;
use strongroom::{
    AuditResult, Audited, InitOptions, KeyPermission, Operation, Options, OutsideVault,
    SecretBytes, Strongroom, SystemClock, WrapAlgorithm,
};
use strongroom_base::{CorrelationId, SubscriptionId, Timestamp};
use strongroom_crypto::{ResourceKey, RsaKeySize};
use strongroom_identity::{GroupUid, SubscriptionState, Tenancy, VaultUid};
use strongroom_vault::import::generate;
use strongroom_vault::key::{KeyAction, KeyCommand, MintedVersion, NewVersion, Validity};
use strongroom_vault::software::{MemoryState, SoftwareVault};
use strongroom_vault::vault::{
    Authorization, Firewall, Grant, Grantee, Holder, NewVault, Place, PolicyChange, PolicySpec,
    RetentionDays, VaultAction, VaultCommand, VaultFacts,
};
use strongroom_vault::{
    Caller, KeyId, KeyProperties, KeySpec, KeyVault, KeyVersion, MaterialRef, Origin, VaultAddress,
    VaultDirectory, VaultError, VaultName, VaultProperties, VaultSuffix, Wrapped,
};
use tempfile::TempDir;
use tokio::sync::Notify;

const PROVIDER: strongroom::Provider = strongroom::aws_lc_rs::PROVIDER;
const OAEP: WrapAlgorithm = WrapAlgorithm::RsaOaep256;
const AT: Timestamp = Timestamp::from_unix_millis(1);
const GROUP: GroupUid = GroupUid::from_bytes([7; 16]);

fn suffix() -> VaultSuffix {
    VaultSuffix::new("vault.example", None).unwrap()
}

/// An installation that seeks vaults under the suffix in `outside`.
async fn open(outside: Arc<dyn OutsideVault>) -> (TempDir, Strongroom) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::new(PROVIDER).with_vaults(suffix(), outside);
    let data = folder.path().join("data");
    Strongroom::init(&data, InitOptions::default(), &options)
        .await
        .unwrap();
    let room = Strongroom::open(&data, &options).await.unwrap();
    (folder, room)
}

/// A vault `fabrikam` with a key `docs` that the administrator of `room` may use. Its URI.
fn furnish(state: &MemoryState, room: &Strongroom) -> String {
    let me = room.administrator();
    let (tenant, vault): (_, VaultName) = (me.tenant(), "fabrikam".parse().unwrap());
    state.register(me.principal(), tenant);
    let place = Holder::In(Place {
        group: GROUP,
        tenancy: Tenancy::default(),
        subscription: SubscriptionId::from_bytes([5; 16]),
        tenant,
        state: SubscriptionState::Enabled,
    });
    let facts = VaultFacts {
        vault: vault.clone(),
        authority: Ok(()),
        present: place,
        target: place,
    };
    let grant = PolicySpec {
        tenant,
        grantee: Grantee {
            object: me.principal(),
            application: None,
        },
        keys: KeyPermission::ALL.iter().copied().collect(),
    };
    for action in [
        VaultAction::Create(NewVault {
            uid: VaultUid::from_bytes([8; 16]),
            name: vault.clone(),
            region: room.show().region.clone(),
            group: GROUP,
            soft_delete: true,
            retention: RetentionDays::DEFAULT,
            purge_protection: true,
            authorization: Authorization::AccessPolicies,
            firewall: Firewall::OPEN,
        }),
        VaultAction::ChangePolicies {
            change: PolicyChange::Add {
                grant: Grant::Lasting,
            },
            entries: vec![grant],
        },
    ] {
        let command = VaultCommand { at: AT, action };
        state.drive_vault(&command, &facts).unwrap();
    }
    let pair = generate(&PROVIDER, KeySpec::Rsa(RsaKeySize::Rsa2048)).unwrap();
    let material = MaterialRef::from_bytes([1; 16]);
    state.store_material(material, pair.private);
    let version = KeyVersion::from_bytes([2; 16]);
    let import = KeyAction::Import(NewVersion {
        minted: MintedVersion {
            id: version,
            public: pair.public,
            material,
        },
        enabled: true,
        validity: Validity::default(),
        operations: None,
    });
    let owner = Caller {
        tenant,
        principal: me.principal(),
        origin: Origin::TrustedService,
        correlation: CorrelationId::from_bytes([3; 16]),
    };
    let command = KeyCommand {
        at: AT,
        action: import,
    };
    let key = "docs".parse().unwrap();
    state.drive_key(&owner, &vault, &key, &command).unwrap();
    format!("https://fabrikam.vault.example/keys/docs/{version}")
}

async fn last(room: &Strongroom, limit: u32) -> Vec<Audited> {
    room.newest_audit(limit).await.unwrap()
}

#[tokio::test]
async fn r18_what_is_asked_of_an_outside_key_is_one_record_of_two_entries() {
    let state = Arc::new(MemoryState::new());
    let vault = SoftwareVault::new(Arc::clone(&state), PROVIDER, Arc::new(SystemClock));
    let (_folder, room) = open(Arc::new(vault.with_suffix(suffix()))).await;
    let uri = furnish(&state, &room);
    let before = room.verify_audit().await.unwrap();

    let me = room.administrator();
    let secret = SecretBytes::new(vec![7; 32]);
    let wrapped = me.wrap_key(&uri, OAEP, &secret).await.unwrap();
    let opened = me.unwrap_key(&uri, OAEP, &wrapped.bytes).await.unwrap();
    assert_eq!(opened.expose(), secret.expose());
    let refused = me.unwrap_key(&uri, OAEP, &[0; 256]).await;
    assert!(refused.is_err());
    assert_eq!(state.operations().len(), 3);

    let after = room.verify_audit().await.unwrap();
    assert_eq!(after.records, before.records + 3);
    assert_eq!(after.entries, before.entries + 6);
    assert_eq!(after.unknown, 0);
    let damaged = AuditResult::Failed("WrappedKeyDamaged".to_owned());
    let expected = [
        (Operation::KeyWrap, AuditResult::Ok),
        (Operation::KeyUnwrap, AuditResult::Ok),
        (Operation::KeyUnwrap, damaged),
    ];
    let shown = last(&room, 3).await;
    let told: Vec<_> = shown
        .iter()
        .map(|one| (one.record.operation, one.record.result.clone()))
        .collect();
    assert_eq!(told, expected);
    assert!(
        shown
            .iter()
            .all(|one| one.record.key.as_ref() == Some(&uri))
    );
    // By pages of one, each record comes once.
    let mut pages = Vec::new();
    let mut at = before.entries;
    while let Some(one) = room.audit(at, 1).await.unwrap().pop() {
        at = one.sequence;
        pages.push(one);
    }
    assert_eq!(pages, shown);
}

/// A vault that is asked, and from which no answer ever comes.
#[derive(Debug, Default)]
struct Silent {
    asked: Notify,
}

impl Silent {
    async fn silence<T>(&self) -> T {
        self.asked.notify_one();
        std::future::pending().await
    }
}

#[async_trait]
impl KeyVault for Silent {
    async fn key(&self, _: &Caller, _: &KeyId) -> Result<KeyProperties, VaultError> {
        self.silence().await
    }

    async fn wrap(
        &self,
        _: &Caller,
        _: &KeyId,
        _: WrapAlgorithm,
        _: &ResourceKey,
    ) -> Result<Wrapped, VaultError> {
        self.silence().await
    }

    async fn unwrap(
        &self,
        _: &Caller,
        _: &KeyId,
        _: WrapAlgorithm,
        _: &[u8],
    ) -> Result<SecretBytes, VaultError> {
        self.silence().await
    }

    async fn encrypt(
        &self,
        _: &Caller,
        _: &KeyId,
        _: WrapAlgorithm,
        _: &SecretBytes,
    ) -> Result<Wrapped, VaultError> {
        self.silence().await
    }

    async fn decrypt(
        &self,
        _: &Caller,
        _: &KeyId,
        _: WrapAlgorithm,
        _: &[u8],
    ) -> Result<SecretBytes, VaultError> {
        self.silence().await
    }
}

#[async_trait]
impl VaultDirectory for Silent {
    async fn vault(&self, _: &Caller, _: &VaultAddress) -> Result<VaultProperties, VaultError> {
        self.silence().await
    }
}

#[tokio::test]
async fn r18_what_was_cut_off_before_its_outcome_reads_unknown() {
    let silent = Arc::new(Silent::default());
    let (_folder, room) = open(Arc::clone(&silent) as Arc<dyn OutsideVault>).await;
    let version = KeyVersion::from_bytes([2; 16]);
    let uri = format!("https://fabrikam.vault.example/keys/docs/{version}");
    let me = room.administrator();
    tokio::select! {
        answer = me.unwrap_key(&uri, OAEP, &[0; 256]) => panic!("it answered: {:?}", answer.err()),
        () = silent.asked.notified() => {}
    }
    let shown = last(&room, 1).await;
    assert_eq!(shown[0].record.operation, Operation::KeyUnwrap);
    assert_eq!(shown[0].record.result, AuditResult::Unknown);
    assert_eq!(room.verify_audit().await.unwrap().unknown, 1);
}
