//! Role assignments at a scope.

use strongroom_base::{PrincipalId, Timestamp};
use strongroom_identity::{AccessCommand, AccessMachine, Action, Role, Scope};

use super::missing;
use crate::Error;
use crate::directory::AccessRequest;
use crate::driver::kept::access_id;
use crate::driver::{Assertions, Reader};
use crate::operator::Operator;

/// A role assignment, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoleAssignmentView {
    /// Where it holds, and for everything below.
    pub scope: Scope,
    /// Whose it is.
    pub principal: PrincipalId,
    /// Which role.
    pub role: Role,
    /// Since when.
    pub since: Timestamp,
}

impl Operator {
    /// Assigns a role at a scope.
    ///
    /// # Errors
    /// [`Error::Access`]: the principal is not in the directory of the scope's tenant, holds the role
    /// already, or the caller may not.
    pub async fn assign_role(
        &self,
        scope: Scope,
        principal: PrincipalId,
        role: Role,
    ) -> Result<(), Error> {
        let assign = AccessCommand::Assign {
            principal,
            role,
            at: self.core.now(),
        };
        self.ask_access(scope, assign).await
    }

    /// Removes a role assignment.
    ///
    /// # Errors
    /// [`Error::Access`]: there is none, it is that of a tenant's last owner, or the caller may not.
    pub async fn remove_role(
        &self,
        scope: Scope,
        principal: PrincipalId,
        role: Role,
    ) -> Result<(), Error> {
        self.ask_access(scope, AccessCommand::Remove { principal, role })
            .await
    }

    /// The role assignments at a scope that count now; those of what holds it are listed there.
    ///
    /// # Errors
    /// [`Error::Denied`] if the caller may not see them.
    pub async fn role_assignments(&self, scope: Scope) -> Result<Vec<RoleAssignmentView>, Error> {
        let mut reader = Reader::new(&self.core);
        let who = reader.who(self.caller.principal).await?;
        let read = Action::RoleAssignmentsRead;
        let Some(site) = reader.site_of(&scope).await? else {
            let name = scope.to_string();
            return Err(missing(&who, read, None, ("scope", &name), "the directory"));
        };
        site.allows(&who, read)?;
        let list = reader.load::<AccessMachine>(&access_id(&scope)?).await?;
        let tenancy = site.chain().tenancy();
        let valid = list.iter().flat_map(|list| list.valid(tenancy));
        Ok(valid
            .map(|(principal, role, held)| RoleAssignmentView {
                scope,
                principal,
                role,
                since: held.since,
            })
            .collect())
    }

    async fn ask_access(&self, scope: Scope, command: AccessCommand) -> Result<(), Error> {
        let request = AccessRequest {
            scope,
            command,
            caller: &self.caller,
        };
        self.core
            .drive(&request, Assertions::default(), &self.caller)
            .await?;
        Ok(())
    }
}
