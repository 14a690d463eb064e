//! What is left of a service-managed key once a customer's key has taken its place (I10).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

use std::path::{Path, PathBuf};

use object_store::ObjectStoreExt as _;
use strongroom::{
    InitOptions, NewKey, NewResource, NewVault, Options, ResourceChange, Strongroom, WrapAlgorithm,
};
use strongroom_crypto::RsaKeySize;
use strongroom_ledger::key_file::{KeyFile as _, SqliteKeyFile};
use strongroom_ledger::sqlite::SqliteOptions;
use strongroom_vault::KeySpec;
use strongroom_vault::vault::Grantee;

/// Every file below a folder in which these bytes stand.
fn holding(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, bytes));
            continue;
        }
        let content = std::fs::read(&path).unwrap();
        if content.windows(bytes.len()).any(|window| window == bytes) {
            found.push(path);
        }
    }
    found
}

/// The sealed service-managed keys, as they lie in the key file.
async fn sealed(data: &Path) -> Vec<Vec<u8>> {
    let file = SqliteKeyFile::open(&data.join("service-keys.db"), SqliteOptions::new())
        .await
        .unwrap();
    let mut sealed = Vec::new();
    for id in file.ids(None, 100).await.unwrap() {
        sealed.push(file.load(&id).await.unwrap().unwrap().to_vec());
    }
    file.close().await.unwrap();
    sealed
}

/// What of a sealed key nobody could do without: nonce, ciphertext and tag.
fn essence(sealed: &[u8]) -> &[u8] {
    &sealed[sealed.len() - 60..]
}

#[tokio::test]
async fn i10_the_service_key_is_in_no_file_once_a_customer_key_has_taken_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let options = Options::new(strongroom::aws_lc_rs::PROVIDER);
    let view = Strongroom::init(&data, InitOptions::default(), &options)
        .await
        .unwrap();
    let room = Strongroom::open(&data, &options).await.unwrap();
    let operator = room.administrator();
    let new = NewResource::new("notes".parse().unwrap(), view.region.clone());
    let notes = room.create_resource(new).await.unwrap();
    let store = notes.store().await.unwrap();
    store.put(&"poem".into(), "words".into()).await.unwrap();

    let mut vault = NewVault::new("contoso".parse().unwrap(), view.region);
    vault.purge_protection = true;
    let vault = operator.create_vault(vault).await.unwrap().name;
    let myself = Grantee {
        object: operator.principal(),
        application: None,
    };
    let all = strongroom_vault::KeyPermission::ALL;
    operator
        .replace_grant(&vault, myself, all.iter().copied().collect())
        .await
        .unwrap();
    let new = NewKey::new("docs".parse().unwrap());
    let spec = KeySpec::Rsa(RsaKeySize::Rsa2048);
    let key = operator.create_key(&vault, new, spec).await.unwrap();

    let before = sealed(&data).await;
    assert_eq!(before.len(), 1);
    assert!(
        !holding(&data, essence(&before[0])).is_empty(),
        "the search finds nothing, so it shows nothing"
    );

    let set = ResourceChange::SetKey {
        key: key.version.id.to_string(),
        algorithm: WrapAlgorithm::RsaOaep256,
    };
    // A reader that is open all the while keeps its snapshot of the ledger, and with it the log.
    let reading = store.get(&"poem".into()).await.unwrap();
    notes.change(set).await.unwrap();
    assert_eq!(holding(&data, essence(&before[0])), Vec::<PathBuf>::new());
    assert!(sealed(&data).await.is_empty());
    drop(reading);

    room.close().await.unwrap();
    assert_eq!(
        holding(folder.path(), essence(&before[0])),
        Vec::<PathBuf>::new()
    );
    let room = Strongroom::open(&data, &options).await.unwrap();
    let notes = room.resource(&"notes".parse().unwrap()).await.unwrap();
    let read = notes.store().await.unwrap().get(&"poem".into()).await;
    assert_eq!(read.unwrap().bytes().await.unwrap(), "words");
    room.close().await.unwrap();
}
