//! What a principal may ask of the directory: tenants, subscriptions, groups, principals, roles.
//!
//! Authorisation comes before existence (I5): what the caller may not read is answered exactly as what
//! is not there, and listings leave it out.

mod groups;
mod principals;
mod roles;
mod subscriptions;
mod tenants;

use strongroom_identity::{Absent, Action, Caller as Who, Denied, absent};

use crate::Error;
use crate::directory::Site;
use crate::driver::Reader;
use crate::operator::Operator;

pub use self::groups::GroupView;
pub use self::principals::{NewPrincipal, PrincipalView};
pub use self::roles::RoleAssignmentView;
pub use self::subscriptions::SubscriptionView;
pub use self::tenants::TenantView;

impl Operator {
    /// Who asks, if it can ask for anything at all.
    async fn asker(&self) -> Result<Who, Error> {
        let who = Reader::new(&self.core.records)
            .who(self.caller.principal)
            .await?;
        let read = Action::TenantsRead;
        match absent(&who, read, read, None) {
            Absent::Denied(denied @ Denied::NotAuthenticated { .. }) => Err(denied.into()),
            Absent::Denied(_) | Absent::NotFound => Ok(who),
        }
    }
}

/// The answer for something that is not there, or not for the caller to see. `nearest` is what would
/// hold it.
fn not_there(
    who: &Who,
    read: Action,
    nearest: Option<&Site>,
    missing: impl FnOnce() -> Error,
) -> Error {
    let answer = match nearest {
        Some(site) => site.without(who, read, read),
        None => absent(who, read, read, None),
    };
    match answer {
        Absent::Denied(denied) => denied.into(),
        Absent::NotFound => missing(),
    }
}

/// What a name stands for, if it stands for one thing.
fn only_one<T>(found: Vec<T>, kind: &'static str, name: &str) -> Result<T, Error> {
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(Error::NotFound {
            kind,
            name: name.to_owned(),
            place: "what you may see".to_owned(),
        }),
        (Some(_), Some(_)) => Err(Error::Ambiguous {
            kind,
            name: name.to_owned(),
        }),
    }
}
