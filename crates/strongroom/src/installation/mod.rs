//! An installation: one data folder, and what is kept outside it.
//!
//! ```text
//! DATA/installation.json   what the installation is, and where its root key and audit heads are
//! DATA/ledger.db           states, indexes, audit
//! DATA/service-keys.db     service-managed keys, sealed under the root key
//! DATA/vault-keys.db        private halves of the keys in its own vaults, sealed under the root key
//! DATA/objects/            sealed objects
//! DATA.keep/root.key       the root key (0600)
//! DATA.keep/audit-heads    where the audit chains stood, so that a cut tail is found (R18)
//! ```

mod begun;
mod init;
mod open;
mod relocate;
mod root_key;
mod settings;
mod settled;

pub use self::init::InitOptions;
pub(crate) use self::init::init;
#[cfg(feature = "fault-injection")]
pub use self::open::Faults;
pub(crate) use self::open::Opened;
pub use self::open::Options;
pub(crate) use self::open::open;
pub use self::relocate::Relocation;
pub(crate) use self::relocate::relocate;
pub use self::root_key::{RootKeySource, UnknownRootKeySource};
pub use self::settings::InstallationView;
