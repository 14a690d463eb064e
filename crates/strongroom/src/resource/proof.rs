//! Asking for a lease, and what it leaves: what the proof rests on is watched from then on, and whether the
//! data are out of reach stands in the resource's state.

use async_trait::async_trait;
use strongroom_base::{CorrelationId, ResourceUid};
use strongroom_ledger::runtime::OwnRuntime;
use strongroom_ledger::{LedgerError, Version};
use strongroom_resource::{Inaccessible, Reason, Refusal, Resource, ResourceAction};
use strongroom_vault::VaultError;

use super::Control;
use super::keys::USE_RETRIES;
use crate::core::Loaded;
use crate::driver::kept::resource_id;
use crate::driver::{Assertions, Reader};
use crate::error::{Error, OutOfReach};
use crate::lease::{KeySource, Proof, Watched};

#[async_trait]
impl KeySource for Control {
    fn runtime(&self) -> &OwnRuntime {
        &self.records.runtime
    }

    /// Its records name the service, or the resource's identity.
    async fn prove(
        &self,
        uid: ResourceUid,
        correlation: CorrelationId,
        refused: &(dyn Fn() + Send + Sync),
    ) -> Result<Watched<Proof>, Watched<Error>> {
        let id = resource_id(uid)?;
        for _ in 0..USE_RETRIES {
            let mut reader = Reader::new(&self.records);
            let recorded = |tenant| self.records.own_caller_within(correlation, tenant);
            let found = match self.use_keys(&mut reader, &id, recorded).await {
                Ok(found) => found,
                Err(error) => match self.failed(uid, &mut reader, error).await {
                    Some(failed) => return Err(failed),
                    None => continue,
                },
            };
            let mut resource = found.resource;
            let answer = match found.proof {
                Ok(proof) => Ok(proof),
                Err(error) => match reason(&error) {
                    Some(reason) => Err((reason, error)),
                    None => match self.failed(uid, &mut reader, error).await {
                        Some(failed) => return Err(failed),
                        None => continue,
                    },
                },
            };
            if answer.is_err() {
                // Whatever becomes of the rest: a no ends what is out.
                refused();
            }
            let mark = mark(&resource, answer.as_ref().map_err(|(reason, _)| *reason));
            if let Some(mark) = mark {
                // It must not be written down of a state that was gone by then. What follows is our own
                // change: it voids nothing.
                let assertions = Assertions {
                    guards: reader.guards(),
                    ..Assertions::mark_at(reader.version(&id))
                };
                let recorded = &found.recorded;
                match self.ask_to_version(uid, mark, assertions, recorded).await {
                    Ok(Loaded {
                        state: Some(marked),
                        version,
                    }) => {
                        reader.has_become(&id, marked.clone(), version);
                        resource = marked;
                    }
                    // Another process was faster, or it has changed otherwise.
                    Ok(Loaded { state: None, .. })
                    | Err(Error::Ledger(LedgerError::Conflict { .. }) | Error::Refused(_)) => {
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            let watching = Some(self.leases.watch(uid, reader.seen()));
            // Whatever changes from here on is seen by the watch.
            if !reader.has_moved().await? {
                return match answer {
                    Ok(what) => Ok(Watched { what, watching }),
                    Err((reason, cause)) => {
                        let since = resource.inaccessible.map(|found| found.since);
                        let inaccessible = Inaccessible {
                            reason,
                            since: since.unwrap_or_else(|| self.records.now()),
                        };
                        let what = OutOfReach::new(inaccessible, cause).into();
                        Err(Watched { what, watching })
                    }
                };
            }
        }
        Err(Error::Contended { id }.into())
    }
}

impl Control {
    /// What has failed for no reason that revokes; none, if something that it rests on has changed
    /// meanwhile.
    async fn failed(
        &self,
        uid: ResourceUid,
        reader: &mut Reader<'_>,
        what: Error,
    ) -> Option<Watched<Error>> {
        let mut rests_on = reader.seen().clone();
        if let Some(unread) = reader.unread() {
            // At no version at all: any change of it counts.
            rests_on.insert(unread.clone(), Version::ABSENT);
        }
        let watching = Some(self.leases.watch(uid, &rests_on));
        match reader.has_moved().await {
            Ok(true) => None,
            // What keeps it from being read again is told of next time.
            Ok(false) | Err(_) => Some(Watched { what, watching }),
        }
    }
}

/// What is to be written down, if it does not stand there already.
fn mark(resource: &Resource, answer: Result<&Proof, Reason>) -> Option<ResourceAction> {
    match (answer, resource.inaccessible) {
        (Ok(_), Some(_)) => Some(ResourceAction::RegainAccess),
        (Err(reason), Some(found)) if found.reason == reason => None,
        (Err(reason), _) => Some(ResourceAction::LoseAccess { reason }),
        (Ok(_), None) => None,
    }
}

/// Why an error revokes; none, if it does not: nobody answered, bytes are damaged, or the resource itself
/// is not there to be used.
fn reason(error: &Error) -> Option<Reason> {
    match error {
        Error::KeyUse { source, .. } | Error::VaultCall(source) => match source {
            VaultError::Denied(denial) if denial.revokes() => Some(Reason::Vault(*denial)),
            _ => None,
        },
        Error::NoToken { source, .. } => Some(Reason::Identity(*source)),
        Error::Refused(Refusal::OtherRegion { .. }) => Some(Reason::OtherRegion),
        _ => None,
    }
}
