//! "Would this work, and if not, what is missing?": the same decision as the change itself, with
//! nothing done and nothing recorded (but what a probe asks of a key).

use strongroom_base::Outcome as _;
use strongroom_crypto::ResourceKey;
use strongroom_crypto::keyring::Kek;
use strongroom_crypto::object::Generation;
use strongroom_resource::{
    Reason, Refusal, Report, Resource, ResourceAction, ResourceCommand, ResourceEvent, against,
    reports,
};
use strongroom_vault::{KeyId, VaultName};

use super::handle::{ResourceChange, ResourceHandle};
use super::keys::{KeyUser, party};
use super::request::ResourceRequest;
use super::sighting::Sighting;
use crate::Error;
use crate::driver::{Reader, Request};

/// Whether a change would be done, and what stands against it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// Everything that stands against it; nothing, if it would be done.
    pub against: Vec<Obstacle>,
    /// Whether things are so already, so that nothing would change.
    pub unchanged: bool,
    /// What a change of key would do first, so that the key can be used.
    pub on_the_way: OnTheWay,
    /// What the key itself said, if it was tried.
    pub probe: Probe,
}

/// What a change of key does for the identity of its resource (R11).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OnTheWay {
    /// Whether it makes the identity.
    pub identity: bool,
    /// The vault whose policies it has grant the identity what it needs.
    pub grant: Option<VaultName>,
}

/// One thing that stands against a change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Obstacle {
    /// Its stable code.
    pub code: &'static str,
    /// The rule that says no, where one does.
    pub rule: Option<&'static str>,
    /// What is wrong, and the command that mends it.
    pub message: String,
}

/// What trying a key has shown.
#[derive(Debug)]
#[non_exhaustive]
pub enum Probe {
    /// It was not tried.
    NotTried,
    /// It does what is needed of it.
    Works,
    /// It does not.
    Fails(Error),
}

impl Obstacle {
    fn of(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code(),
            rule: refusal.rule(),
            message: refusal.to_string(),
        }
    }
}

fn on_the_way(events: &[ResourceEvent]) -> OnTheWay {
    let begun = events.iter().find_map(|event| match event {
        ResourceEvent::ChangeBegun(change) => Some(change),
        _ => None,
    });
    begun.map_or_else(OnTheWay::default, |change| OnTheWay {
        identity: change.identity_added,
        grant: change.grant.as_ref().map(|grant| grant.vault.clone()),
    })
}

impl Explanation {
    /// Whether nothing stands against it, as far as was looked.
    #[must_use]
    pub fn would_work(&self) -> bool {
        self.against.is_empty() && !matches!(self.probe, Probe::Fails(_))
    }
}

impl ResourceHandle {
    /// Explains a change. With `probe`, the key that it needs is tried as well: the new one is asked to
    /// wrap and unwrap, or the present one to unwrap.
    ///
    /// # Errors
    /// If what it rests on cannot be read. That it would be refused is no error.
    pub async fn explain(&self, change: ResourceChange, probe: bool) -> Result<Explanation, Error> {
        self.catch_up(&change).await?;
        let request = ResourceRequest {
            uid: self.uid,
            command: ResourceCommand {
                at: self.core.records.now(),
                action: self.action(change)?,
            },
            caller: &self.caller,
            control: &self.core,
        };
        let (refusals, on_the_way) = self
            .core
            .records
            .explain(&request, |state, gathered, decision| {
                let against = against(state, &request.command, &request.facts(gathered));
                (against, on_the_way(decision.as_deref().unwrap_or_default()))
            })
            .await?;
        let unchanged = refusals.first().is_some_and(Refusal::changes_nothing);
        let against: Vec<_> = refusals
            .iter()
            .filter(|refusal| !refusal.changes_nothing())
            .map(Obstacle::of)
            .collect();
        let forbidden = against.iter().any(|one| one.rule == Some("I5"));
        let probe = if probe && !forbidden {
            self.probe(&request.command.action).await
        } else {
            Probe::NotTried
        };
        Ok(Explanation {
            against,
            unchanged,
            on_the_way,
            probe,
        })
    }

    /// Explains whether the data can be used now. With `probe`, the key is asked to unwrap; without, what
    /// the directory says is known, and what was found when the key was last asked for.
    ///
    /// # Errors
    /// If what it rests on cannot be read, or the caller may not see the resource.
    pub async fn explain_use(&self, probe: bool) -> Result<Explanation, Error> {
        self.show().await?;
        let resource = self.load().await?;
        let (against, probe) = match super::keys::check_usable(&resource) {
            Err(refusal) => (vec![Obstacle::of(&refusal)], Probe::NotTried),
            Ok(()) if probe => match self.core.probe(self.uid, &self.caller).await {
                Ok(_) => (Vec::new(), Probe::Works),
                Err(error) => (Vec::new(), Probe::Fails(error)),
            },
            Ok(()) => {
                let known = self.known_against(&resource).await?;
                (known.into_iter().collect(), Probe::NotTried)
            }
        };
        Ok(Explanation {
            against,
            unchanged: false,
            on_the_way: OnTheWay::default(),
            probe,
        })
    }

    /// What stands against the use of a customer's key without asking for it.
    async fn known_against(&self, resource: &Resource) -> Result<Option<Obstacle>, Error> {
        let Some(kid) = resource.customer_key() else {
            return Ok(None);
        };
        let user = self.user(resource).await?;
        let identity = match user.identity() {
            Ok(identity) => identity,
            Err(error) => {
                let code = error.code();
                let left_behind = code == "IdentityLeftBehind";
                return Ok(Some(Obstacle {
                    code,
                    rule: Some(if left_behind { "R13" } else { "R12" }),
                    message: error.to_string(),
                }));
            }
        };
        Ok(resource.inaccessible.map(|found| {
            let remedy = match found.reason {
                Reason::Vault(denial) => {
                    let key = self.core.vaults.parse(kid);
                    key.map(|key| denial.remedy(&key, &party(resource, identity))).ok()
                }
                Reason::Identity(_) | Reason::OtherRegion => None,
            };
            let remedy = remedy.map_or_else(String::new, |remedy| format!(": {remedy}"));
            Obstacle {
                code: found.reason.code(),
                rule: Some("R17"),
                message: format!(
                    "it was so when the key was last asked for, since {}, and may be mended meanwhile \
                     (--probe asks now): {}{remedy}",
                    found.since, found.reason
                ),
            }
        }))
    }

    /// What to know of the customer's key before it is changed: what its next change will stumble over
    /// (R9, R17), and whether it has a newer version (R16); nothing, while the service keeps the key or
    /// the vault cannot be seen.
    ///
    /// # Errors
    /// If what it rests on cannot be read, or the caller may not see the resource.
    pub async fn reports(&self) -> Result<Vec<Report>, Error> {
        self.show().await?;
        let resource = self.load().await?;
        let Some(kid) = resource.customer_key() else {
            return Ok(Vec::new());
        };
        let asked = self.core.vaults.parse(kid)?;
        let latest = KeyId {
            version: None,
            ..asked.clone()
        };
        let sighting = Sighting {
            vaults: &self.core.vaults,
            caller: &self.caller,
            follows: true,
        };
        let mut reader = Reader::new(&self.core.records);
        let Some(seen) = sighting.see(&mut reader, asked, &resource).await? else {
            return Ok(Vec::new());
        };
        let latest = if resource.follows {
            None
        } else {
            sighting.see(&mut reader, latest, &resource).await?
        };
        drop(reader);
        let mut reported = reports(&resource, &seen, latest.as_ref(), self.core.records.now());
        if resource.follows {
            let against = self.core.against_following(self.uid, &self.caller).await?;
            let unfit = against
                .into_iter()
                .find(|refusal| *refusal != Refusal::NoOp);
            reported.extend(unfit.map(|refusal| Report::NotFollowed {
                refusal: Box::new(refusal),
            }));
        }
        Ok(reported)
    }

    /// Who uses the resource's keys, as the directory is now.
    async fn user(&self, resource: &Resource) -> Result<KeyUser<'_>, Error> {
        let mut reader = Reader::new(&self.core.records);
        self.core.user(&mut reader, resource, &self.caller).await
    }

    async fn probe(&self, action: &ResourceAction) -> Probe {
        match self.try_key(action).await {
            Ok(true) => Probe::Works,
            Ok(false) => Probe::NotTried,
            Err(error) => Probe::Fails(error),
        }
    }

    /// Whether there was a key to be tried.
    async fn try_key(&self, action: &ResourceAction) -> Result<bool, Error> {
        let resource = self.load().await?;
        let user = self.user(&resource).await?;
        match action {
            ResourceAction::SetKey(set) => {
                let kek = Kek::CustomerManaged {
                    kid: set.key.to_string(),
                    algorithm: set.algorithm,
                };
                let nothing = ResourceKey::generate(self.core.records.provider.random)?;
                let wrapped = user.wrap(&kek, Generation::FIRST, &nothing).await?;
                user.unwrap(&kek, Generation::FIRST, &wrapped).await?;
                Ok(true)
            }
            ResourceAction::Reset { .. } | ResourceAction::Rekey { .. } => {
                user.open_keyring(&resource.keyring).await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}
