//! A resource's keys in clear, for whoever proves the format with another program. Only an
//! installation that was made for trying things gives them out.

use std::fmt;

use strongroom_base::{Outcome as _, ResourceUid};
use strongroom_crypto::ResourceKey;
use strongroom_crypto::keyring::{KeyringRecord, OpenedKeyring};
use strongroom_crypto::object::{BindingMode, Generation};
use strongroom_identity::Action;
use strongroom_resource::{Refusal, ResourceMachine};

use super::Strongroom;
use crate::Error;
use crate::audit::{Happened, Operation};
use crate::driver::Reader;
use crate::driver::kept::resource_id;
use crate::resource::ResourceHandle;
use crate::resource::check_usable;
use crate::resource::request::{arm_id, key_name};

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
    /// A resource's keys in clear, on an installation that was made with
    /// [`InitOptions::dev`](crate::InitOptions) alone; recorded in the audit either way.
    ///
    /// # Errors
    /// [`Error::NotForTrying`] on any other installation; [`Denied`](strongroom_identity::Denied) if the
    /// caller may not read the resource's data; as for a lease if the data cannot be used.
    pub async fn export_resource_key(
        &self,
        resource: &ResourceHandle,
    ) -> Result<ExportedKey, Error> {
        let caller = resource.caller();
        let mut reader = Reader::new(&self.control().records);
        let id = resource_id(resource.uid())?;
        let stored = reader.load::<ResourceMachine>(&id).await?;
        let stored = stored.ok_or(Refusal::Absent)?;
        let site = reader.site_of_resource(&stored).await?;
        let site = site.ok_or(Refusal::Absent)?;
        let who = reader.who(caller.principal).await?;
        let user = self.control().user(&mut reader, &stored, caller).await?;
        drop(reader);
        let exported = async {
            site.allows(&who, Action::ObjectsRead)?;
            if !self.view.dev {
                let what = "giving out a resource's keys";
                return Err(Error::NotForTrying { what });
            }
            check_usable(&stored)?;
            Ok(ExportedKey {
                uid: stored.uid,
                binding: stored.binding,
                opened: user.open_keyring(&stored.keyring).await?,
                generations: stored
                    .keyring
                    .records()
                    .iter()
                    .map(KeyringRecord::generation)
                    .collect(),
            })
        }
        .await;
        let target = arm_id(&site, stored.name.as_str());
        let record = Happened::new(Operation::ExportKey, target).with_key(key_name(&stored));
        let record = match &exported {
            Ok(_) => record,
            Err(error) => record.failed(error.code()),
        };
        // Committed before the keys are handed out (I7).
        self.control().records.record(vec![record], caller).await?;
        exported
    }
}
