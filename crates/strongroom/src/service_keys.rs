//! Service-managed keys: made before the commit that names them, erased after the one that stops
//! naming them, and swept if that commit never came.

use std::time::Duration;

use strongroom_base::{ResourceUid, Timestamp};
use strongroom_crypto::{SealedServiceKey, ServiceKeyId, ServiceManagedKey};
use strongroom_ledger::{Claim, ClaimOutcome, Find, Page};

use crate::Error;
use crate::core::Core;
use crate::resource::driver::SERVICE_KEY_INDEX;

/// How long a new key may wait for the commit that names it.
const CLAIMED_FOR: Duration = Duration::from_mins(1);

/// How many keys one page of the sweep looks at.
const SWEEP_PAGE: u32 = 1_000;

/// A key in the key file that no resource names yet. The claim keeps sweeps away from it; the
/// commit that names it must hold the claim.
pub(crate) struct NewServiceKey {
    pub(crate) id: ServiceKeyId,
    pub(crate) key: ServiceManagedKey,
    pub(crate) claim: Claim,
}

impl Core {
    pub(crate) async fn new_service_key(&self, uid: ResourceUid) -> Result<NewServiceKey, Error> {
        let id = ServiceKeyId::generate(self.provider.random)?;
        let key = ServiceManagedKey::generate(self.provider.random)?;
        let now = self.now();
        let claim = self.claim_on(&id.to_string(), now);
        // Nobody else can hold a claim on an id that was drawn just now; the commit asserts it.
        let _ = self.ledger.claim(&claim, now).await?;
        let sealed = self.root.seal_service_key(uid, id, &key)?;
        self.service_keys
            .put(&id.to_string(), &sealed.to_bytes())
            .await?;
        Ok(NewServiceKey { id, key, claim })
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

    /// Erases every key that no resource names: what a process made before it was cut off.
    pub(crate) async fn sweep_service_keys(&self) -> Result<(), Error> {
        let mut after: Option<String> = None;
        loop {
            let ids = self.service_keys.ids(after.as_deref(), SWEEP_PAGE).await?;
            let Some(last) = ids.last() else {
                return Ok(());
            };
            after = Some(last.clone());
            for id in ids {
                self.erase_if_orphaned(&id).await?;
            }
        }
    }

    async fn erase_if_orphaned(&self, id: &str) -> Result<(), Error> {
        if self.is_named(id).await? {
            return Ok(());
        }
        let now = self.now();
        let claim = self.claim_on(id, now);
        if !matches!(
            self.ledger.claim(&claim, now).await?,
            ClaimOutcome::Held { .. }
        ) {
            // Somebody is about to name it.
            return Ok(());
        }
        // Under the claim nobody can begin to name it; somebody may just have.
        if !self.is_named(id).await? {
            self.service_keys.erase(id).await?;
            tracing::info!(
                key = id,
                "erased a service-managed key that no resource names"
            );
        }
        self.ledger.release(&claim).await?;
        Ok(())
    }

    async fn is_named(&self, id: &str) -> Result<bool, Error> {
        let named = Find::exact(SERVICE_KEY_INDEX, id);
        Ok(!self.ledger.find(&named, Page::first(1)).await?.is_empty())
    }

    fn claim_on(&self, id: &str, now: Timestamp) -> Claim {
        Claim {
            name: format!("service-key/{id}"),
            owner: self.owner.clone(),
            expires: now.saturating_add(CLAIMED_FOR),
        }
    }
}
