//! A resource's keys in clear, for whoever proves the format with another program. Only an
//! installation that was made for trying things gives them out.

use std::fmt;

use strongroom_base::{Outcome as _, ResourceName, ResourceUid};
use strongroom_crypto::ResourceKey;
use strongroom_crypto::keyring::{KeyringRecord, OpenedKeyring};
use strongroom_crypto::object::{BindingMode, Generation};

use super::Strongroom;
use crate::Error;
use crate::audit::{Happened, Operation};
use crate::resource::Refusal;
use crate::resource::driver::aggregate;
use crate::resource::machine::Resource;

/// What opens and seals every object of one resource: whoever has it needs no Strongroom.
#[non_exhaustive]
pub struct ExportedKey {
    /// The resource's uid.
    pub uid: ResourceUid,
    /// What its objects are bound to.
    pub binding: BindingMode,
    opened: OpenedKeyring,
    generations: Vec<Generation>,
}

impl ExportedKey {
    /// The key of each generation, by its number.
    pub fn generations(&self) -> impl Iterator<Item = (u32, &ResourceKey)> {
        let all = self.generations.iter();
        all.filter_map(|number| Some((number.number(), self.opened.key(*number)?)))
    }
}

impl fmt::Debug for ExportedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportedKey")
            .field("uid", &self.uid)
            .field("binding", &self.binding)
            .finish_non_exhaustive()
    }
}

impl Strongroom {
    /// The resource's keys in clear, on an installation that was made with
    /// [`InitOptions::dev`](crate::InitOptions) alone; recorded in the audit either way.
    ///
    /// # Errors
    /// [`Error::NotForTrying`] on any other installation; as for a lease if the resource cannot be
    /// used.
    pub async fn export_resource_key(&self, name: &ResourceName) -> Result<ExportedKey, Error> {
        let handle = self.resource(name).await?;
        let id = aggregate(handle.uid())?;
        let resource = self.core.load::<Resource>(&id).await?.state;
        let resource = resource.ok_or(Refusal::Absent)?;
        let exported = if self.view.dev {
            self.export(&resource).await
        } else {
            Err(Error::NotForTrying)
        };
        let record =
            Happened::new(Operation::ExportKey, resource.arm_id()).with_key(resource.key_name());
        let record = match &exported {
            Ok(_) => record,
            Err(error) => record.failed(error.code()),
        };
        // Committed before the keys are handed out (I7).
        self.core.record(vec![record], &self.caller).await?;
        exported
    }

    async fn export(&self, resource: &Resource) -> Result<ExportedKey, Error> {
        resource.check_usable()?;
        Ok(ExportedKey {
            uid: resource.uid,
            binding: resource.binding,
            opened: self.core.open_keyring(resource).await?,
            generations: resource
                .keyring
                .records()
                .iter()
                .map(KeyringRecord::generation)
                .collect(),
        })
    }
}
