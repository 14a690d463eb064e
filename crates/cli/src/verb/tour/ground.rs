//! What stands around the folder's resource: another tenant, vaults and keys, good ones and unfit ones.

use strongroom::{
    Grantee, GroupUid, KeyPermission, KeySpec, KeyVersionId, NewKey, NewPrincipal, NewResource,
    NewVault, Operator, ResourceChange, ResourceHandle, Role, RsaKeySize, Scope, Tier, VaultName,
    VaultUpdate,
};
use strongroom_base::{Region, SubscriptionId, TenantId};

use super::report::Report;
use super::stage::Stage;
use crate::failure::Failure;

/// The only kind of key that a resource takes (R15).
pub(super) const RSA_2048: KeySpec = KeySpec::Rsa(RsaKeySize::Rsa2048);
/// Where no resource of the tour is.
const ELSEWHERE: &str = "westeurope";

/// Everything that the refusals and the customer's key need.
pub(super) struct Ground {
    pub(super) region: Region,
    /// The vault and the key that the folder's resource goes over to.
    pub(super) vault: VaultName,
    pub(super) key: KeyVersionId,
    /// Keys of that vault which no resource takes.
    pub(super) large: KeyVersionId,
    pub(super) curve: KeyVersionId,
    /// Keys of vaults that lack something.
    pub(super) elsewhere: KeyVersionId,
    pub(super) foreign: KeyVersionId,
    pub(super) unprotected: KeyVersionId,
    /// A resource in a tier without customers' keys.
    pub(super) free: ResourceHandle,
    /// A resource as somebody sees it who may change it, and has no say over any vault.
    pub(super) contributed: ResourceHandle,
}

impl Ground {
    pub(super) async fn prepare(stage: &Stage, report: &Report<'_>) -> Result<Self, Failure> {
        let operator = stage.operator();
        let region = stage.room.show().region.clone();
        let bar = report.files_bar("making vaults and keys", 7);
        let vault = vault(operator, "tour-vault", &region, true).await?;
        let key = rsa_2048(operator, &vault, "documents").await?;
        bar.inc(1);
        let large = KeySpec::Rsa(RsaKeySize::Rsa3072);
        let large = make_key(operator, &vault, "large", large).await?;
        bar.inc(1);
        let curve = make_key(operator, &vault, "curve", KeySpec::EcP256).await?;
        bar.inc(1);
        let far: Region = ELSEWHERE.parse().map_err(strongroom::Error::from)?;
        let elsewhere = self::vault(operator, "tour-elsewhere", &far, true).await?;
        let elsewhere = rsa_2048(operator, &elsewhere, "documents").await?;
        bar.inc(1);
        let unprotected = self::vault(operator, "tour-unprotected", &region, false).await?;
        let unprotected = rsa_2048(operator, &unprotected, "documents").await?;
        bar.inc(1);
        let foreign = foreign_key(operator, &region).await?;
        bar.inc(1);
        let free = NewResource {
            tier: Tier::F0,
            ..NewResource::new(name("tour-free")?, region.clone())
        };
        let free = operator.create_resource(free).await?;
        let contributed = contributed(operator, &region).await?;
        bar.finish_and_clear();
        Ok(Self {
            region,
            vault,
            key,
            large,
            curve,
            elsewhere,
            foreign,
            unprotected,
            free,
            contributed,
        })
    }
}

/// A tenant of its own, with a subscription and a group in it.
pub(super) struct Abroad {
    pub(super) tenant: TenantId,
    pub(super) subscription: SubscriptionId,
    pub(super) group: GroupUid,
}

impl Abroad {
    pub(super) async fn make(operator: &Operator, named: &str) -> Result<Self, Failure> {
        let display = named.parse().map_err(strongroom::Error::from)?;
        let tenant = operator.create_tenant(display).await?.id;
        let display = named.parse().map_err(strongroom::Error::from)?;
        let subscription = operator.create_subscription(display, tenant).await?.id;
        let group = named.parse().map_err(strongroom::Error::from)?;
        let group = operator.create_group(subscription, group).await?.uid;
        Ok(Self {
            tenant,
            subscription,
            group,
        })
    }
}

/// Makes a vault in which whoever asks may make keys.
pub(super) async fn vault(
    operator: &Operator,
    name: &str,
    region: &Region,
    purge_protection: bool,
) -> Result<VaultName, Failure> {
    let name: VaultName = name.parse().map_err(strongroom::Error::from)?;
    let new = NewVault {
        purge_protection,
        ..NewVault::new(name.clone(), region.clone())
    };
    operator.create_vault(new).await?;
    let me = Grantee {
        object: operator.principal(),
        application: None,
    };
    let all = KeyPermission::ALL.iter().copied().collect();
    operator.grant(&name, me, all).await?;
    Ok(name)
}

/// Makes the kind of key that a resource takes.
pub(super) async fn rsa_2048(
    operator: &Operator,
    vault: &VaultName,
    key: &str,
) -> Result<KeyVersionId, Failure> {
    make_key(operator, vault, key, RSA_2048).await
}

async fn make_key(
    operator: &Operator,
    vault: &VaultName,
    key: &str,
    spec: KeySpec,
) -> Result<KeyVersionId, Failure> {
    let key = NewKey::new(key.parse().map_err(strongroom::Error::from)?);
    Ok(operator.create_key(vault, key, spec).await?.version.id)
}

/// A key in a vault that is in another tenant, and trusts that one.
async fn foreign_key(operator: &Operator, region: &Region) -> Result<KeyVersionId, Failure> {
    let abroad = Abroad::make(operator, "tour-stranger").await?;
    let vault = vault(operator, "tour-foreign", region, true).await?;
    let key = rsa_2048(operator, &vault, "documents").await?;
    operator.move_vault(&vault, abroad.group).await?;
    let trusts = VaultUpdate {
        tenant: Some(abroad.tenant),
        ..VaultUpdate::default()
    };
    operator.update_vault(&vault, trusts).await?;
    Ok(key)
}

/// A resource with an identity, seen by a contributor to it who has no say over any vault.
async fn contributed(operator: &Operator, region: &Region) -> Result<ResourceHandle, Failure> {
    let new = NewResource::new(name("tour-contributed")?, region.clone());
    let resource = operator.create_resource(new).await?;
    resource.change(ResourceChange::EnableIdentity).await?;
    let who = "tour contributor"
        .parse()
        .map_err(strongroom::Error::from)?;
    let kind = NewPrincipal::User;
    let who = operator.create_principal(operator.tenant(), who, kind);
    let who = who.await?.id;
    let scope = Scope::Resource(resource.uid());
    operator.assign_role(Role::Contributor, who, scope).await?;
    let contributor = operator.acting_as(who).await?;
    Ok(contributor.resource_by_uid(resource.uid()).await?)
}

pub(super) fn name(text: &str) -> Result<strongroom_base::ResourceName, Failure> {
    Ok(text.parse().map_err(strongroom::Error::from)?)
}
