//! `strongroom init`.

use std::path::PathBuf;

use strongroom::{InitOptions, Strongroom};

use crate::args::Init;
use crate::failure::Failure;
use crate::output::{HEADING, Output};
use crate::session::{data_folder, options};

pub(crate) async fn run(data: Option<PathBuf>, args: Init, output: &Output) -> Result<(), Failure> {
    let Init {
        dev,
        root_key,
        audit_heads,
    } = args;
    let init = InitOptions {
        dev,
        root_key,
        audit_heads,
    };
    let view = Strongroom::init(data_folder(data)?, init, &options()).await?;
    output.answer(&view, || {
        format!(
            "{HEADING}A new installation in {}{HEADING:#}\n\
             root key       {}\n\
             audit heads    {}\n\
             tenant         {}\n\
             subscription   {}\n\
             group          {}, region {}\n\
             administrator  {}",
            view.data.display(),
            view.root_key,
            view.audit_heads.display(),
            view.tenant,
            view.subscription,
            view.group,
            view.region,
            view.administrator,
        )
    })?;
    output.remark(
        "\nKeep a copy of the root key in a safe place, away from the data: without it nothing here \
         can be opened again.",
    );
    Ok(())
}
