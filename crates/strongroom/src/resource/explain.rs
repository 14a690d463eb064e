//! "Would this work, and if not, what is missing?": the same decision as the change itself, with
//! nothing done and nothing recorded (but what a probe asks of a key).

use strongroom_base::Outcome as _;
use strongroom_crypto::ResourceKey;
use strongroom_crypto::keyring::Kek;
use strongroom_crypto::object::Generation;
use strongroom_resource::{
    Refusal, Report, ResourceAction, ResourceCommand, SeenKey, against, reports,
};

use super::handle::{ResourceChange, ResourceHandle};
use super::request::ResourceRequest;
use crate::Error;
use crate::driver::{Reader, Request};

/// Whether a change would be done, and what stands against it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// Everything that stands against it; nothing, if it would be done.
    pub against: Vec<Obstacle>,
    /// What the key itself said, if it was tried.
    pub probe: Probe,
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
        let request = ResourceRequest {
            uid: self.uid,
            command: ResourceCommand {
                at: self.core.now(),
                action: self.action(change)?,
            },
            caller: &self.caller,
        };
        let against = self
            .core
            .explain(&request, |state, gathered, _| {
                against(state, &request.command, &request.facts(gathered))
            })
            .await?;
        let against: Vec<_> = against
            .iter()
            .map(|refusal| Obstacle {
                code: refusal.code(),
                rule: refusal.rule(),
                message: refusal.to_string(),
            })
            .collect();
        let forbidden = against.iter().any(|one| one.rule == Some("I5"));
        let probe = if probe && !forbidden {
            self.probe(&request.command.action).await
        } else {
            Probe::NotTried
        };
        Ok(Explanation { against, probe })
    }

    /// Explains whether the data can be used now. With `probe`, the key is asked to unwrap; without, only
    /// what the directory says is known.
    ///
    /// # Errors
    /// If what it rests on cannot be read, or the caller may not see the resource.
    pub async fn explain_use(&self, probe: bool) -> Result<Explanation, Error> {
        self.show().await?;
        let resource = self.load().await?;
        let against = match super::keys::check_usable(&resource) {
            Ok(()) => Vec::new(),
            Err(refusal) => vec![Obstacle {
                code: refusal.code(),
                rule: refusal.rule(),
                message: refusal.to_string(),
            }],
        };
        let probe = match (probe, against.is_empty()) {
            (true, true) => match self.core.probe(self.uid, &self.caller).await {
                Ok(_) => Probe::Works,
                Err(error) => Probe::Fails(error),
            },
            (false, _) | (_, false) => Probe::NotTried,
        };
        Ok(Explanation { against, probe })
    }

    /// What does not stop the resource and will stop its next change of key (R9, R17); nothing, while the
    /// service keeps its key or the vault cannot be seen.
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
        let mut reader = Reader::new(&self.core);
        let seen = reader.see(asked, &resource, &self.caller).await?;
        let mut reported = match &seen {
            Some(SeenKey {
                vault,
                key: Ok(key),
                ..
            }) => reports(vault, key, self.core.now()),
            Some(_) | None => Vec::new(),
        };
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
        let mut reader = Reader::new(&self.core);
        let user = reader.user(&resource, &self.caller).await?;
        match action {
            ResourceAction::SetKey(set) => {
                let kek = Kek::CustomerManaged {
                    kid: set.key.to_string(),
                    algorithm: set.algorithm,
                };
                let nothing = ResourceKey::generate(self.core.provider.random)?;
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
