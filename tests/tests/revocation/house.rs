//! An installation with a second tenant, and resources under a customer's key in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use strongroom::{
    Error, Grantee, GroupUid, InitOptions, KeyPermission, KeySource, NewKey, NewResource, NewVault,
    Operator, Options, ResourceChange, ResourceHandle, RsaKeySize, Strongroom, VaultName,
    WrapAlgorithm,
};
use strongroom_base::{PrincipalId, SubscriptionId};
use strongroom_vault::{KeySpec, KeyVersion};
use tempfile::TempDir;

pub(crate) const OAEP: WrapAlgorithm = WrapAlgorithm::RsaOaep256;
const RSA: KeySpec = KeySpec::Rsa(RsaKeySize::Rsa2048);

pub(crate) struct House {
    folder: TempDir,
    pub(crate) room: Strongroom,
    /// A subscription and a group of another tenant.
    abroad: (SubscriptionId, GroupUid),
}

/// A resource under a customer's key, in a subscription, group and vault of its own.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) resource: ResourceHandle,
    pub(crate) vault: VaultName,
    pub(crate) key: strongroom::KeyName,
    pub(crate) version: KeyVersion,
    pub(crate) home: strongroom_base::TenantId,
    pub(crate) subscription: SubscriptionId,
    pub(crate) group: GroupUid,
    pub(crate) abroad: (SubscriptionId, GroupUid),
    pub(crate) abroad_tenant: strongroom_base::TenantId,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(&options()).await
    }

    pub(crate) async fn with(options: &Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Strongroom::init(&data, InitOptions::default(), options)
            .await
            .unwrap();
        let room = Strongroom::open(&data, options).await.unwrap();
        let me = room.administrator();
        let tenant = me.create_tenant("abroad".parse().unwrap()).await.unwrap();
        let there = me
            .create_subscription("there".parse().unwrap(), tenant.id)
            .await
            .unwrap();
        let group = me
            .create_group(there.id, "group".parse().unwrap())
            .await
            .unwrap();
        Self {
            folder,
            room,
            abroad: (there.id, group.uid),
        }
    }

    /// Of the data, and of what is kept beside them.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) async fn scene(&self, name: &str) -> Scene {
        let me = self.room.administrator();
        let region = self.room.show().region.clone();
        let subscription = me
            .create_subscription("here".parse().unwrap(), me.tenant())
            .await
            .unwrap();
        let group = me
            .create_group(subscription.id, name.parse().unwrap())
            .await
            .unwrap();
        // The vault stays where it is, whatever moves.
        let vault: VaultName = "contoso".parse().unwrap();
        let new = NewVault {
            purge_protection: true,
            ..NewVault::new(vault.clone(), region.clone())
        };
        me.create_vault(new).await.unwrap();
        let all = KeyPermission::ALL.iter().copied().collect();
        me.grant(&vault, grantee(me.principal()), all)
            .await
            .unwrap();
        let key: strongroom::KeyName = "docs".parse().unwrap();
        let made = me
            .create_key(&vault, NewKey::new(key.clone()), RSA)
            .await
            .unwrap();
        let resource = me
            .in_group(group.uid)
            .create_resource(NewResource::new(name.parse().unwrap(), region))
            .await
            .unwrap();
        let set = ResourceChange::SetKey {
            key: made.version.id.to_string(),
            algorithm: OAEP,
        };
        resource.change(set).await.unwrap();
        let abroad_tenant = me.subscription(self.abroad.0).await.unwrap().tenant;
        Scene {
            resource,
            vault,
            key,
            version: made.version.id.version,
            home: me.tenant(),
            subscription: subscription.id,
            group: group.uid,
            abroad: self.abroad,
            abroad_tenant,
        }
    }

    /// Every sealed object, as it lies there.
    pub(crate) fn stored_objects(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.data().join("objects")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if is_object(&path) {
                    found.insert(path.clone(), std::fs::read(&path).unwrap());
                }
            }
        }
        found
    }
}

/// Not a write under way or one that was stopped, and not the folder's own notes.
fn is_object(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    !name.contains('#') && !name.starts_with('.')
}

pub(crate) fn options() -> Options {
    Options::new(strongroom::aws_lc_rs::PROVIDER)
}

pub(crate) fn grantee(object: PrincipalId) -> Grantee {
    Grantee {
        object,
        application: None,
    }
}

impl Scene {
    /// No change of key gives back what was taken away: not to the service's own key, not to another
    /// version, not to another generation.
    pub(crate) async fn nothing_goes_round(&self, room: &Strongroom, code: &str) {
        let uri = |view: &strongroom::ResourceView| match &view.encryption.source {
            KeySource::CustomerManaged { key, .. } => key.clone(),
            other => panic!("{other:?}"),
        };
        let before = self.resource.show().await.unwrap();
        for change in [
            ResourceChange::ResetKey,
            ResourceChange::Rekey,
            ResourceChange::SetKey {
                key: uri(&before),
                algorithm: WrapAlgorithm::RsaOaep,
            },
        ] {
            let refused = self.resource.change(change.clone()).await;
            let error = refused.expect_err(&format!("{change:?} went round it"));
            assert!(
                !matches!(error, Error::Ledger(_) | Error::Contended { .. }),
                "{code}: {change:?}: {error:?}"
            );
        }
        let after = self.resource.show().await.unwrap();
        assert_eq!(after.encryption, before.encryption, "{code}");
        room.verify_audit().await.unwrap();
    }

    /// The principal of the identity that it has now.
    pub(crate) async fn identity(&self) -> PrincipalId {
        match self.resource.show().await.unwrap().identity {
            strongroom::IdentityView::On { principal, .. }
            | strongroom::IdentityView::LeftBehind { principal, .. } => principal,
            other => panic!("{other:?}"),
        }
    }

    /// The same resource, as another process asks for it.
    pub(crate) async fn seen_by(&self, operator: &Operator) -> ResourceHandle {
        operator.resource_by_uid(self.resource.uid()).await.unwrap()
    }
}
