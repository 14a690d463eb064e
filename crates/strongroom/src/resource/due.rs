//! What time has made due of a resource, and what was cut off.

use strongroom_base::ResourceUid;
use strongroom_resource::{Resource, ResourceAction, ResourceMachine};

use super::Control;
use crate::Error;
use crate::driver::kept::resource_id;
use crate::driver::{Assertions, has_come, log};

impl Control {
    /// Does what is due of a resource.
    pub(crate) async fn advance_resource(&self, uid: ResourceUid) -> Result<(), Error> {
        let id = resource_id(uid)?;
        let caller = self.caller_for_resource(&id).await?;
        let resource = self.records.load::<Resource>(&id).await?.state;
        if has_come::<ResourceMachine>(&resource, self.records.now()) {
            let end = ResourceAction::EndRetention;
            self.ask(uid, end, Assertions::default(), &caller).await?;
        }
        self.settle_resource(uid, &caller).await
    }

    /// Does what is due of a resource before somebody rests on it. What cannot be done stays due.
    pub(crate) async fn catch_up(&self, uid: ResourceUid) -> Result<(), Error> {
        let id = resource_id(uid)?;
        let found = self.records.load::<Resource>(&id).await?.state;
        if self.records.is_behind::<ResourceMachine>(&id, &found) {
            log(&id, Box::pin(self.advance_resource(uid)).await);
        }
        Ok(())
    }
}
