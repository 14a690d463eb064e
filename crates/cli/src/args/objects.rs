//! What can be asked of objects beyond putting and getting them.

use clap::Args;

use crate::address::Address;

#[derive(Debug, Args)]
pub(crate) struct Fsck {
    /// `RESOURCE` or `RESOURCE/FOLDER`.
    #[arg(required = true, value_name = "PLACE")]
    pub(crate) places: Vec<Address>,

    /// Reads every byte of every object; otherwise its size, its header and its two ends.
    #[arg(long)]
    pub(crate) deep: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// What to copy: `RESOURCE/PATH`, a file or a folder.
    #[arg(value_name = "SOURCE")]
    pub(crate) source: Address,

    /// Where to: `RESOURCE`, `RESOURCE/FOLDER/` or `RESOURCE/PATH`.
    #[arg(value_name = "DESTINATION")]
    pub(crate) destination: Address,

    /// Copies folders with all that is below them.
    #[arg(short, long)]
    pub(crate) recursive: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Move {
    /// What to move: `RESOURCE/PATH`, a file or a folder.
    #[arg(value_name = "SOURCE")]
    pub(crate) source: Address,

    /// Where to: `RESOURCE`, `RESOURCE/FOLDER/` or `RESOURCE/PATH`.
    #[arg(value_name = "DESTINATION")]
    pub(crate) destination: Address,
}

#[derive(Debug, Args)]
pub(crate) struct Ingest {
    /// Plain data that is there: a folder, or a URL such as `s3://BUCKET/PREFIX`, `az://CONTAINER/PREFIX`,
    /// `gs://BUCKET/PREFIX` or `file:///FOLDER`. The environment has the credentials, as each cloud's own
    /// tools take them.
    #[arg(value_name = "URL")]
    pub(crate) source: String,

    /// Where to: `RESOURCE` or `RESOURCE/FOLDER`.
    #[arg(value_name = "DESTINATION")]
    pub(crate) destination: Address,

    /// Replaces objects that are there and differ.
    #[arg(long)]
    pub(crate) force: bool,

    /// Removes each object from the source once it has been read back from the resource and compared.
    #[arg(long)]
    pub(crate) remove_source: bool,
}
