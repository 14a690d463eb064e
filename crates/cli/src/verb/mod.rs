//! One module a verb.

pub(crate) mod audit;
pub(crate) mod cat;
pub(crate) mod change;
pub(crate) mod clock;
pub(crate) mod directory;
pub(crate) mod explain;
pub(crate) mod export_key;
pub(crate) mod fsck;
pub(crate) mod get;
pub(crate) mod ingest;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod ls;
pub(crate) mod maintenance;
pub(crate) mod put;
pub(crate) mod relocate;
pub(crate) mod resource;
pub(crate) mod rm;
pub(crate) mod stat;
pub(crate) mod tour;
pub(crate) mod vault;

use crate::args::DataVerb;
use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;

/// Does what is asked in an open data folder.
///
/// A verb that changes something does some of what is due after it; what only reads does none.
pub(crate) async fn run(session: &Session, verb: DataVerb, output: &Output) -> Result<(), Failure> {
    let changes = verb.changes();
    carry_out(session, verb, output).await?;
    if changes {
        maintenance::some(&session.room).await;
    }
    Ok(())
}

async fn carry_out(session: &Session, verb: DataVerb, output: &Output) -> Result<(), Failure> {
    match verb {
        DataVerb::Resource(args) => resource::run(session, args, output).await,
        DataVerb::Explain(args) => explain::run(session, args, output).await,
        DataVerb::Vault(args) => vault::run(session, args, output).await,
        DataVerb::Key(args) => key::run(session, args, output).await,
        DataVerb::Tenant(args) => directory::tenant(session, args, output).await,
        DataVerb::Subscription(args) => directory::subscription(session, args, output).await,
        DataVerb::Group(args) => directory::group(session, args, output).await,
        DataVerb::Principal(args) => directory::principal(session, args, output).await,
        DataVerb::Role(args) => directory::role(session, args, output).await,
        DataVerb::Put(args) => put::run(session, args, output).await,
        DataVerb::Get(args) => get::run(session, args, output).await,
        DataVerb::Ls(args) => ls::run(session, args, output).await,
        DataVerb::Rm(args) => rm::run(session, args, output).await,
        DataVerb::Cat(args) => cat::run(session, args, output).await,
        DataVerb::Stat(args) => stat::run(session, args, output).await,
        DataVerb::Cp(args) => relocate::copy(session, args, output).await,
        DataVerb::Mv(args) => relocate::r#move(session, args, output).await,
        DataVerb::Ingest(args) => ingest::run(session, args, output).await,
        DataVerb::Fsck(args) => fsck::run(session, args, output).await,
        DataVerb::Audit(args) => audit::run(session, args, output).await,
        DataVerb::Clock(args) => clock::run(session, &args, output),
        DataVerb::Maintenance(args) => maintenance::run(session, &args, output).await,
    }
}
