//! Role assignments: made, removed and listed.

use strongroom_base::{PrincipalId, Timestamp};
use strongroom_identity::{AccessCommand, AccessRefusal, Action, Role, Scope};

use super::not_there;
use crate::Error;
use crate::directory::AccessRequest;
use crate::driver::Reader;
use crate::operator::Operator;

/// A role assignment, as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoleAssignmentView {
    /// Who holds it.
    pub principal: PrincipalId,
    /// Which role.
    pub role: Role,
    /// Where it was assigned: the scope that was asked for, or one above, from which it holds there too.
    pub scope: Scope,
    /// Since when.
    pub since: Timestamp,
}

impl Operator {
    /// Assigns a role to a principal at a scope: it holds there and for everything below.
    ///
    /// # Errors
    /// [`AccessRefusal`]: it holds the role already, or is not in the directory of the scope's tenant;
    /// [`Denied`](strongroom_identity::Denied) within it, for a scope that is not there too.
    pub async fn assign_role(
        &self,
        role: Role,
        principal: PrincipalId,
        scope: Scope,
    ) -> Result<(), Error> {
        let at = self.core.records.now();
        let assign = AccessCommand::Assign {
            principal,
            role,
            at,
        };
        self.ask_of_list(scope, assign).await
    }

    /// Removes a role assignment of exactly this scope.
    ///
    /// # Errors
    /// [`AccessRefusal`]: there is none such, or it is that of a tenant's last Owner;
    /// [`Denied`](strongroom_identity::Denied) within it, for a scope that is not there too.
    pub async fn remove_role(
        &self,
        role: Role,
        principal: PrincipalId,
        scope: Scope,
    ) -> Result<(), Error> {
        self.ask_of_list(scope, AccessCommand::Remove { principal, role })
            .await
    }

    /// The role assignments that count at a scope: its own, and those of what holds it. What a move to
    /// another tenant has made void is left out.
    ///
    /// # Errors
    /// [`Denied`](strongroom_identity::Denied) if the scope is not there, or the caller may not see who
    /// holds roles there.
    pub async fn roles(&self, scope: Scope) -> Result<Vec<RoleAssignmentView>, Error> {
        let who = self.asker().await?;
        let read = Action::RoleAssignmentsRead;
        let Some(site) = Reader::new(&self.core.records).site_of(&scope).await? else {
            // Nothing is above what is not there.
            return Err(not_there(&who, read, None, || AccessRefusal::NoOp.into()));
        };
        site.allows(&who, read)?;
        Ok(site
            .assignments()
            .map(|(scope, principal, role, held)| RoleAssignmentView {
                principal,
                role,
                scope,
                since: held.since,
            })
            .collect())
    }

    async fn ask_of_list(&self, scope: Scope, command: AccessCommand) -> Result<(), Error> {
        let request = AccessRequest {
            scope,
            command,
            caller: &self.caller,
        };
        self.drive(&request).await?;
        Ok(())
    }
}
