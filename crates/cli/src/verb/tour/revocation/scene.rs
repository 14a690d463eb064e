//! What one way is shown on: a resource of its own, two objects in it, and the commands that take access
//! away and give it back.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};
use strongroom::{GroupUid, KeyVersionId, NewResource, Operator, ResourceHandle, VaultName};
use strongroom_base::Region;

use super::way::Way;
use crate::digest::{Checksum, of_stream};
use crate::failure::Failure;
use crate::verb::tour::ground::{Abroad, name, rsa_2048, vault};
use crate::verb::tour::patience::{change, patiently};
use crate::verb::tour::refusals::set_key;
use crate::verb::tour::second_process::{Words, words};
use crate::verb::tour::stage::Stage;

/// How often the planted bytes stand in the large object, which is then 8 MiB long: some blocks.
const REPEATED: usize = 128;

/// One way, ready to be shown.
pub(super) struct Scene {
    pub(super) way: Way,
    pub(super) resource: ResourceHandle,
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) take_away: Vec<Words>,
    pub(super) give_back: Vec<Words>,
    /// Every object, with the checksum and length of what it holds.
    pub(super) objects: [(Path, (Checksum, u64)); 2],
}

impl Scene {
    pub(super) fn small() -> Path {
        Path::from("small")
    }

    pub(super) fn large() -> Path {
        Path::from("large")
    }
}

/// Where the ways are shown.
pub(super) struct Site<'a> {
    stage: &'a Stage,
    region: Region,
    /// Where three of the ways lead.
    abroad: Abroad,
    /// A vault and a key in it that several ways share: each takes its own resource's access away.
    shared: (VaultName, KeyVersionId),
}

impl<'a> Site<'a> {
    pub(super) async fn prepare(stage: &'a Stage) -> Result<Self, Failure> {
        let operator = stage.operator();
        let region = stage.room.show().region.clone();
        let abroad = Abroad::make(operator, "tour-abroad").await?;
        let vault = vault(operator, "tour-shared", &region, true).await?;
        let key = rsa_2048(operator, &vault, "shared").await?;
        Ok(Self {
            stage,
            region,
            abroad,
            shared: (vault, key),
        })
    }

    /// Makes what one way needs.
    pub(super) async fn scene(&self, way: Way) -> Result<Scene, Failure> {
        let home = self.stage.operator();
        let subscription = self.stage.room.show().subscription;
        let (group, outer) = match way {
            Way::GroupMoved => {
                let group = way.slug().parse().map_err(strongroom::Error::from)?;
                let group = home.create_group(subscription, group).await?.uid;
                (group, subscription)
            }
            Way::SubscriptionMoved => {
                let named = way.slug().parse().map_err(strongroom::Error::from)?;
                let own = home.create_subscription(named, home.tenant()).await?.id;
                let group = way.slug().parse().map_err(strongroom::Error::from)?;
                (home.create_group(own, group).await?.uid, own)
            }
            _ => (home.group(), subscription),
        };
        let (vault, key) = self.key(way).await?;
        let operator = home.in_group(group);
        let new = NewResource::new(name(&way.slug())?, self.region.clone());
        let resource = operator.create_resource(new).await?;
        change(&resource, &set_key(&key)).await?;
        let store = resource.store().await?;
        let objects = put(&*store, &self.stage.planted).await?;
        let uid = resource.uid();
        let (vault, key) = (vault.as_str(), key.name.as_str());
        let abroad = &self.abroad;
        let one = |command: String| vec![words(&command)];
        let (take_away, give_back) = match way {
            Way::PolicyRemoved => (
                one(format!("vault revoke {vault} --resource {uid}")),
                one(format!("vault grant {vault} --resource {uid}")),
            ),
            Way::KeyDisabled => (
                one(format!("key disable {vault} {key}")),
                one(format!("key enable {vault} {key}")),
            ),
            Way::KeyDeleted => (
                one(format!("key delete {vault} {key}")),
                one(format!("key recover {vault} {key}")),
            ),
            Way::VaultDeleted => (
                one(format!("vault delete {vault}")),
                one(format!("vault recover {vault}")),
            ),
            Way::FirewallClosed => (
                one(format!(
                    "vault firewall {vault} --default-action Deny --bypass None"
                )),
                one(format!("vault firewall {vault} --bypass AzureServices")),
            ),
            // What is made anew is another principal, which must be granted access again (R12).
            Way::IdentityDisabled => (
                one(format!("resource identity disable {uid}")),
                vec![
                    words(&format!("resource identity enable {uid}")),
                    words(&format!("vault grant {vault} --resource {uid}")),
                ],
            ),
            Way::ResourceMoved => {
                let moved =
                    |group: GroupUid| format!("resource move {uid} --destination-group {group}");
                (one(moved(abroad.group)), one(moved(group)))
            }
            Way::GroupMoved => {
                let moved = |to| format!("group move {group} --destination-subscription {to}");
                (one(moved(abroad.subscription)), one(moved(outer)))
            }
            Way::SubscriptionMoved => {
                let moved = |to| format!("subscription move {outer} --tenant {to}");
                (one(moved(abroad.tenant)), one(moved(home.tenant())))
            }
        };
        Ok(Scene {
            way,
            resource,
            store,
            take_away,
            give_back,
            objects,
        })
    }

    /// A key that goes with a way, of its own where others would lose it too.
    async fn key(&self, way: Way) -> Result<(VaultName, KeyVersionId), Failure> {
        let operator: &Operator = self.stage.operator();
        let (shared, key) = &self.shared;
        match way {
            Way::KeyDisabled | Way::KeyDeleted => {
                let key = rsa_2048(operator, shared, &way.slug()).await?;
                Ok((shared.clone(), key))
            }
            Way::VaultDeleted | Way::FirewallClosed => {
                let vault = vault(operator, &way.slug(), &self.region, true).await?;
                let key = rsa_2048(operator, &vault, "documents").await?;
                Ok((vault, key))
            }
            _ => Ok((shared.clone(), key.clone())),
        }
    }
}

/// Stores a small object and a large one. Both hold nothing but the planted bytes, which are searched for
/// at the end.
async fn put(
    store: &dyn ObjectStore,
    planted: &Bytes,
) -> Result<[(Path, (Checksum, u64)); 2], Failure> {
    let put = async |path: Path, times: usize| {
        let blocks = || std::iter::repeat_n(planted.clone(), times);
        let stored = async || Ok(store.put(&path, blocks().collect::<PutPayload>()).await?);
        patiently(stored).await?;
        let held = of_stream(stream::iter(blocks().map(Ok::<_, Failure>))).await?;
        Ok::<_, Failure>((path, held))
    };
    let small = put(Scene::small(), 1).await?;
    let large = put(Scene::large(), REPEATED).await?;
    Ok([small, large])
}
