//! What does a command do, or which rule refuses it?

use super::keys::Attribute;
use super::step::Step;
use super::world::{Group, Life, OUTSIDE, Subscription, Tenant};
use super::{Answer, No, World};

/// What passes before each step: longer than a lease holds, so that every operation proves its keys.
const PAUSE: u64 = 61_000;
const HOUR: u64 = 3_600_000;

impl World {
    /// The world after a step. What the model says of the step is in `last`. A step that is refused
    /// leaves all else as it was (I8), but for the time.
    #[must_use]
    pub fn step(&self, step: Step) -> Self {
        let mut before = self.pause();
        let mut after = before.clone();
        let answer = after.take(step);
        if answer.is_done() {
            after.last = answer;
            after
        } else {
            before.last = answer;
            before
        }
    }

    /// Those of some steps that would be done.
    pub(super) fn done(&self, steps: Vec<Step>) -> Vec<Step> {
        let paused = self.pause();
        let done = |step: &Step| paused.clone().take(*step).is_done();
        steps.into_iter().filter(done).collect()
    }

    /// The world after the pause before a step.
    #[must_use]
    pub fn pause(&self) -> Self {
        let mut paused = self.clone();
        paused.now += PAUSE;
        paused.reopen = false;
        paused.sweep();
        paused
    }

    /// Whether a step can be asked at all: whatever names a grantee needs one, and what time does to
    /// a key that was deleted before its vault, or outside, is not the rules' matter.
    #[must_use]
    pub fn fits(&self, step: &Step) -> bool {
        match *step {
            Step::Grant { to, .. } | Step::Revoke { to, .. } => self.party(to).is_some(),
            Step::Create {
                resource, group, ..
            } => self
                .resources
                .get(&resource)
                .is_none_or(|found| found.group == group),
            Step::Trust { vault, .. }
            | Step::MoveVault { vault, .. }
            | Step::CreateVault { vault, .. }
            | Step::PurgeVault { vault, .. } => vault != OUTSIDE,
            Step::Advance(hours) => {
                let ends = |life: Life| match life {
                    Life::Live => false,
                    Life::Deleted(_) => hours > 100,
                };
                let deleted = |vault: u8| {
                    vault == OUTSIDE
                        || self
                            .vaults
                            .get(&vault)
                            .is_some_and(|vault| vault.life != Life::Live)
                };
                !self
                    .keys
                    .iter()
                    .any(|((vault, _), key)| deleted(*vault) && ends(key.life))
                    && !self
                        .vaults
                        .get(&OUTSIDE)
                        .is_some_and(|vault| ends(vault.life))
            }
            _ => true,
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table: one line for each step")]
    fn take(&mut self, step: Step) -> Answer {
        let done = match step {
            Step::Advance(hours) => {
                self.now += u64::from(hours) * HOUR;
                self.sweep();
                Ok(Answer::DONE)
            }
            Step::Reopen => {
                self.reopen = true;
                Ok(Answer::DONE)
            }
            Step::MoveSubscription(subscription, tenant) => {
                self.move_subscription(subscription, tenant)
            }
            Step::MoveGroup(group, subscription) => self.move_group(group, subscription),
            Step::CreateVault {
                by,
                vault,
                group,
                same_region,
                purge_protection,
            } => Ok(self.create_vault(by, vault, group, (same_region, purge_protection))),
            Step::Trust { by, vault, tenant } => self.trust(by, vault, tenant),
            Step::Protect { by, vault, on } => self.protect(by, vault, on),
            Step::RoleMode { by, vault, on } => {
                self.change_vault(by, vault, |vault| vault.role_mode = on)
            }
            Step::Firewall { by, vault, fire } => {
                self.change_vault(by, vault, |vault| vault.firewall = fire)
            }
            Step::DeleteVault { by, vault } => self.delete_vault(by, vault),
            Step::RecoverVault { by, vault } => self.recover_vault(by, vault),
            Step::PurgeVault { by, vault } => self.purge_vault(by, vault),
            Step::MoveVault { by, vault, group } => self.move_vault(by, vault, group),
            Step::Grant {
                by,
                vault,
                to,
                permission,
            } => match self.party(to) {
                Some(party) => self.grant(by, vault, party, permission),
                None => Ok(Answer::DONE),
            },
            Step::Revoke {
                by,
                vault,
                to,
                permission,
            } => match self.party(to) {
                Some(party) => self.revoke(by, vault, party, permission),
                None => Ok(Answer::DONE),
            },
            Step::ImportKey {
                by,
                vault,
                key,
                bits,
            } => self.import(by, vault, key, bits),
            Step::EnableKey {
                by,
                vault,
                key,
                version,
                on,
            } => self.change_version(by, (vault, key), version, &Attribute::Enabled(on)),
            Step::ExpireKey {
                by,
                vault,
                key,
                version,
            } => {
                let soon = Attribute::Expires(self.now + PAUSE / 2);
                self.change_version(by, (vault, key), version, &soon)
            }
            Step::NotBefore {
                by,
                vault,
                key,
                version,
            } => {
                let later = Attribute::NotBefore(self.now + HOUR);
                self.change_version(by, (vault, key), version, &later)
            }
            Step::DeleteKey { by, vault, key } => self.delete_key(by, (vault, key)),
            Step::RecoverKey { by, vault, key } => self.recover_key(by, (vault, key)),
            Step::PurgeKey { by, vault, key } => self.purge_key(by, (vault, key)),
            Step::Create {
                by,
                resource,
                group,
                paid,
                customer_key,
            } => Ok(self.create(by, resource, group, paid, customer_key)),
            Step::Tier { by, resource, paid } => self.tier(by, resource, paid),
            Step::Identify { by, resource, on } => self.identify(by, resource, on),
            Step::SetKey {
                by,
                resource,
                vault,
                key,
                version,
            } => self.set_key(by, resource, (vault, key, version)),
            Step::Reset { by, resource } => self.reset(by, resource),
            Step::Rekey { by, resource } => self.rekey(by, resource),
            Step::Move {
                by,
                resource,
                group,
            } => self.move_resource(by, resource, group),
            Step::Delete { by, resource } => self.delete(by, resource),
            Step::Recover { by, resource } => self.recover(by, resource),
            Step::Purge { by, resource } => self.purge(by, resource),
            Step::Data {
                by,
                resource,
                object,
            } => Ok(self.data(by, resource, object)),
        };
        done.unwrap_or_else(|no| no)
    }

    fn move_subscription(
        &mut self,
        subscription: Subscription,
        tenant: Tenant,
    ) -> Result<Answer, Answer> {
        if self.subscriptions.insert(subscription, tenant) == Some(tenant) {
            return Err(Answer::no(No::refused("NoOp")));
        }
        Ok(Answer::DONE)
    }

    fn move_group(&mut self, group: Group, subscription: Subscription) -> Result<Answer, Answer> {
        if self.groups.insert(group, subscription) == Some(subscription) {
            return Err(Answer::no(No::refused("NoOp")));
        }
        Ok(Answer::DONE)
    }
}

/// When a version that is asked to expire does, and when one that is asked to wait may be used.
impl Step {
    /// Milliseconds from the step on.
    #[must_use]
    pub const fn in_millis(&self) -> u64 {
        match self {
            Self::ExpireKey { .. } => PAUSE / 2,
            Self::NotBefore { .. } => HOUR,
            Self::Advance(hours) => *hours as u64 * HOUR,
            _ => 0,
        }
    }
}
