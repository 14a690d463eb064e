//! An open data folder.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStore;
use strongroom::{
    DisplayName, GroupUid, LeaseSettings, LeaseTerm, Operator, Options, ResourceHandle, Strongroom,
};
use strongroom_base::{PrincipalId, ResourceName, SubscriptionId};

use crate::args::{Asker, Destination};
use crate::failure::Failure;
use crate::own::Own;

/// What the audit says of where requests come from.
const SOURCE: &str = "strongroom";

/// The open installation that a verb works on.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) room: Strongroom,
    /// Who asks, and in which group.
    pub(crate) operator: Operator,
    /// The subscription that was named.
    pub(crate) subscription: Option<SubscriptionId>,
    /// Whether a group was named.
    pub(crate) group_named: bool,
}

impl Session {
    pub(crate) async fn open(
        data: Option<PathBuf>,
        asker: Asker,
        lease: Option<LeaseTerm>,
    ) -> Result<Self, Failure> {
        let data = data_folder(data)?;
        let room = Strongroom::open(data, &options(lease)).await?;
        let operator = room.administrator().clone();
        let mut session = Self {
            room,
            operator,
            subscription: None,
            group_named: asker.group.is_some(),
        };
        match session.turn_to(asker).await {
            Ok(()) => Ok(session),
            Err(failure) => {
                session.close().await?;
                Err(failure)
            }
        }
    }

    /// Acts as whoever was named, where it was named.
    async fn turn_to(&mut self, asker: Asker) -> Result<(), Failure> {
        let Asker {
            principal,
            group,
            subscription,
        } = asker;
        if let Some(principal) = principal {
            let id = self.principal(&principal).await?;
            self.operator = self.operator.acting_as(id).await?;
        }
        if let Some(subscription) = subscription {
            self.subscription = Some(self.subscription(&subscription).await?);
        }
        if let Some(group) = group {
            let uid = self.group(&group, self.subscription).await?;
            self.operator = self.operator.in_group(uid);
        }
        Ok(())
    }

    /// A principal by its object id, which need not be there, or by its name.
    pub(crate) async fn principal(&self, text: &str) -> Result<PrincipalId, Failure> {
        if let Ok(id) = text.parse() {
            return Ok(id);
        }
        let name = stored_name(text)?;
        Ok(self.operator.principal_by_name(&name, None).await?.id)
    }

    /// A subscription by its id, which need not be there, or by its name.
    pub(crate) async fn subscription(&self, text: &str) -> Result<SubscriptionId, Failure> {
        if let Ok(id) = text.parse() {
            return Ok(id);
        }
        let name = stored_name(text)?;
        Ok(self.operator.subscription_by_name(&name).await?.id)
    }

    /// A group by its uid, which need not be there, or by its name.
    pub(crate) async fn group(
        &self,
        text: &str,
        subscription: Option<SubscriptionId>,
    ) -> Result<GroupUid, Failure> {
        if let Ok(uid) = text.parse() {
            return Ok(uid);
        }
        let name = text.parse().map_err(strongroom::Error::from)?;
        let found = self.operator.group_by_name(&name, subscription).await?;
        Ok(found.uid)
    }

    /// The group that something is moved to.
    pub(crate) async fn destination(&self, destination: &Destination) -> Result<GroupUid, Failure> {
        let subscription = match &destination.destination_subscription {
            Some(subscription) => Some(self.subscription(subscription).await?),
            None => None,
        };
        self.group(&destination.destination_group, subscription)
            .await
    }

    /// What no verb that moves files takes, removes or writes over.
    pub(crate) fn own(&self) -> Own {
        Own::of(self.room.show())
    }

    /// Closes the installation.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        let Self { room, operator, .. } = self;
        drop(operator);
        Ok(room.close().await?)
    }

    pub(crate) async fn resource(&self, name: &ResourceName) -> Result<ResourceHandle, Failure> {
        let by_name = match self.operator.resource(name).await {
            Err(error) if is_not_there(&error) => error,
            found => return Ok(found?),
        };
        // A name may look like a uid: what bears it comes first.
        let Ok(uid) = name.as_str().parse() else {
            return Err(by_name.into());
        };
        match self.operator.resource_by_uid(uid).await {
            Err(error) if is_not_there(&error) => Err(by_name.into()),
            found => Ok(found?),
        }
    }

    pub(crate) async fn store(&self, name: &ResourceName) -> Result<Arc<dyn ObjectStore>, Failure> {
        Ok(self.resource(name).await?.store().await?)
    }
}

/// Whether nothing is there, as far as the caller may know.
fn is_not_there(error: &strongroom::Error) -> bool {
    use strongroom::{Error, Refusal};

    matches!(
        error,
        Error::NotFound { .. } | Error::Denied(_) | Error::Refused(Refusal::Absent)
    )
}

/// A name that something may bear since an earlier version, which was less strict.
fn stored_name(text: &str) -> Result<DisplayName, Failure> {
    DisplayName::try_from(text.to_owned()).map_err(|error| strongroom::Error::from(error).into())
}

/// The data folder that was named.
pub(crate) fn data_folder(data: Option<PathBuf>) -> Result<PathBuf, Failure> {
    data.ok_or(Failure::NoDataFolder)
}

/// What the program opens installations with.
pub(crate) fn options(lease: Option<LeaseTerm>) -> Options {
    Options::new(strongroom::fastest::provider())
        .with_source(SOURCE)
        .with_leases(LeaseSettings::with_term(lease.unwrap_or_default()))
}
