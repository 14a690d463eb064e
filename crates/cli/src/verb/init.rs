//! `strongroom init`, and `strongroom relocate`.

use std::path::PathBuf;

use serde_json::{Value, json};
use strongroom::{InitOptions, InstallationView, Relocation, Strongroom};

use crate::args::{Init, Relocate};
use crate::failure::Failure;
use crate::object_path::display_file;
use crate::output::{HEADING, Output};
use crate::session::{data_folder, options};

/// An installation as programs read it.
fn wire(view: &InstallationView) -> Value {
    json!({
        "data": view.data.to_string_lossy(),
        "id": view.id.to_string(),
        "dev": view.dev,
        "rootKey": view.root_key,
        "rootKeyId": view.root_key_id,
        "auditHeads": view.audit_heads.to_string_lossy(),
        "region": view.region.as_str(),
        "tenant": view.tenant.to_string(),
        "subscription": view.subscription.to_string(),
        "group": view.group.to_string(),
        "administrator": view.administrator.to_string(),
    })
}

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
    let view = Strongroom::init(data_folder(data)?, init, &options(None)).await?;
    tell(&view, "A new installation in", output)?;
    output.remark(
        "\nKeep a copy of the root key in a safe place, away from the data: without it nothing here \
         can be opened again.",
    );
    Ok(())
}

/// `strongroom relocate`.
pub(crate) async fn relocate(
    data: Option<PathBuf>,
    args: Relocate,
    output: &Output,
) -> Result<(), Failure> {
    let Relocate {
        root_key,
        audit_heads,
    } = args;
    let relocation = Relocation {
        root_key,
        audit_heads,
    };
    let view = Strongroom::relocate(data_folder(data)?, relocation, &options(None)).await?;
    tell(&view, "The installation in", output)
}

fn tell(view: &InstallationView, heading: &str, output: &Output) -> Result<(), Failure> {
    output.answer(&wire(view), || {
        format!(
            "{HEADING}{heading} {}{HEADING:#}\n\
             root key       {}\n\
             audit heads    {}\n\
             tenant         {}\n\
             subscription   {}\n\
             group          {}, region {}\n\
             administrator  {}",
            display_file(&view.data),
            view.root_key,
            display_file(&view.audit_heads),
            view.tenant,
            view.subscription,
            view.group,
            view.region,
            view.administrator,
        )
    })
}
