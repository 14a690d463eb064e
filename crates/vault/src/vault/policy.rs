//! The access policies of a vault.

use std::collections::{BTreeMap, BTreeSet};

use strongroom_base::{PrincipalId, TenantId};
use strongroom_identity::AppId;

use crate::{KeyPermission, OpId};

/// Whom an entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(clippy::exhaustive_structs, reason = "an entry of ARM has these two")]
pub struct Grantee {
    /// The object id.
    pub object: PrincipalId,
    /// The application through which alone the object may act. An entry with one never counts for
    /// a resource's identity (R9).
    pub application: Option<AppId>,
}

/// How a permission came to be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[expect(clippy::exhaustive_enums, reason = "an undo must judge each")]
pub enum Grant {
    /// By somebody, for good.
    Lasting,
    /// By an operation that may yet be undone, and then takes this permission with it (R11).
    ForOperation(OpId),
}

/// What one grantee is permitted to do with the keys of a vault.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[non_exhaustive]
pub struct PolicyEntry {
    /// Whom it is for.
    pub grantee: Grantee,
    /// The permissions, each with how it came.
    pub keys: BTreeMap<KeyPermission, Grant>,
}

/// The access policies of a vault: at most one entry a grantee, in order, none of them empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Policies(Vec<PolicyEntry>);

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Policies {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Vec::<PolicyEntry>::deserialize(deserializer)?;
        let rising = entries.is_sorted_by(|a, b| a.grantee < b.grantee);
        if rising && entries.iter().all(|entry| !entry.keys.is_empty()) {
            Ok(Self(entries))
        } else {
            Err(serde::de::Error::custom(
                "the policies are not in order of their grantees, or one of them is empty",
            ))
        }
    }
}

impl Policies {
    /// The most entries that a vault holds.
    pub const MAX: usize = 1024;

    /// The entries, in order of their grantees.
    #[must_use]
    pub fn entries(&self) -> &[PolicyEntry] {
        &self.0
    }

    /// Whether `principal` is permitted: by the entry of its own object id without an application
    /// id, and by no other (R9).
    #[must_use]
    pub fn permit(&self, principal: PrincipalId, permission: KeyPermission) -> bool {
        self.entry(Grantee {
            object: principal,
            application: None,
        })
        .is_some_and(|entry| entry.keys.contains_key(&permission))
    }

    /// All that `principal` is permitted, by the same entry alone.
    #[must_use]
    pub fn permissions(&self, principal: PrincipalId) -> BTreeSet<KeyPermission> {
        self.entry(Grantee {
            object: principal,
            application: None,
        })
        .map(|entry| entry.keys.keys().copied().collect())
        .unwrap_or_default()
    }

    fn entry(&self, grantee: Grantee) -> Option<&PolicyEntry> {
        let at = self
            .0
            .binary_search_by_key(&grantee, |entry| entry.grantee)
            .ok()?;
        self.0.get(at)
    }

    /// Puts `entry` in the place of its grantee's; an empty one takes it away.
    pub(super) fn set(&mut self, entry: &PolicyEntry) {
        match self
            .0
            .binary_search_by_key(&entry.grantee, |entry| entry.grantee)
        {
            Ok(at) if entry.keys.is_empty() => {
                self.0.remove(at);
            }
            Ok(at) => {
                if let Some(place) = self.0.get_mut(at) {
                    place.clone_from(entry);
                }
            }
            Err(_) if entry.keys.is_empty() => {}
            Err(at) => self.0.insert(at, entry.clone()),
        }
    }

    /// What `change` makes of the grantee's entry.
    pub(super) fn changed(&self, change: PolicyChange, spec: &PolicySpec) -> PolicyEntry {
        let mut entry = self.entry(spec.grantee).cloned().unwrap_or(PolicyEntry {
            grantee: spec.grantee,
            keys: BTreeMap::new(),
        });
        match change {
            // What stands for good stays so; what is now given for good is no longer undone.
            PolicyChange::Add {
                grant: Grant::Lasting,
            } => {
                entry
                    .keys
                    .extend(spec.keys.iter().map(|key| (*key, Grant::Lasting)));
            }
            PolicyChange::Add {
                grant: grant @ Grant::ForOperation(_),
            } => {
                for key in &spec.keys {
                    entry.keys.entry(*key).or_insert(grant);
                }
            }
            PolicyChange::Replace => {
                entry.keys = spec.keys.iter().map(|key| (*key, Grant::Lasting)).collect();
            }
            PolicyChange::Remove => entry.keys.retain(|key, _| !spec.keys.contains(key)),
        }
        entry
    }

    /// The entries that an undo of `op` changes, as it leaves them.
    pub(super) fn without(&self, op: OpId) -> Vec<PolicyEntry> {
        let marked = |grant: &Grant| *grant == Grant::ForOperation(op);
        self.0
            .iter()
            .filter(|entry| entry.keys.values().any(marked))
            .map(|entry| {
                let mut entry = entry.clone();
                entry.keys.retain(|_, grant| !marked(grant));
                entry
            })
            .collect()
    }
}

/// How access policies are changed, by the words of ARM's `accessPolicies/{add|replace|remove}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "ARM has these three")]
pub enum PolicyChange {
    /// Adds permissions to those of the grantee.
    Add {
        /// For good, or for an operation that may be undone. What somebody granted for good is
        /// never marked for an operation.
        grant: Grant,
    },
    /// Sets the grantee's permissions, for good.
    Replace,
    /// Takes permissions from the grantee; an entry without any vanishes.
    Remove,
}

/// One entry of a change of access policies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct PolicySpec {
    /// The tenant of the grantee: the one that the vault trusts.
    pub tenant: TenantId,
    /// Whom it is for.
    pub grantee: Grantee,
    /// The permissions with keys.
    pub keys: BTreeSet<KeyPermission>,
}
