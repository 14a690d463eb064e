//! Resources that follow a key without a version go over to whichever the vault names the latest, by the
//! same rules and the same saga as at a command (R16).

use strongroom_base::{Outcome as _, OutcomeKind, ResourceUid};
use strongroom_ledger::{AggregateId, Find};
use strongroom_resource::{Refusal, ResourceAction, ResourceCommand, against};
use strongroom_vault::OpId;

use super::Control;
use super::request::ResourceRequest;
use crate::Error;
use crate::audit::Caller;
use crate::driver::kept::{index, resource_id};
use crate::driver::{Assertions, Request as _};

impl Control {
    /// Every follower looks at its key, at most `at_most` of them, and for as long as `may_go_on` says so. What stands
    /// against the latest version is reported, and the present one stays.
    pub(crate) async fn follow_keys(
        &self,
        at_most: usize,
        mut may_go_on: impl FnMut(Option<OutcomeKind>) -> bool + Send,
    ) -> Result<(), Error> {
        let followers = Find::prefix(index::FOLLOWER, "");
        // Whoever looks at a few must not look at the same few each time: from anywhere to the end, then from
        // the beginning.
        let from = ResourceUid::from_bytes(self.records.random_id()?);
        let (key, id) = (from.to_string(), resource_id(from)?);
        let behind = Some((key.clone(), id));
        let mut found = self
            .records
            .find_sound(&followers, behind, at_most, |_| true)
            .await?;
        let left = at_most.saturating_sub(found.len());
        let before = |found: &str| *found <= *key;
        let begin = self.records.find_sound(&followers, None, left, before);
        found.extend(begin.await?);
        for (_, id) in found {
            if let Err(error) = self.follow_key(&id).await {
                tracing::warn!(%id, %error, code = error.code(), "a resource stays on its key version");
            }
            // What stands against it is the vault's to say, and no failure.
            if !may_go_on(None) {
                break;
            }
        }
        Ok(())
    }

    async fn follow_key(&self, id: &AggregateId) -> Result<(), Error> {
        let uid = id.id().parse()?;
        let caller = &self.caller_for_resource(id).await?;
        match self
            .against_following(uid, caller)
            .await?
            .into_iter()
            .next()
        {
            None => {
                let op = OpId::from_bytes(self.records.random_id()?);
                let follow = ResourceAction::Follow { op };
                self.change_key(uid, follow, Assertions::default(), caller)
                    .await?;
                Ok(())
            }
            // It is on the latest version, or has turned to another key meanwhile.
            Some(Refusal::NoOp) => Ok(()),
            Some(refusal) => Err(refusal.into()),
        }
    }

    /// What stands against going over to the latest version; asked often, so it leaves no record.
    pub(super) async fn against_following(
        &self,
        uid: ResourceUid,
        caller: &Caller,
    ) -> Result<Vec<Refusal>, Error> {
        let request = ResourceRequest {
            uid,
            command: ResourceCommand {
                at: self.records.now(),
                action: ResourceAction::Follow {
                    op: OpId::from_bytes(self.records.random_id()?),
                },
            },
            caller,
            control: self,
        };
        self.records
            .explain(&request, |state, gathered, _| {
                against(state, &request.command, &request.facts(gathered))
            })
            .await
    }
}
