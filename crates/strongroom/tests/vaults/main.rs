//! Vaults and keys of an installation, over its own ledger and files.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod outside;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use strongroom::{
    Authorization, Bypass, DefaultAction, Error, Grantee, InitOptions, KeyName, KeyPermission,
    KeySpec, LifeInfo, NewKey, NewResource, NewVault, Operation, Operator, Options, ResourceChange,
    RsaKeySize, SecretBytes, Strongroom, Tier, VaultName, VaultUpdate, VersionChange,
    WrapAlgorithm,
};
use strongroom_base::{Outcome as _, PrincipalId, Timestamp};
use strongroom_ledger::key_file::{KeyFile as _, SqliteKeyFile};
use strongroom_ledger::sqlite::SqliteOptions;
use tempfile::TempDir;

const RSA: KeySpec = KeySpec::Rsa(RsaKeySize::Rsa2048);
const OAEP: WrapAlgorithm = WrapAlgorithm::RsaOaep256;
const START: u64 = 1_800_000_000_000;

/// An installation with the vault `contoso` in it, whose administrator may do everything with keys.
struct Stage {
    folder: TempDir,
    room: Strongroom,
    vault: VaultName,
    key: KeyName,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = options(0);
        let data = folder.path().join("data");
        Strongroom::init(&data, InitOptions::default(), &options)
            .await
            .unwrap();
        let stage = Self {
            room: Strongroom::open(&data, &options).await.unwrap(),
            folder,
            vault: "contoso".parse().unwrap(),
            key: "docs".parse().unwrap(),
        };
        let new = NewVault {
            retention: 7.try_into().unwrap(),
            ..NewVault::new(stage.vault.clone(), stage.room.show().region.clone())
        };
        stage.me().create_vault(new).await.unwrap();
        let (me, all) = (grantee(stage.me().principal()), all());
        stage.me().grant(&stage.vault, me, all).await.unwrap();
        stage
    }

    fn me(&self) -> &Operator {
        self.room.administrator()
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Makes a version and answers its URI.
    async fn version(&self) -> String {
        let new = NewKey::new(self.key.clone());
        let made = self.me().create_key(&self.vault, new, RSA).await.unwrap();
        made.version.id.to_string()
    }

    /// What was recorded since, by name and result.
    async fn records_after(&self, sequence: u64) -> Vec<(Operation, bool)> {
        let records = self.room.audit(sequence, 1_000).await.unwrap();
        let ok = strongroom::AuditResult::Ok;
        records
            .iter()
            .map(|one| (one.record.operation, one.record.result == ok))
            .collect()
    }
}

fn options(days: u64) -> Options {
    let now = Timestamp::from_unix_millis(START + days * 86_400_000);
    Options::new(strongroom::aws_lc_rs::PROVIDER).with_clock(Arc::new(now))
}

fn grantee(object: PrincipalId) -> Grantee {
    Grantee {
        object,
        application: None,
    }
}

fn all() -> BTreeSet<KeyPermission> {
    KeyPermission::ALL.iter().copied().collect()
}

fn secret() -> SecretBytes {
    SecretBytes::new(b"thirty-two bytes of a customer's".to_vec())
}

fn code<T>(answer: Result<T, Error>) -> &'static str {
    answer.err().unwrap().code()
}

#[tokio::test]
async fn r05_a_key_goes_through_its_whole_life_without_the_service() {
    let stage = Stage::new().await;
    let (me, vault, key) = (stage.me(), &stage.vault, &stage.key);
    let first = stage.version().await;
    let wrapped = me.wrap_key(&first, OAEP, &secret()).await.unwrap();
    assert_eq!(wrapped.id.to_string(), first);

    let disable = |enabled| VersionChange {
        enabled: Some(enabled),
        ..VersionChange::default()
    };
    me.update_key(vault, key, None, disable(false))
        .await
        .unwrap();
    let refused = me.unwrap_key(&first, OAEP, &wrapped.bytes).await;
    assert!(
        refused
            .err()
            .unwrap()
            .to_string()
            .contains(&format!("strongroom key enable {first}"))
    );
    me.update_key(vault, key, None, disable(true))
        .await
        .unwrap();

    let second = me.rotate_key(vault, key).await.unwrap();
    assert_eq!(second.versions, 2);
    assert_eq!(me.key_versions(vault, key).await.unwrap().len(), 2);

    let deleted = me.delete_key(vault, key).await.unwrap();
    assert!(matches!(deleted.life, LifeInfo::Deleted { .. }));
    let refused = me.unwrap_key(&first, OAEP, &wrapped.bytes).await;
    assert_eq!(code(refused), "KeyDeleted");
    me.recover_key(vault, key).await.unwrap();
    let opened = me.unwrap_key(&first, OAEP, &wrapped.bytes).await.unwrap();
    assert_eq!(opened.expose(), secret().expose());
    let sealed = me.encrypt(&first, OAEP, &secret()).await.unwrap();
    let opened = me.decrypt(&first, OAEP, &sealed.bytes).await.unwrap();
    assert_eq!(opened.expose(), secret().expose());
    stage.room.close().await.unwrap();
}

/// The private halves as they lie sealed in the file of vault keys.
async fn sealed(data: &Path) -> Vec<Vec<u8>> {
    let options = SqliteOptions::new().create(false);
    let file = SqliteKeyFile::open(&data.join("vault-keys.db"), options)
        .await
        .unwrap();
    let mut sealed = Vec::new();
    for id in file.ids(None, 100).await.unwrap() {
        sealed.push(file.load(&id).await.unwrap().unwrap().to_vec());
    }
    file.close().await.unwrap();
    sealed
}

/// Which files below a folder hold any 16 bytes of `sought`, in steps of 8.
fn holders(folder: &Path, sought: &[u8], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holders(&path, sought, found);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        // Every window of the file against a set is fast enough for files of this size.
        let wanted: BTreeSet<&[u8]> = sought.windows(16).step_by(8).collect();
        if bytes.windows(16).any(|window| wanted.contains(window)) {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
}

#[tokio::test]
async fn r06_material_is_sealed_at_rest_and_gone_from_every_file_after_a_purge() {
    let stage = Stage::new().await;
    stage.version().await;
    stage
        .me()
        .rotate_key(&stage.vault, &stage.key)
        .await
        .unwrap();
    let data = stage.data();
    let Stage {
        folder,
        room,
        vault,
        key,
        ..
    } = stage;
    room.close().await.unwrap();
    let before = sealed(&data).await;
    assert_eq!(before.len(), 2);
    // PKCS#8 of RSA begins so (RFC 8017 §A.1.1): none lies in clear.
    let rsa = [
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
        0x04,
    ];
    let mut clear = Vec::new();
    holders(&data, &rsa, &mut clear);
    assert!(clear.is_empty(), "{clear:?}");
    for one in &before {
        let mut found = Vec::new();
        holders(folder.path(), one, &mut found);
        assert!(found.iter().any(|name| name.starts_with("vault-keys.db")));
    }

    let room = Strongroom::open(&data, &options(0)).await.unwrap();
    let me = room.administrator();
    me.delete_key(&vault, &key).await.unwrap();
    me.purge_key(&vault, &key).await.unwrap();
    assert_eq!(code(me.key(&vault, &key, None).await), "KeyNotFound");
    room.close().await.unwrap();
    for one in &before {
        let mut found = Vec::new();
        holders(folder.path(), one, &mut found);
        assert!(found.is_empty(), "{found:?}");
    }
    assert!(sealed(&data).await.is_empty());
}

#[tokio::test]
async fn r14_a_protected_vault_outlives_every_purge_but_that_of_time() {
    let stage = Stage::new().await;
    stage.version().await;
    let (me, vault) = (stage.me(), &stage.vault);
    let protect = |on| VaultUpdate {
        purge_protection: Some(on),
        ..VaultUpdate::default()
    };
    assert!(
        me.update_vault(vault, protect(true))
            .await
            .unwrap()
            .purge_protection
    );
    assert_eq!(
        code(me.update_vault(vault, protect(false)).await),
        "PurgeProtectionRequired"
    );
    let soft = VaultUpdate {
        soft_delete: Some(false),
        ..VaultUpdate::default()
    };
    assert_eq!(
        code(me.update_vault(vault, soft).await),
        "SoftDeleteRequired"
    );
    me.delete_key(vault, &stage.key).await.unwrap();
    assert_eq!(
        code(me.purge_key(vault, &stage.key).await),
        "PurgeProtected"
    );
    me.delete_vault(vault).await.unwrap();
    assert_eq!(code(me.purge_vault(vault).await), "PurgeProtected");
    me.recover_vault(vault).await.unwrap();
    me.recover_key(vault, &stage.key).await.unwrap();
    me.delete_vault(vault).await.unwrap();
    let data = stage.data();
    stage.room.close().await.unwrap();

    let room = Strongroom::open(&data, &options(8)).await.unwrap();
    assert_eq!(
        code(room.administrator().vault(vault).await),
        "VaultNotFound"
    );
    room.close().await.unwrap();
    assert!(sealed(&data).await.is_empty());
}

#[tokio::test]
async fn r14_a_purged_vault_takes_its_keys_with_it_and_frees_its_name() {
    let stage = Stage::new().await;
    stage.version().await;
    let (me, vault) = (stage.me(), &stage.vault);
    me.delete_vault(vault).await.unwrap();
    assert_eq!(code(me.keys(vault).await), "VaultDeleted");
    me.purge_vault(vault).await.unwrap();
    assert_eq!(code(me.vault(vault).await), "VaultNotFound");
    let again = NewVault::new(vault.clone(), stage.room.show().region.clone());
    assert!(me.create_vault(again).await.unwrap().policies.is_empty());
    let data = stage.data();
    stage.room.close().await.unwrap();
    assert!(sealed(&data).await.is_empty());
}

#[tokio::test]
async fn r09_only_what_is_granted_can_be_done_and_the_firewall_comes_before() {
    let stage = Stage::new().await;
    let uri = stage.version().await;
    let (me, vault) = (stage.me(), &stage.vault);
    let myself = grantee(me.principal());
    me.revoke(vault, myself, [KeyPermission::WrapKey].into())
        .await
        .unwrap();
    let refused = me.wrap_key(&uri, OAEP, &secret()).await.unwrap_err();
    assert_eq!(refused.code(), "AccessDenied");
    let wanted = format!(
        "strongroom vault grant contoso --object-id {} --key-permissions wrapKey",
        me.principal()
    );
    assert!(refused.to_string().contains(&wanted), "{refused}");

    me.set_firewall(vault, Some(DefaultAction::Deny), Some(Bypass::None))
        .await
        .unwrap();
    assert_eq!(code(me.keys(vault).await), "ForbiddenByFirewall");
    me.set_firewall(vault, Some(DefaultAction::Allow), None)
        .await
        .unwrap();

    let roles = VaultUpdate {
        authorization: Some(Authorization::Roles),
        ..VaultUpdate::default()
    };
    me.update_vault(vault, roles).await.unwrap();
    // An owner manages vaults, and uses no keys.
    let refused = me.keys(vault).await.unwrap_err();
    assert!(
        refused.to_string().contains("strongroom role assign"),
        "{refused}"
    );
    me.replace_grant(vault, myself, BTreeSet::new())
        .await
        .unwrap();
    assert!(me.vault(vault).await.unwrap().policies.is_empty());
}

#[tokio::test]
async fn r16_a_census_counts_what_a_version_still_wraps_deleted_resources_included() {
    let stage = Stage::new().await;
    let first = stage.version().await;
    let (me, vault) = (stage.me(), &stage.vault);
    let protect = VaultUpdate {
        purge_protection: Some(true),
        ..VaultUpdate::default()
    };
    me.update_vault(vault, protect).await.unwrap();
    assert_eq!(me.census(&first).await.unwrap().resources, 0);
    let region = stage.room.show().region.clone();
    let new = NewResource {
        tier: Tier::S0,
        ..NewResource::new("notes".parse().unwrap(), region)
    };
    let notes = me.create_resource(new).await.unwrap();
    let set = |key: &str| ResourceChange::SetKey {
        key: key.to_owned(),
        algorithm: OAEP,
    };
    notes.change(set(&first)).await.unwrap();
    let census = me.census(&first).await.unwrap();
    assert_eq!((census.resources, census.visible.len()), (1, 1));
    let second = me
        .rotate_key(vault, &stage.key)
        .await
        .unwrap()
        .version
        .id
        .to_string();
    assert_eq!(me.census(&second).await.unwrap().resources, 0);
    notes.change(set(&second)).await.unwrap();
    notes.delete().await.unwrap();
    assert_eq!(me.census(&first).await.unwrap().resources, 0);
    assert_eq!(me.census(&second).await.unwrap().resources, 1);
    // Before a purge is when it is wanted, and then the key is deleted.
    me.delete_key(vault, &stage.key).await.unwrap();
    let whole = second.rsplit_once('/').unwrap().0;
    assert_eq!(me.census(whole).await.unwrap().resources, 1);
}

#[tokio::test]
async fn i05_a_stranger_learns_of_no_vault_and_no_key() {
    let stage = Stage::new().await;
    let there = stage.version().await;
    let (me, vault) = (stage.me(), &stage.vault);
    // Nobody is registered under it: it stands for all without a right.
    let stranger = me.acting_as(PrincipalId::from_bytes([9; 16])).await;
    assert_eq!(code(stranger), "AuthenticationFailed");
    // Whoever has no permission is not told which keys there are.
    let none: VaultName = "nowhere".parse().unwrap();
    me.replace_grant(vault, grantee(me.principal()), BTreeSet::new())
        .await
        .unwrap();
    let missing = there.replace("/docs/", "/none/");
    let at = async |uri: &str| me.wrap_key(uri, OAEP, &secret()).await;
    assert_eq!(code(at(&there).await), code(at(&missing).await));
    assert_eq!(code(me.key(vault, &stage.key, None).await), "AccessDenied");
    assert_eq!(
        code(me.key(vault, &"none".parse().unwrap(), None).await),
        "AccessDenied"
    );
    assert_eq!(code(me.vault(&none).await), "VaultNotFound");
}

#[tokio::test]
async fn i07_each_key_operation_leaves_one_record_and_no_more() {
    let stage = Stage::new().await;
    let uri = stage.version().await;
    let (me, vault, key) = (stage.me(), &stage.vault, &stage.key);
    let disabled = VersionChange {
        enabled: Some(false),
        ..VersionChange::default()
    };
    let mut before = stage.room.audit_length().await.unwrap();
    let mut expect = async |operation: Operation, ok: bool| {
        let records = stage.records_after(before).await;
        assert_eq!(records, [(operation, ok)], "{operation}");
        before = stage.room.audit_length().await.unwrap();
    };
    me.create_key(vault, NewKey::new(key.clone()), RSA)
        .await
        .unwrap();
    expect(Operation::KeyCreate, true).await;
    me.keys(vault).await.unwrap();
    expect(Operation::KeyList, true).await;
    me.key_versions(vault, key).await.unwrap();
    expect(Operation::KeyList, true).await;
    me.key(vault, key, None).await.unwrap();
    expect(Operation::KeyGet, true).await;
    me.key(vault, &"none".parse().unwrap(), None)
        .await
        .unwrap_err();
    expect(Operation::KeyGet, false).await;
    me.census(&uri).await.unwrap();
    expect(Operation::KeyGet, true).await;
    me.rotation_policy(vault, key).await.unwrap();
    expect(Operation::KeyRotationPolicyGet, true).await;
    let wrapped = me.wrap_key(&uri, OAEP, &secret()).await.unwrap();
    expect(Operation::KeyWrap, true).await;
    me.unwrap_key(&uri, OAEP, &wrapped.bytes).await.unwrap();
    expect(Operation::KeyUnwrap, true).await;
    assert_eq!(
        code(me.unwrap_key(&uri, OAEP, &[0; 256]).await),
        "WrappedKeyDamaged"
    );
    expect(Operation::KeyUnwrap, false).await;
    me.rotate_key(vault, key).await.unwrap();
    expect(Operation::KeyRotate, true).await;
    me.rotate_key(vault, &"none".parse().unwrap())
        .await
        .unwrap_err();
    expect(Operation::KeyRotate, false).await;
    me.update_key(vault, key, None, disabled).await.unwrap();
    expect(Operation::KeyUpdate, true).await;
    me.delete_key(vault, key).await.unwrap();
    expect(Operation::KeyDelete, true).await;
    me.create_key(vault, NewKey::new(key.clone()), RSA)
        .await
        .unwrap_err();
    expect(Operation::KeyCreate, false).await;
    me.purge_key(vault, key).await.unwrap();
    expect(Operation::KeyPurge, true).await;
    me.replace_grant(vault, grantee(me.principal()), BTreeSet::new())
        .await
        .unwrap();
    expect(Operation::VaultAccessPolicySet, true).await;
    me.keys(vault).await.unwrap_err();
    expect(Operation::KeyList, false).await;
    me.create_key(vault, NewKey::new(key.clone()), RSA)
        .await
        .unwrap_err();
    expect(Operation::KeyCreate, false).await;
    stage.room.verify_audit().await.unwrap();
}
