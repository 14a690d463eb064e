//! Files of sealed keys: made before the commit that names them, erased after the one that stops
//! naming them, and swept if that commit never came.
//!
//! There are two: service-managed keys, and the private halves of the keys in the installation's own
//! vaults. A key file and the ledger cannot change together. So a new key is announced in the ledger
//! first, and the commit that names it asserts that the announcement stands as it was made. Who finds
//! an old announcement overwrites it, after which nobody can name the key any more, and then erases the
//! key unless somebody already has.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strongroom_base::{OutcomeKind, ResourceUid, Timestamp};
use strongroom_crypto::keyring::KeyringMac;
use strongroom_crypto::{
    RootKeys, SealedKeyMaterial, SealedServiceKey, SecretBytes, ServiceKeyId, ServiceManagedKey,
};
use strongroom_ledger::key_file::KeyFile;
use strongroom_ledger::{
    AggregateId, Change, Commit, Find, Guard, IndexRow, LedgerError, Page, Version, Write,
};
use strongroom_vault::MaterialRef;

use crate::Error;
use crate::core::{Core, Loaded, encode};
use crate::driver::kept::index;
use crate::driver::log;

/// How long a new key may wait for the commit that names it.
const ANNOUNCED_FOR: Duration = Duration::from_mins(10);

/// Which file a key is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shelf {
    /// Service-managed keys, each named by a resource.
    Service,
    /// Private halves of vault keys, each named by a version of a key.
    Vault,
}

impl Shelf {
    const ALL: [Self; 2] = [Self::Service, Self::Vault];

    /// What announcements of its keys are called.
    const fn kind(self) -> &'static str {
        match self {
            Self::Service => "announced-key",
            Self::Vault => "announced-material",
        }
    }

    /// The index of whatever names its keys.
    const fn named_by(self) -> &'static str {
        match self {
            Self::Service => index::SERVICE_KEY,
            Self::Vault => index::MATERIAL,
        }
    }

    fn file(self, keys: &KeyStore) -> &dyn KeyFile {
        match self {
            Self::Service => &*keys.service_keys,
            Self::Vault => &*keys.vault_keys,
        }
    }

    fn of(announcement: &AggregateId) -> Option<Self> {
        let kind = announcement.kind();
        Self::ALL.into_iter().find(|shelf| shelf.kind() == kind)
    }
}

/// A service-managed key in the key file that no resource names yet.
pub(crate) struct NewServiceKey {
    pub(crate) id: ServiceKeyId,
    pub(crate) key: ServiceManagedKey,
    /// What the commit that names it must assert.
    pub(crate) announcement: Guard,
}

/// What came of looking at an announcement.
enum Swept {
    /// Its maker may only be slow; so may those of all that come after it.
    TooYoung,
    Done,
}

/// What the ledger says of a key that is being made.
#[derive(Serialize, Deserialize)]
struct Announcement {
    made: Timestamp,
    /// Whether somebody has found it too old: the key must not be named any more.
    withdrawn: bool,
}

/// The sealed keys of an installation, and the root key that seals them.
pub(crate) struct KeyStore {
    pub(crate) records: Arc<Core>,
    pub(crate) root: RootKeys,
    /// Service-managed keys, sealed.
    pub(crate) service_keys: Arc<dyn KeyFile>,
    /// Private halves of the keys in the installation's own vaults, sealed.
    pub(crate) vault_keys: Arc<dyn KeyFile>,
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStore")
            .field("service_keys", &self.service_keys)
            .field("vault_keys", &self.vault_keys)
            .finish_non_exhaustive()
    }
}

impl KeyStore {
    /// What authenticates the keyring of a resource.
    pub(crate) fn keyring_mac(&self, uid: ResourceUid) -> Result<KeyringMac, Error> {
        Ok(self.root.keyring_mac(uid)?)
    }

    pub(crate) async fn close(&self) -> Result<(), Error> {
        self.service_keys.close().await?;
        self.vault_keys.close().await?;
        Ok(())
    }

    pub(crate) async fn new_service_key(&self, uid: ResourceUid) -> Result<NewServiceKey, Error> {
        let id = ServiceKeyId::generate(self.records.provider.random)?;
        let key = ServiceManagedKey::generate(self.records.provider.random)?;
        let announcement = self.announce(Shelf::Service, &id.to_string()).await?;
        let sealed = self.root.seal_service_key(uid, id, &key)?;
        self.service_keys
            .put(&id.to_string(), &sealed.to_bytes())
            .await?;
        Ok(NewServiceKey {
            id,
            key,
            announcement,
        })
    }

    pub(crate) async fn service_key(
        &self,
        uid: ResourceUid,
        id: ServiceKeyId,
    ) -> Result<ServiceManagedKey, Error> {
        let sealed = self.service_keys.load(&id.to_string()).await?;
        let sealed = sealed.ok_or(Error::MissingServiceKey { key: id })?;
        let sealed = SealedServiceKey::parse(&sealed)?;
        Ok(self.root.open_service_key(uid, id, &sealed)?)
    }

    /// Keeps the private half of a key of our own vaults. The guard is what the commit that names it
    /// must assert.
    pub(crate) async fn new_key_material(
        &self,
        id: MaterialRef,
        private: &SecretBytes,
    ) -> Result<Guard, Error> {
        let announcement = self.announce(Shelf::Vault, &id.to_string()).await?;
        let sealed = self.root.seal_key_material(id, private)?;
        self.vault_keys
            .put(&id.to_string(), &sealed.to_bytes())
            .await?;
        Ok(announcement)
    }

    pub(crate) async fn key_material(&self, id: MaterialRef) -> Result<SecretBytes, Error> {
        let sealed = self.vault_keys.load(&id.to_string()).await?;
        let sealed = sealed.ok_or(Error::MissingKeyMaterial { material: id })?;
        let sealed = SealedKeyMaterial::parse(&sealed)?;
        Ok(self.root.open_key_material(id, &sealed)?)
    }

    /// Gives up a new key whose commit did not come to pass.
    pub(crate) async fn abandon(&self, announcement: Guard) -> Result<(), Error> {
        let Guard { id, version } = announcement;
        let Some(announcement) = self.records.load::<Announcement>(&id).await?.state else {
            return Ok(());
        };
        match self.withdraw(&id, version, announcement).await? {
            Some(withdrawn) => self.settle_announcement(withdrawn).await,
            // A sweep was faster.
            None => Ok(()),
        }
    }

    /// Ends an announcement whose key was named, or was withdrawn.
    pub(crate) async fn settle_announcement(&self, guard: Guard) -> Result<(), Error> {
        let Guard { id, version } = guard;
        self.erase_unless_named(&id).await?;
        let commit = Commit::remove(&id, version);
        match self.records.ledger.commit(commit, self.records.now()).await {
            // A sweep was faster.
            Ok(_) | Err(LedgerError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Goes after keys whose makers were cut off, oldest first, for as long as `may_go_on` says so. It is told
    /// after each how that failed, if it did.
    pub(crate) async fn sweep_announced_keys(
        &self,
        mut may_go_on: impl FnMut(Option<OutcomeKind>) -> bool + Send,
    ) -> Result<(), Error> {
        let now = self.records.now();
        let announced = Find::prefix(index::ANNOUNCED, "");
        let mut page = Page::first(1);
        loop {
            let found = self.records.ledger.find_sound(&announced, page).await?;
            let Some(oldest) = found.first() else {
                return Ok(());
            };
            // Each once: what somebody else is changing is theirs.
            page = Page::after(oldest, 1);
            let swept = match self.sweep_announced_key(&oldest.id, now).await {
                Ok(Swept::TooYoung) => return Ok(()),
                swept => swept.map(drop),
            };
            // What cannot be read keeps no other waiting.
            if !may_go_on(log(&oldest.id, swept)) {
                return Ok(());
            }
        }
    }

    async fn sweep_announced_key(&self, id: &AggregateId, now: Timestamp) -> Result<Swept, Error> {
        let Loaded { state, version } = self.records.load::<Announcement>(id).await?;
        let Some(announcement) = state else {
            return Ok(Swept::Done);
        };
        if now.saturating_since(announcement.made) < ANNOUNCED_FOR {
            return Ok(Swept::TooYoung);
        }
        let withdrawn = if announcement.withdrawn {
            let id = id.clone();
            Some(Guard { id, version })
        } else {
            self.withdraw(id, version, announcement).await?
        };
        if let Some(withdrawn) = withdrawn {
            self.settle_announcement(withdrawn).await?;
        }
        Ok(Swept::Done)
    }

    async fn announce(&self, place: Shelf, key: &str) -> Result<Guard, Error> {
        let id = AggregateId::new(place.kind(), key)?;
        let made = self.records.now();
        let announcement = Announcement {
            made,
            withdrawn: false,
        };
        let version = self.write(&id, Version::ABSENT, &announcement).await?;
        Ok(Guard { id, version })
    }

    /// From here on nobody can name the key. None if somebody else has just changed it.
    async fn withdraw(
        &self,
        id: &AggregateId,
        version: Version,
        announcement: Announcement,
    ) -> Result<Option<Guard>, Error> {
        let withdrawn = Announcement {
            withdrawn: true,
            ..announcement
        };
        match self.write(id, version, &withdrawn).await {
            Ok(version) => Ok(Some(Guard {
                id: id.clone(),
                version,
            })),
            Err(Error::Ledger(LedgerError::Conflict { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn write(
        &self,
        id: &AggregateId,
        expected: Version,
        announcement: &Announcement,
    ) -> Result<Version, Error> {
        let made = format!("{:020}", announcement.made.as_unix_millis());
        let change = Change::Put {
            state: encode(announcement)?,
            index: vec![IndexRow::shared(index::ANNOUNCED, made)],
        };
        let commit = Commit::write(Write {
            id: id.clone(),
            expected,
            change,
        });
        let committed = self
            .records
            .ledger
            .commit(commit, self.records.now())
            .await?;
        Ok(committed.version().unwrap_or(Version::ABSENT))
    }

    async fn erase_unless_named(&self, announcement: &AggregateId) -> Result<(), Error> {
        // An index row that somebody forged is no announcement of ours.
        let Some(place) = Shelf::of(announcement) else {
            return Ok(());
        };
        let key = announcement.id();
        let named = Find::exact(place.named_by(), key);
        if self
            .records
            .ledger
            .find(&named, Page::first(1))
            .await?
            .is_empty()
            && place.file(self).erase(key).await?
        {
            tracing::info!(key, "erased a key that nothing names");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::resource::NewResource;
    use crate::{InitOptions, Options, Strongroom};

    const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

    async fn open(data: &Path, minutes: u64) -> Strongroom {
        let now = START.saturating_add(Duration::from_mins(minutes));
        let options = Options::new(crate::aws_lc_rs::PROVIDER).with_clock(Arc::new(now));
        if !data.exists() {
            Strongroom::init(data, InitOptions::default(), &options)
                .await
                .unwrap();
        }
        let room = Strongroom::open(data, &options).await.unwrap();
        room.maintenance().run_due().await.unwrap();
        room
    }

    async fn keys(room: &Strongroom) -> Vec<String> {
        room.control()
            .keys
            .service_keys
            .ids(None, 100)
            .await
            .unwrap()
    }

    async fn announcements(room: &Strongroom) -> usize {
        let announced = Find::prefix(index::ANNOUNCED, "");
        room.control()
            .records
            .ledger
            .find(&announced, Page::first(100))
            .await
            .unwrap()
            .len()
    }

    #[tokio::test]
    async fn i09_a_key_whose_maker_was_cut_off_is_erased_and_can_not_be_named_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let room = open(&data, 0).await;
        let cut_off = room
            .control()
            .keys
            .new_service_key(ResourceUid::from_bytes([1; 16]))
            .await
            .unwrap();
        drop(room);

        // Its maker may only be slow.
        let room = open(&data, 9).await;
        assert_eq!(keys(&room).await, [cut_off.id.to_string()]);
        drop(room);

        let room = open(&data, 11).await;
        assert!(keys(&room).await.is_empty());
        assert_eq!(announcements(&room).await, 0);
        let late = Commit {
            guards: vec![cut_off.announcement],
            ..Commit::default()
        };
        let refused = room
            .control()
            .records
            .ledger
            .commit(late, room.control().records.now())
            .await;
        assert!(
            matches!(refused, Err(LedgerError::Conflict { .. })),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn i09_a_key_that_was_named_outlives_its_announcement() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let room = open(&data, 0).await;
        let new = NewResource::new("notes".parse().unwrap(), "local".parse().unwrap());
        let resource = room.create_resource(new).await.unwrap();
        let named = keys(&room).await;
        // As if the creation had been cut off right after its commit.
        room.control()
            .keys
            .announce(Shelf::Service, &named[0])
            .await
            .unwrap();
        drop(room);

        let room = open(&data, 11).await;
        assert_eq!(keys(&room).await, named);
        assert_eq!(announcements(&room).await, 0);
        let name = "notes".parse().unwrap();
        assert_eq!(room.resource(&name).await.unwrap().uid(), resource.uid());
    }

    #[tokio::test]
    async fn i08_a_refused_creation_leaves_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let room = open(&folder.path().join("data"), 0).await;
        let new = NewResource::new("notes".parse().unwrap(), "local".parse().unwrap());
        room.create_resource(new.clone()).await.unwrap();
        let before = keys(&room).await;
        let refused = room.create_resource(new).await;
        assert!(
            matches!(
                refused,
                Err(Error::Refused(
                    strongroom_resource::Refusal::NameTaken { .. }
                ))
            ),
            "{refused:?}"
        );
        assert_eq!(keys(&room).await, before);
        assert_eq!(announcements(&room).await, 0);
    }
}
