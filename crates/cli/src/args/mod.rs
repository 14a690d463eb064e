//! The command line.

mod directory;
mod key;
mod objects;
#[cfg(test)]
mod printed;
mod resource;
mod vault;
mod words;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use strongroom::{LeaseTerm, RootKeySource};

use crate::address::Address;

pub(crate) use self::directory::{Group, Principal, Role, RoleScope, Subscription, Tenant};
pub(crate) use self::key::{
    Ciphertext, Key, KeyAttributes, KeyImport, KeyNamed, KeyRotationPolicy, KeyVersions, Plaintext,
};
pub(crate) use self::objects::{Copy, Fsck, Ingest, Move};
pub(crate) use self::resource::{
    Destination, Encryption, Explain, ExplainWhat, Identity, Resource, ResourceCreate, ResourceMove,
};
pub(crate) use self::vault::{GranteeArgs, Vault, VaultCreate, VaultGrant, authorization};

/// Customer data encrypted at rest, every resource under a key of its own.
#[derive(Debug, Parser)]
#[command(version, about, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// The data folder.
    #[arg(long, global = true, value_name = "DIR", env = "STRONGROOM_DATA")]
    pub(crate) data: Option<PathBuf>,

    /// Answers in JSON, one value a line.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// How long a proof of a customer's key is good for, and so how long its revocation may go
    /// unnoticed (R17): 60s, 1500ms, or `per-operation`. By default a minute; in a tour, a second.
    #[arg(long, global = true, value_name = "TERM", env = "STRONGROOM_LEASE")]
    pub(crate) lease: Option<LeaseTerm>,

    #[command(flatten)]
    pub(crate) asker: Asker,

    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Who asks, and where.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Asker {
    /// Who asks: a principal's object id or name; by default the administrator made by `init`.
    // Under an id of its own: with that of a verb's argument, it would take that one's value.
    #[arg(id = "asker", long = "as", global = true, value_name = "PRINCIPAL")]
    pub(crate) principal: Option<String>,

    /// The resource group to work in, by name or uid; by default the installation's first.
    #[arg(long, short, global = true, value_name = "GROUP")]
    pub(crate) group: Option<String>,

    /// The subscription to work in, by name or id.
    #[arg(long, global = true, value_name = "SUBSCRIPTION")]
    pub(crate) subscription: Option<String>,
}

/// Reads the command line.
///
/// A tour makes a data folder of its own: what the environment says of another is not meant by it.
pub(crate) fn parse() -> Result<Cli, clap::Error> {
    let typed = words::gathered(std::env::args_os());
    let matches = Cli::command().try_get_matches_from(typed)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    if matches!(cli.verb, Verb::Tour(_)) {
        let from_environment = |id| matches.value_source(id) == Some(ValueSource::EnvVariable);
        if from_environment("data") {
            cli.data = None;
        }
        if from_environment("lease") {
            cli.lease = None;
        }
    }
    Ok(cli)
}

/// Whether the command line asks for JSON, though it cannot be read.
pub(crate) fn asks_for_json() -> bool {
    std::env::args_os()
        .take_while(|word| word != "--")
        .any(|word| word == "--json")
}

/// What is wrong with a command line, without the usage and the hints that a terminal gets.
pub(crate) fn plainly(error: &clap::Error) -> String {
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "the command is not whole: add --help to see what may follow".to_owned();
    }
    let text = error.render().to_string();
    let (told, _) = text.split_once("\n\nUsage:").unwrap_or((&text, ""));
    let (told, _) = told
        .split_once("\n\nFor more information")
        .unwrap_or((told, ""));
    let told = told.strip_prefix("error: ").unwrap_or(told);
    let lines: Vec<&str> = told
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(" ")
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Makes an installation: a data folder, a root key, and a first tenant, subscription, group
    /// and administrator.
    Init(Init),
    /// Says anew where the root key and the audit heads of an installation are, and writes its
    /// installation.json from what its ledger says: after a restore to another place, or where that file
    /// is lost or was changed.
    Relocate(Relocate),
    #[command(flatten)]
    InDataFolder(DataVerb),
    /// Puts a folder through everything that Strongroom promises, and says whether it held.
    Tour(Tour),
}

/// What is done in a data folder that exists.
#[derive(Debug, Subcommand)]
pub(crate) enum DataVerb {
    /// Creates, shows, changes and removes resources, their identities and their keys.
    #[command(subcommand)]
    Resource(Resource),
    /// Says whether a change of a resource would be done and, if not, what is missing.
    Explain(Explain),
    /// Creates, shows, changes and removes vaults, and says who may use their keys.
    #[command(subcommand)]
    Vault(Vault),
    /// Makes, imports, shows, changes, uses and removes the keys of vaults.
    #[command(subcommand)]
    Key(Key),
    /// Creates and lists tenants.
    #[command(subcommand)]
    Tenant(Tenant),
    /// Creates, lists, changes and moves subscriptions.
    #[command(subcommand)]
    Subscription(Subscription),
    /// Creates, lists and moves resource groups.
    #[command(subcommand)]
    Group(Group),
    /// Registers, lists, disables and deletes users and applications.
    #[command(subcommand)]
    Principal(Principal),
    /// Says who may do what, where.
    #[command(subcommand)]
    Role(Role),
    /// Stores files and folders in a resource.
    Put(Put),
    /// Takes files and folders out of a resource.
    Get(Get),
    /// Lists what a resource holds.
    Ls(Ls),
    /// Removes files and folders from a resource.
    Rm(Rm),
    /// Writes stored files to standard output.
    Cat(Cat),
    /// Shows what is known of stored files.
    Stat(Stat),
    /// Copies files and folders between and within resources.
    Cp(Copy),
    /// Moves files and folders between and within resources.
    Mv(Move),
    /// Seals plain data that lies elsewhere into a resource: streamed, read back and compared; what was cut
    /// off goes on by the same command.
    Ingest(Ingest),
    /// Checks that objects are whole, and reports those that are not. It removes nothing.
    Fsck(Fsck),
    /// Shows, verifies and exports the audit.
    #[command(subcommand)]
    Audit(Audit),
    /// Shows the installation's clock and, where it was made for trying things, sets it forward.
    #[command(subcommand)]
    Clock(Clock),
    /// Does what time has made due, and goes on with what was cut off.
    #[command(subcommand)]
    Maintenance(Maintenance),
}

impl DataVerb {
    /// Whether it changes something: some of what is due is done after it.
    pub(crate) fn changes(&self) -> bool {
        match self {
            Self::Resource(verb) => verb.changes(),
            Self::Vault(verb) => !matches!(verb, Vault::Show(_) | Vault::List),
            Self::Key(verb) => verb.changes(),
            Self::Tenant(verb) => !matches!(verb, Tenant::List),
            Self::Subscription(verb) => !matches!(verb, Subscription::List),
            Self::Group(verb) => !matches!(verb, Group::List),
            Self::Principal(verb) => !matches!(verb, Principal::List { .. }),
            Self::Role(verb) => !matches!(verb, Role::List(_)),
            Self::Put(_) | Self::Rm(_) | Self::Cp(_) | Self::Mv(_) | Self::Ingest(_) => true,
            Self::Clock(verb) => matches!(verb, Clock::Advance { .. }),
            Self::Explain(_)
            | Self::Get(_)
            | Self::Ls(_)
            | Self::Cat(_)
            | Self::Stat(_)
            | Self::Fsck(_)
            | Self::Audit(_)
            // It does all of it already.
            | Self::Maintenance(_) => false,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Makes an installation for trying things.
    #[arg(long)]
    pub(crate) dev: bool,

    /// Where the root key is: `file:PATH` (made if it is not there), `fd:NUMBER`,
    /// `credential:NAME` or `env:VARIABLE`. By default a new file beside the data folder.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) root_key: Option<RootKeySource>,

    /// Where the heads of the audit chains are written. By default a file beside the data folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) audit_heads: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Relocate {
    /// Where the root key is now, as for `init`. By default where installation.json says.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) root_key: Option<RootKeySource>,

    /// Where the heads of the audit chains are now: copy the file there first. By default where they were.
    #[arg(long, value_name = "FILE")]
    pub(crate) audit_heads: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Put {
    /// Files and folders to store; `-` is standard input.
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<OsString>,

    /// Where to: `RESOURCE`, `RESOURCE/FOLDER/` or, for one file, `RESOURCE/PATH`.
    #[arg(value_name = "DESTINATION")]
    pub(crate) destination: Address,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    /// What to take out: `RESOURCE` or `RESOURCE/PATH`, a file or a folder.
    #[arg(value_name = "SOURCE")]
    pub(crate) source: Address,

    /// Where to: a file or a folder; `-` is standard output.
    #[arg(value_name = "DESTINATION")]
    pub(crate) destination: PathBuf,

    /// Replaces files that are there.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Ls {
    /// `RESOURCE` or `RESOURCE/FOLDER`.
    pub(crate) place: Address,

    /// Lists folders with all that is below them.
    #[arg(short, long)]
    pub(crate) recursive: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Rm {
    /// `RESOURCE/PATH`.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<Address>,

    /// Removes folders with all that is below them.
    #[arg(short, long)]
    pub(crate) recursive: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Cat {
    /// `RESOURCE/PATH`.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<Address>,
}

#[derive(Debug, Args)]
pub(crate) struct Stat {
    /// `RESOURCE/PATH`.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<Address>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Shows the newest records.
    Show(AuditShow),
    /// Verifies the chain, and with the heads outside the data folder also its end.
    Verify,
    /// Writes all records to standard output, one JSON value a line.
    Export,
}

#[derive(Debug, Args)]
pub(crate) struct AuditShow {
    /// How many records to show.
    #[arg(long, short = 'n', default_value_t = 20, value_name = "COUNT")]
    pub(crate) last: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Maintenance {
    /// Ends retentions that are over, rotates keys that are due, completes or undoes changes that were cut
    /// off, and lets resources go over to newer versions of keys that they follow. A verb that changes
    /// something does 20 such things after it, or 200 ms of them; a service does all of them now and then.
    Run,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Clock {
    /// Shows what the installation takes for the time.
    Show,
    /// Sets it forward, for good: on data folders made with `init --dev` alone.
    Advance {
        /// By how much: 90s, 15min, 48h or 7d.
        #[arg(value_parser = duration)]
        by: Duration,
    },
}

fn duration(text: &str) -> Result<Duration, InvalidDuration> {
    // A day is 24 hours: no calendar is meant.
    let day = jiff::SpanRelativeTo::days_are_24_hours();
    let span: jiff::Span = text.parse().map_err(|_| InvalidDuration)?;
    let duration = span.to_duration(day).map_err(|_| InvalidDuration)?;
    duration.try_into().map_err(|_| InvalidDuration)
}

#[derive(Debug, thiserror::Error)]
#[error("give a time from now on, as 90s, 15min, 48h or 7d")]
struct InvalidDuration;

#[derive(Debug, Args)]
pub(crate) struct Tour {
    /// The folder to put through it; what git ignores is left out.
    #[arg(default_value = ".")]
    pub(crate) folder: PathBuf,

    /// Keeps the data folder that the tour makes.
    #[arg(long)]
    pub(crate) keep: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_duration_is_read_as_people_write_it() {
        let seconds = |text: &str| duration(text).unwrap().as_secs();
        assert_eq!(seconds("48h"), 48 * 3_600);
        assert_eq!(seconds("7d"), 7 * 86_400);
        assert!(duration("soon").is_err());
        assert!(duration("-1h").is_err());
    }
}
