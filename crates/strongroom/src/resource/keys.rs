//! A resource's keyring under its service-managed key: made at creation, opened for a lease.

use strongroom_base::{Outcome, ResourceUid};
use strongroom_crypto::ResourceKey;
use strongroom_crypto::keyring::{Kek, Keyring, OpenedKeyring, WrappedKey};
use strongroom_crypto::object::Generation;

use super::driver::aggregate;
use super::machine::Resource;
use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::core::Core;
use crate::lease::Proof;
use crate::service_keys::NewServiceKey;

impl Core {
    /// A keyring with one generation, wrapped by a new service-managed key.
    pub(crate) fn first_keyring(
        &self,
        uid: ResourceUid,
        service_key: &NewServiceKey,
    ) -> Result<Keyring, Error> {
        let key = ResourceKey::generate(self.provider.random)?;
        let wrapped =
            service_key
                .key
                .wrap_resource_key(&self.provider, uid, Generation::FIRST, &key)?;
        let kek = Kek::ServiceManaged {
            key: service_key.id,
        };
        let mac = self.root.keyring_mac(uid)?;
        Ok(Keyring::create(
            &self.provider,
            &mac,
            &key,
            kek,
            WrappedKey::new(wrapped),
        )?)
    }

    /// Proves that a resource's keys may be used: reads its state, unwraps its resource key, and
    /// records that it did.
    pub(crate) async fn prove(&self, uid: ResourceUid, caller: &Caller) -> Result<Proof, Error> {
        // A proof counts from when it was asked for, not from when it was answered.
        let asked = self.now();
        let resource = self.load::<Resource>(&aggregate(uid)?).await?.state;
        let resource = resource.ok_or(super::Refusal::Absent)?;
        resource.check_usable()?;
        let unwrapped = self.open_keyring(&resource).await;
        let record =
            Happened::new(Operation::UnwrapKey, resource.arm_id()).with_key(resource.key_name());
        let record = match &unwrapped {
            Ok(_) => record,
            Err(error) => record.failed(error.code()),
        };
        // Committed before the key is used: no key operation goes without its record (I7).
        self.record(vec![record], caller).await?;
        let keys = unwrapped?.generation_keys(&self.provider);
        Ok(Proof { keys, asked })
    }

    /// Unwraps the newest generation and opens the older ones. The caller records that it did.
    pub(crate) async fn open_keyring(&self, resource: &Resource) -> Result<OpenedKeyring, Error> {
        let uid = resource.uid;
        let keyring = resource.keyring.verify(&self.root.keyring_mac(uid)?)?;
        let Kek::ServiceManaged { key } = keyring.kek() else {
            return Err(Error::ForeignKey);
        };
        let service_key = self.service_key(uid, *key).await?;
        let newest = service_key.unwrap_resource_key(
            &self.provider,
            uid,
            keyring.newest(),
            keyring.wrapped().as_bytes(),
        )?;
        Ok(keyring.open(&self.provider, newest)?)
    }
}
