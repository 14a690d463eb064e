//! Who owns what and who may do what: the machines of `identity`, driven.
//!
//! A resource never stores its tenant: it is found by walking its parents, so that moving a
//! subscription changes one row.

mod access;
mod below;
mod founding;
mod group;
mod principal;
mod site;
mod subscription;
mod tenant;

pub(crate) use self::access::{AccessRequest, clear_access};
pub(crate) use self::founding::FirstTenant;
pub(crate) use self::group::GroupRequest;
pub(crate) use self::principal::PrincipalRequest;
pub(crate) use self::site::{Site, crossing, verdict};
pub(crate) use self::subscription::SubscriptionRequest;
pub(crate) use self::tenant::TenantRequest;
