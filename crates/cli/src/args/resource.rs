//! What can be asked of resources.

use clap::{Args, Subcommand, ValueEnum};
use strongroom::{BindingMode, ResourceChange, Tier, WrapAlgorithm};
use strongroom_base::ResourceName;

#[derive(Debug, Subcommand)]
pub(crate) enum Resource {
    /// Creates a resource under a key that the service makes for it alone.
    Create(ResourceCreate),
    /// Shows a resource.
    Show(ResourceNamed),
    /// Lists the resources, deleted ones too.
    List,
    /// Changes a resource's pricing tier.
    Update(ResourceUpdate),
    /// Makes or gives up a resource's managed identity.
    #[command(subcommand)]
    Identity(Identity),
    /// Shows and changes the key that a resource is encrypted under.
    #[command(subcommand)]
    Encryption(Encryption),
    /// Moves a resource to another group, of the same or another tenant: its identity stays behind in
    /// the old one (R13).
    Move(ResourceMove),
    /// Deletes a resource: its data is out of reach until it is recovered.
    Delete(ResourceNamed),
    /// Recovers a deleted resource.
    Recover(ResourceNamed),
    /// Destroys a deleted resource for good, its keys first.
    Purge(ResourceNamed),
    /// Gives out a resource's keys in clear, for trying the format with other programs; only on an
    /// installation that was made with `init --dev`.
    ExportKey(ResourceNamed),
}

#[derive(Debug, Args)]
pub(crate) struct ResourceCreate {
    /// Its name, unique in its group.
    pub(crate) name: ResourceName,

    /// Its region; by default the installation's first.
    #[arg(long, value_name = "REGION")]
    pub(crate) location: Option<String>,

    /// Its pricing tier: E0, F0, S or S0.
    #[arg(long, default_value_t = Tier::default())]
    pub(crate) tier: Tier,

    /// What its objects are bound to, for good.
    #[arg(long, value_enum, default_value_t = Binding::Location)]
    pub(crate) binding: Binding,

    /// A customer's key. It is never taken at creation (R8): set it on the resource once it is there.
    #[arg(long, value_name = "URI")]
    pub(crate) key: Option<String>,
}

/// What objects are bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Binding {
    /// Their place: whoever writes the bucket can neither move nor swap them.
    Location,
    /// Their resource: the store copies and renames them without opening them.
    Resource,
}

impl From<Binding> for BindingMode {
    fn from(binding: Binding) -> Self {
        match binding {
            Binding::Location => Self::Location,
            Binding::Resource => Self::Resource,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ResourceNamed {
    /// The resource's name, or its uid.
    pub(crate) name: ResourceName,
}

#[derive(Debug, Args)]
pub(crate) struct ResourceMove {
    /// The resource's name, or its uid.
    pub(crate) name: ResourceName,

    #[command(flatten)]
    pub(crate) destination: Destination,
}

/// Where something is moved to.
#[derive(Debug, Args)]
pub(crate) struct Destination {
    /// The group to move it to, by name or uid.
    #[arg(long, value_name = "GROUP")]
    pub(crate) destination_group: String,

    /// The subscription of that group, by name or id.
    #[arg(long, value_name = "SUBSCRIPTION")]
    pub(crate) destination_subscription: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ResourceUpdate {
    /// The resource's name, or its uid.
    pub(crate) name: ResourceName,

    /// The pricing tier: E0, F0, S or S0.
    #[arg(long)]
    pub(crate) tier: Tier,
}

impl Resource {
    pub(crate) fn changes(&self) -> bool {
        !matches!(
            self,
            Self::Show(_)
                | Self::List
                | Self::Identity(Identity::Show(_))
                | Self::Encryption(Encryption::Show(_))
                | Self::ExportKey(_)
        )
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Identity {
    /// Shows the managed identity.
    Show(ResourceNamed),
    /// Makes a managed identity: each time a new principal (R12).
    Enable(ResourceNamed),
    /// Gives the managed identity up: what a customer's key wraps is then out of reach (R12).
    Disable(ResourceNamed),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Encryption {
    /// Shows the key, and what is to be mended before its next change.
    Show(ResourceNamed),
    /// Goes over to a customer's key, to another version of it, or to another key.
    Set(EncryptionSet),
    /// Goes back to a key that the service makes and keeps.
    Reset(ResourceNamed),
    /// Begins another generation for later writes, under the same key.
    Rekey(ResourceNamed),
}

#[derive(Debug, Args)]
pub(crate) struct EncryptionSet {
    /// The resource's name, or its uid.
    pub(crate) name: ResourceName,

    /// The key version: `https://VAULT.vault.localhost/keys/KEY/VERSION`.
    #[arg(long, value_name = "URI")]
    pub(crate) key: String,

    /// How the key wraps.
    #[arg(long, value_enum, default_value_t = Algorithm::RsaOaep256)]
    pub(crate) algorithm: Algorithm,
}

/// How a key wraps, by its JWA name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Algorithm {
    /// RSA-OAEP with SHA-256.
    #[value(name = "RSA-OAEP-256")]
    RsaOaep256,
    /// RSA-OAEP with SHA-1, for keys that know no better.
    #[value(name = "RSA-OAEP")]
    RsaOaep,
}

impl From<Algorithm> for WrapAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::RsaOaep256 => Self::RsaOaep256,
            Algorithm::RsaOaep => Self::RsaOaep,
        }
    }
}

impl EncryptionSet {
    pub(crate) fn change(self) -> (ResourceName, ResourceChange) {
        let Self {
            name,
            key,
            algorithm,
        } = self;
        let algorithm = algorithm.into();
        (name, ResourceChange::SetKey { key, algorithm })
    }
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Tries the key as well.
    #[arg(long, global = true)]
    pub(crate) probe: bool,

    #[command(subcommand)]
    pub(crate) what: ExplainWhat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExplainWhat {
    /// Whether the data can be used.
    Use(ResourceNamed),
    /// `resource update NAME --tier TIER`.
    Update(ResourceUpdate),
    /// `resource identity enable NAME`.
    IdentityEnable(ResourceNamed),
    /// `resource identity disable NAME`.
    IdentityDisable(ResourceNamed),
    /// `resource encryption set NAME --key URI`.
    Set(EncryptionSet),
    /// `resource encryption reset NAME`.
    Reset(ResourceNamed),
    /// `resource encryption rekey NAME`.
    Rekey(ResourceNamed),
    /// `resource move NAME --destination-group GROUP`.
    Move(ResourceMove),
    /// `resource delete NAME`.
    Delete(ResourceNamed),
    /// `resource recover NAME`.
    Recover(ResourceNamed),
    /// `resource purge NAME`.
    Purge(ResourceNamed),
}
