//! What follows from a command to a key.

use std::collections::BTreeSet;

use strongroom_base::Timestamp;

use super::{
    AttributeChange, Key, KeyAction, KeyCommand, KeyEvent, KeyLife, KeyRefusal, MintedVersion,
    NewVersion, TimeChange, Validity, Version,
};
use crate::vault::{Vault, VaultLife};
use crate::{Asker, Denial, KeyName, KeyOperation, KeySpec, KeyVersion, VaultName, VaultView};

/// What has to be known of the rest of the world.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct KeyFacts<'a> {
    /// The name of the vault, by which the aggregates were sought.
    pub vault: &'a VaultName,
    /// The name of the key, by which the aggregate was sought.
    pub name: &'a KeyName,
    /// Who asks.
    pub asker: Asker<'a>,
    /// The vault that holds the key or is to hold it.
    pub holder: VaultView<'a>,
}

type Decision = Result<Vec<KeyEvent>, KeyRefusal>;

pub(super) fn decide(state: Option<&Key>, command: &KeyCommand, facts: &KeyFacts<'_>) -> Decision {
    // Before existence: who is not let in learns nothing of what is there (I5).
    let holder = match command.action.requires() {
        Some(permission) => Holder::Admits(
            facts
                .holder
                .admit(&facts.asker, permission)
                .map_err(|denial| facts.denied(denial))?,
        ),
        None => Holder::Unasked,
    };
    match state {
        None => absent(command, facts),
        Some(key) => match key.life {
            KeyLife::Live => live(key, command, facts, holder),
            KeyLife::Deleted { purge_at, .. } => deleted(key, purge_at, command, facts, holder),
            KeyLife::Purging { .. } => purging(command, facts),
        },
    }
}

/// The vault, after it was asked whether it lets the caller in; or unasked, for what Strongroom does.
#[derive(Clone, Copy)]
enum Holder<'a> {
    Admits(&'a Vault),
    Unasked,
}

fn absent(command: &KeyCommand, facts: &KeyFacts<'_>) -> Decision {
    match &command.action {
        KeyAction::Create(new) | KeyAction::Import(new) => Ok(vec![KeyEvent::Created {
            vault: facts.vault.clone(),
            name: facts.name.clone(),
            first: version(new, command.at)?,
        }]),
        KeyAction::Rotate(_)
        | KeyAction::RotateIfDue(_)
        | KeyAction::Update { .. }
        | KeyAction::UpdateAll(_)
        | KeyAction::SetRotationPolicy(_)
        | KeyAction::Delete
        | KeyAction::Recover
        | KeyAction::Purge
        | KeyAction::EndRetention => Err(facts.not_found()),
        KeyAction::PurgeWithVault | KeyAction::MaterialErased => Err(KeyRefusal::NoOp),
    }
}

fn live(key: &Key, command: &KeyCommand, facts: &KeyFacts<'_>, holder: Holder<'_>) -> Decision {
    match &command.action {
        KeyAction::Create(new) | KeyAction::Import(new) => {
            unused(key, &new.minted)?;
            Ok(vec![KeyEvent::VersionAdded {
                version: version(new, command.at)?,
            }])
        }
        KeyAction::Rotate(minted) => rotate(key, minted, command.at),
        KeyAction::RotateIfDue(minted) => {
            if key.rotation_due().is_none_or(|due| due > command.at) {
                return Err(KeyRefusal::RotationNotDue);
            }
            // A deleted vault does nothing by itself; it goes on when it is recovered.
            facts.vault_lives()?;
            rotate(key, minted, command.at)
        }
        KeyAction::Update { version, change } => update(key, *version, change, command.at, facts),
        KeyAction::UpdateAll(change) => update_all(key, change, command.at),
        KeyAction::SetRotationPolicy(policy) if *policy == key.rotation => Err(KeyRefusal::NoOp),
        KeyAction::SetRotationPolicy(policy) => {
            Ok(vec![KeyEvent::RotationPolicySet { policy: *policy }])
        }
        KeyAction::Delete => match holder {
            Holder::Admits(vault) => Ok(vec![KeyEvent::Deleted {
                at: command.at,
                purge_at: vault.retention.end(command.at),
            }]),
            Holder::Unasked => Err(facts.not_found()),
        },
        KeyAction::Recover => Err(KeyRefusal::NoOp),
        KeyAction::Purge | KeyAction::EndRetention => Err(KeyRefusal::NotDeleted {
            name: key.name.clone(),
        }),
        KeyAction::PurgeWithVault => purge_with_vault(command.at, facts),
        KeyAction::MaterialErased => Err(KeyRefusal::NotPurging),
    }
}

fn deleted(
    key: &Key,
    purge_at: Timestamp,
    command: &KeyCommand,
    facts: &KeyFacts<'_>,
    holder: Holder<'_>,
) -> Decision {
    let protected = match holder {
        Holder::Admits(vault) => vault.purge_protection,
        Holder::Unasked => true,
    };
    match &command.action {
        KeyAction::Create(_) | KeyAction::Import(_) => Err(KeyRefusal::DeletedButRecoverable {
            vault: key.vault.clone(),
            name: key.name.clone(),
            kept_until: (protected && command.at < purge_at).then_some(purge_at),
        }),
        // As Azure: a deleted key is found among the deleted ones alone.
        KeyAction::Rotate(_)
        | KeyAction::RotateIfDue(_)
        | KeyAction::Update { .. }
        | KeyAction::UpdateAll(_)
        | KeyAction::SetRotationPolicy(_) => Err(facts.denied(Denial::KeyDeleted)),
        KeyAction::Delete => Err(KeyRefusal::NoOp),
        KeyAction::Recover if command.at >= purge_at => Err(KeyRefusal::RetentionEnded {
            name: key.name.clone(),
        }),
        KeyAction::Recover => Ok(vec![KeyEvent::Recovered]),
        KeyAction::Purge if protected && command.at < purge_at => {
            Err(KeyRefusal::PurgeProtected { until: purge_at })
        }
        KeyAction::EndRetention if command.at < purge_at => {
            Err(KeyRefusal::RetentionNotOver { until: purge_at })
        }
        KeyAction::Purge | KeyAction::EndRetention => Ok(vec![KeyEvent::Purged { at: command.at }]),
        KeyAction::PurgeWithVault => purge_with_vault(command.at, facts),
        KeyAction::MaterialErased => Err(KeyRefusal::NotPurging),
    }
}

fn purging(command: &KeyCommand, facts: &KeyFacts<'_>) -> Decision {
    match &command.action {
        KeyAction::Create(_) | KeyAction::Import(_) => Err(KeyRefusal::BeingPurged {
            name: facts.name.clone(),
        }),
        KeyAction::Rotate(_)
        | KeyAction::RotateIfDue(_)
        | KeyAction::Update { .. }
        | KeyAction::UpdateAll(_)
        | KeyAction::SetRotationPolicy(_)
        | KeyAction::Delete
        | KeyAction::Recover => Err(facts.not_found()),
        KeyAction::Purge | KeyAction::EndRetention | KeyAction::PurgeWithVault => {
            Err(KeyRefusal::NoOp)
        }
        KeyAction::MaterialErased => Ok(vec![KeyEvent::Erased]),
    }
}

fn rotate(key: &Key, minted: &MintedVersion, at: Timestamp) -> Decision {
    unused(key, minted)?;
    let Some(latest) = key.latest() else {
        return Err(KeyRefusal::NotPurging);
    };
    let (current, given) = (latest.public.spec(), minted.public.spec());
    if current != given {
        return Err(KeyRefusal::RotationChangesKind { current, given });
    }
    let MintedVersion {
        id,
        public,
        material,
    } = minted.clone();
    Ok(vec![KeyEvent::VersionAdded {
        version: Version {
            id,
            public,
            material,
            enabled: true,
            not_before: None,
            expires: key.rotation.expiry_of_version_made(at),
            operations: latest.operations.clone(),
            created: at,
            updated: at,
        },
    }])
}

fn update(
    key: &Key,
    version: Option<KeyVersion>,
    change: &AttributeChange,
    at: Timestamp,
    facts: &KeyFacts<'_>,
) -> Decision {
    let before = match (key.version(version), version) {
        (Some(before), _) => before,
        (None, Some(version)) => {
            return Err(KeyRefusal::VersionNotFound {
                vault: key.vault.clone(),
                name: key.name.clone(),
                version,
            });
        }
        (None, None) => return Err(facts.not_found()),
    };
    match changed(before, change, at)? {
        Some(version) => Ok(vec![KeyEvent::VersionUpdated { version }]),
        None => Err(KeyRefusal::NoOp),
    }
}

/// All of them or none: what does not fit one version changes no other.
fn update_all(key: &Key, change: &AttributeChange, at: Timestamp) -> Decision {
    let changes: Vec<_> = key
        .versions
        .iter()
        .map(|before| changed(before, change, at))
        .collect::<Result<_, _>>()?;
    let events: Vec<_> = changes
        .into_iter()
        .flatten()
        .map(|version| KeyEvent::VersionUpdated { version })
        .collect();
    if events.is_empty() {
        return Err(KeyRefusal::NoOp);
    }
    Ok(events)
}

/// The version as a change leaves it; none, if it is so already.
fn changed(
    before: &Version,
    change: &AttributeChange,
    at: Timestamp,
) -> Result<Option<Version>, KeyRefusal> {
    // Every field is named, so that a new one cannot be forgotten here.
    let AttributeChange {
        enabled,
        not_before,
        expires,
        operations,
    } = change;
    let mut after = before.clone();
    after.enabled = enabled.unwrap_or(before.enabled);
    after.not_before = not_before.over(before.not_before);
    after.expires = expires.over(before.expires);
    if let Some(operations) = operations {
        if operations.is_empty() {
            return Err(KeyRefusal::NoOperations);
        }
        fit(after.public.spec(), operations)?;
        after.operations.clone_from(operations);
    }
    // An attribute of before that never fitted must not keep a version from being disabled.
    if [not_before, expires]
        .iter()
        .any(|time| **time != TimeChange::Keep)
    {
        in_order(Validity {
            not_before: after.not_before,
            expires: after.expires,
        })?;
    }
    if after == *before {
        return Ok(None);
    }
    after.updated = at;
    Ok(Some(after))
}

fn purge_with_vault(at: Timestamp, facts: &KeyFacts<'_>) -> Decision {
    match facts.holder {
        VaultView::Absent => Ok(vec![KeyEvent::Purged { at }]),
        VaultView::Present(vault) => match vault.life {
            VaultLife::Purging { .. } => Ok(vec![KeyEvent::Purged { at }]),
            VaultLife::Live | VaultLife::Deleted { .. } => Err(KeyRefusal::VaultStands {
                vault: vault.name.clone(),
            }),
        },
    }
}

fn version(new: &NewVersion, at: Timestamp) -> Result<Version, KeyRefusal> {
    let NewVersion {
        minted,
        enabled,
        validity,
        operations,
    } = new.clone();
    let MintedVersion {
        id,
        public,
        material,
    } = minted;
    let spec = public.spec();
    let operations = operations.unwrap_or_else(|| spec.operations());
    fit(spec, &operations)?;
    in_order(validity)?;
    Ok(Version {
        id,
        public,
        material,
        enabled,
        not_before: validity.not_before,
        expires: validity.expires,
        operations,
        created: at,
        updated: at,
    })
}

fn unused(key: &Key, minted: &MintedVersion) -> Result<(), KeyRefusal> {
    let used = |version: &Version| version.id == minted.id || version.material == minted.material;
    if key.versions.iter().any(used) {
        Err(KeyRefusal::VersionReused)
    } else {
        Ok(())
    }
}

fn fit(spec: KeySpec, operations: &BTreeSet<KeyOperation>) -> Result<(), KeyRefusal> {
    match operations.difference(&spec.operations()).next() {
        Some(operation) => Err(KeyRefusal::OperationNotForType {
            spec,
            operation: *operation,
        }),
        None => Ok(()),
    }
}

fn in_order(validity: Validity) -> Result<(), KeyRefusal> {
    match (validity.not_before, validity.expires) {
        (Some(not_before), Some(expires)) if expires <= not_before => {
            Err(KeyRefusal::ExpiresBeforeValid)
        }
        _ => Ok(()),
    }
}

impl KeySpec {
    /// All that a key of this type can be used for.
    #[must_use]
    pub fn operations(self) -> BTreeSet<KeyOperation> {
        match self {
            Self::Rsa(_) => KeyOperation::ALL.iter().copied().collect(),
            Self::EcP256 => BTreeSet::from([KeyOperation::Sign, KeyOperation::Verify]),
        }
    }
}

impl KeyFacts<'_> {
    fn denied(&self, denial: Denial) -> KeyRefusal {
        KeyRefusal::Denied {
            denial,
            vault: self.vault.clone(),
            name: self.name.clone(),
            party: match self.asker {
                Asker::Principal { caller, .. } => Some(caller.into()),
                Asker::Strongroom => None,
            },
        }
    }

    fn not_found(&self) -> KeyRefusal {
        KeyRefusal::KeyNotFound {
            vault: self.vault.clone(),
            name: self.name.clone(),
        }
    }

    fn vault_lives(&self) -> Result<(), KeyRefusal> {
        match self.holder {
            VaultView::Absent => Err(self.denied(Denial::VaultNotFound)),
            VaultView::Present(vault) => match vault.life {
                VaultLife::Live => Ok(()),
                VaultLife::Deleted { .. } => Err(self.denied(Denial::VaultDeleted)),
                VaultLife::Purging { .. } => Err(self.denied(Denial::VaultNotFound)),
            },
        }
    }
}
