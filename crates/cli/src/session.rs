//! An open data folder.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStore;
use strongroom::{Operator, Options, ResourceHandle, Strongroom};
use strongroom_base::ResourceName;

use crate::failure::Failure;

/// What the audit says of where requests come from.
const SOURCE: &str = "strongroom";

/// The open installation that a verb works on.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) room: Strongroom,
    /// Who asks, and in which group.
    pub(crate) operator: Operator,
}

impl Session {
    pub(crate) async fn open(data: Option<PathBuf>) -> Result<Self, Failure> {
        let data = data_folder(data)?;
        let room = Strongroom::open(data, &options()).await?;
        let operator = room.administrator().clone();
        Ok(Self { room, operator })
    }

    /// Closes the installation.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        let Self { room, operator } = self;
        drop(operator);
        Ok(room.close().await?)
    }

    pub(crate) async fn resource(&self, name: &ResourceName) -> Result<ResourceHandle, Failure> {
        Ok(self.operator.resource(name).await?)
    }

    pub(crate) async fn store(&self, name: &ResourceName) -> Result<Arc<dyn ObjectStore>, Failure> {
        Ok(self.resource(name).await?.store().await?)
    }
}

/// The data folder that was named.
pub(crate) fn data_folder(data: Option<PathBuf>) -> Result<PathBuf, Failure> {
    data.ok_or(Failure::NoDataFolder)
}

/// What the program opens installations with.
pub(crate) fn options() -> Options {
    Options::new(strongroom::aws_lc_rs::PROVIDER).with_source(SOURCE)
}
