//! What an operator asks of the directory.

mod groups;
mod principals;
mod roles;
mod subscriptions;
mod tenants;

pub use self::groups::GroupView;
pub use self::principals::{PrincipalView, Registered};
pub use self::roles::RoleAssignmentView;
pub use self::subscriptions::SubscriptionView;
pub use self::tenants::TenantView;

use strongroom_identity::{Absent, Action, Caller};

use super::Site;
use crate::Error;

/// The one answer for what is not there, or not for the caller to see (I5): `nearest` is what would hold
/// it, if that is there.
fn missing(
    who: &Caller,
    read: Action,
    nearest: Option<&Site>,
    what: (&'static str, &str),
    place: &str,
) -> Error {
    let answer = match nearest {
        Some(site) => site.without(who, read, read),
        None => strongroom_identity::absent(who, read, read, None),
    };
    match answer {
        Absent::Denied(denied) => denied.into(),
        Absent::NotFound => Error::NotFound {
            kind: what.0,
            name: what.1.to_owned(),
            place: place.to_owned(),
        },
    }
}
