//! Vaults: created, found, changed, deleted and moved.

use strongroom_base::Region;
use strongroom_identity::{Absent, Action, GroupUid, VaultUid, absent};
use strongroom_vault::VaultName;
use strongroom_vault::vault::{
    Authorization, Bypass, DefaultAction, Firewall, NewVault as Created, RetentionDays, Vault,
    VaultAction, VaultLife, VaultMachine, VaultUpdate,
};

use crate::Error;
use crate::directory::Site;
use crate::driver::kept::vault_id;
use crate::driver::{Assertions, Reader, has_come};
use crate::operator::Operator;
use crate::vaults::VaultInfo;

/// What vault to create.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "built by callers; `new` gives the defaults"
)]
pub struct NewVault {
    /// The name, which must be free everywhere.
    pub name: VaultName,
    /// The region, for life (R7).
    pub region: Region,
    /// How long what is deleted can be recovered, for life.
    pub retention: RetentionDays,
    /// Whether nothing can be purged before that; once on, for life (R14).
    pub purge_protection: bool,
    /// `enableSoftDelete`: `false` is refused (R14).
    pub soft_delete: bool,
    /// What judges its callers (R9).
    pub authorization: Authorization,
    /// Who may reach it.
    pub firewall: Firewall,
}

impl NewVault {
    /// As Azure has it: 90 days, no purge protection, judged by access policies, open to all.
    #[must_use]
    pub fn new(name: VaultName, region: Region) -> Self {
        Self {
            name,
            region,
            retention: RetentionDays::DEFAULT,
            purge_protection: false,
            soft_delete: true,
            authorization: Authorization::AccessPolicies,
            firewall: Firewall::OPEN,
        }
    }
}

impl Operator {
    /// Creates a vault in the operator's group. It trusts the tenant that the group is in, and
    /// permits nobody anything until somebody is granted it.
    ///
    /// # Errors
    /// [`VaultRefusal`](strongroom_vault::vault::VaultRefusal): the name is taken, soft delete is to
    /// be off, or the subscription takes nothing new. [`Denied`](strongroom_identity::Denied).
    pub async fn create_vault(&self, new: NewVault) -> Result<VaultInfo, Error> {
        let NewVault {
            name,
            region,
            retention,
            purge_protection,
            soft_delete,
            authorization,
            firewall,
        } = new;
        let create = VaultAction::Create(Created {
            uid: VaultUid::from_bytes(self.core.records.random_id()?),
            name: name.clone(),
            region,
            group: self.group,
            soft_delete,
            retention,
            purge_protection,
            authorization,
            firewall,
        });
        // Whoever has the name may be gone by now.
        self.core.vaults.catch_up(&name, None).await?;
        let made = self
            .core
            .vaults
            .ask_vault(&name, create, Assertions::default(), &self.caller)
            .await?;
        self.shown(&name, made).await
    }

    /// A vault by its name; a deleted one too.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the caller may see, [`Error::Denied`] if it may not
    /// know.
    pub async fn vault(&self, name: &VaultName) -> Result<VaultInfo, Error> {
        self.core.vaults.catch_up(name, None).await?;
        let mut reader = Reader::new(&self.core.records);
        let (vault, site) = self.visible_vault(&mut reader, name).await?;
        Ok(VaultInfo::of(&vault, &site))
    }

    /// All vaults that the caller may see, in whichever group; deleted ones too.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub async fn vaults(&self) -> Result<Vec<VaultInfo>, Error> {
        let mut reader = Reader::new(&self.core.records);
        let who = reader.who(self.caller.principal).await?;
        let assigned = reader.assigned(self.caller.principal).await?;
        let mut views = Vec::new();
        let now = self.core.records.now();
        for id in reader.vaults_below(&assigned).await? {
            let found = reader.load_unasserted::<VaultMachine>(&id).await?;
            if has_come::<VaultMachine>(&found.state, now) {
                continue;
            }
            let Some(vault) = found
                .state
                .filter(|vault| !matches!(vault.life, VaultLife::Purging { .. }))
            else {
                continue;
            };
            let site = reader.site_of_vault(&vault).await?;
            if let Some(site) = site
                && site.allows(&who, read_action(&vault)).is_ok()
            {
                views.push(VaultInfo::of(&vault, &site));
            }
        }
        views.sort_by_key(|view| view.name.lookup_key());
        Ok(views)
    }

    /// Changes properties of a vault; what is `None` stays as it is. Letting it trust another tenant
    /// drops its access policies (R13).
    ///
    /// # Errors
    /// [`VaultRefusal`](strongroom_vault::vault::VaultRefusal) names what cannot be changed, or that
    /// nothing would. [`Error::NotFound`], [`Error::Denied`].
    pub async fn update_vault(
        &self,
        name: &VaultName,
        update: VaultUpdate,
    ) -> Result<VaultInfo, Error> {
        self.ask_of_vault(name, VaultAction::Update(update)).await
    }

    /// Changes who may reach a vault; what is `None` stays as it is.
    ///
    /// # Errors
    /// As for [`update_vault`](Self::update_vault).
    pub async fn set_firewall(
        &self,
        name: &VaultName,
        default_action: Option<DefaultAction>,
        bypass: Option<Bypass>,
    ) -> Result<VaultInfo, Error> {
        let mut reader = Reader::new(&self.core.records);
        let now = self.visible_vault(&mut reader, name).await?.0.firewall;
        drop(reader);
        let firewall = Firewall {
            default_action: default_action.unwrap_or(now.default_action),
            bypass: bypass.unwrap_or(now.bypass),
        };
        let update = VaultUpdate {
            firewall: Some(firewall),
            ..VaultUpdate::default()
        };
        self.update_vault(name, update).await
    }

    /// Deletes a vault: it answers nothing, and can be recovered until its retention ends.
    ///
    /// # Errors
    /// As for [`update_vault`](Self::update_vault).
    pub async fn delete_vault(&self, name: &VaultName) -> Result<VaultInfo, Error> {
        self.ask_of_vault(name, VaultAction::Delete).await
    }

    /// Recovers a deleted vault, as it was.
    ///
    /// # Errors
    /// As for [`update_vault`](Self::update_vault).
    pub async fn recover_vault(&self, name: &VaultName) -> Result<VaultInfo, Error> {
        self.ask_of_vault(name, VaultAction::Recover).await
    }

    /// Destroys a deleted vault for good: its keys first, whose material is erased before this
    /// returns.
    ///
    /// # Errors
    /// `PurgeProtected` until its retention ends, if it has purge protection (R14); as for
    /// [`update_vault`](Self::update_vault) otherwise.
    pub async fn purge_vault(&self, name: &VaultName) -> Result<(), Error> {
        self.asked_of_vault(name, VaultAction::Purge).await?;
        self.core.vaults.settle_vault(name, &self.caller).await
    }

    /// Moves a vault to another group, of the same or another tenant. The tenant that it trusts stays
    /// (R13), and so do its policies, name and keys.
    ///
    /// # Errors
    /// As for [`update_vault`](Self::update_vault).
    pub async fn move_vault(&self, name: &VaultName, group: GroupUid) -> Result<VaultInfo, Error> {
        self.ask_of_vault(name, VaultAction::Move { group }).await
    }

    /// Asks a vault that the caller may see for something, and shows it as it is then.
    pub(super) async fn ask_of_vault(
        &self,
        name: &VaultName,
        action: VaultAction,
    ) -> Result<VaultInfo, Error> {
        let after = self.asked_of_vault(name, action).await?;
        self.shown(name, after).await
    }

    /// Whoever may know that the vault is not there is told so; all others get the machine's one
    /// answer, which is recorded.
    async fn asked_of_vault(
        &self,
        name: &VaultName,
        action: VaultAction,
    ) -> Result<Option<Vault>, Error> {
        self.core.vaults.catch_up(name, None).await?;
        let mut reader = Reader::new(&self.core.records);
        match self.visible_vault(&mut reader, name).await {
            Ok(_) | Err(Error::Denied(_)) => {}
            Err(error) => return Err(error),
        }
        drop(reader);
        self.core
            .vaults
            .ask_vault(name, action, Assertions::default(), &self.caller)
            .await
    }

    /// A vault that the caller may see, and where it is.
    ///
    /// A vault's name is one in the whole installation. Whether it is somebody else's or nobody's is
    /// told by creating one alone, which cannot be helped (I5).
    pub(super) async fn visible_vault(
        &self,
        reader: &mut Reader<'_>,
        name: &VaultName,
    ) -> Result<(Vault, Site), Error> {
        let who = reader.who(self.caller.principal).await?;
        let vault = reader.load::<VaultMachine>(&vault_id(name)?).await?;
        if let Some(vault) = vault.filter(|vault| !matches!(vault.life, VaultLife::Purging { .. }))
            && let Some(site) = reader.site_of_vault(&vault).await?
            && site.allows(&who, read_action(&vault)).is_ok()
        {
            return Ok((vault, site));
        }
        let read = Action::VaultsRead;
        let group = reader.group_site(self.group).await?;
        let answer = match &group {
            Some(group) => group.without(&who, read, read),
            None => absent(&who, read, read, None),
        };
        Err(match answer {
            Absent::Denied(denied) => denied.into(),
            Absent::NotFound => Error::NotFound {
                kind: "vault",
                name: name.to_string(),
                place: "what you may see".to_owned(),
            },
        })
    }

    async fn shown(&self, name: &VaultName, vault: Option<Vault>) -> Result<VaultInfo, Error> {
        let mut reader = Reader::new(&self.core.records);
        let gone = || Error::NotFound {
            kind: "vault",
            name: name.to_string(),
            place: "the installation".to_owned(),
        };
        let vault = vault.ok_or_else(gone)?;
        let site = reader.site_of_vault(&vault).await?.ok_or_else(gone)?;
        Ok(VaultInfo::of(&vault, &site))
    }
}

/// What it takes to see a vault.
fn read_action(vault: &Vault) -> Action {
    match vault.life {
        VaultLife::Live => Action::VaultsRead,
        VaultLife::Deleted { .. } | VaultLife::Purging { .. } => Action::DeletedVaultsRead,
    }
}
