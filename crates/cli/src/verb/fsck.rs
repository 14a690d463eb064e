//! `strongroom fsck`.

use futures::TryStreamExt as _;
use serde_json::json;
use strongroom::{Checked, Depth};
use strongroom_base::Outcome as _;

use crate::args::Fsck;
use crate::failure::{Failure, chain};
use crate::object_path::{decode, display};
use crate::output::{BAD, Output, bytes};
use crate::session::Session;

pub(crate) async fn run(session: &Session, args: Fsck, output: &Output) -> Result<(), Failure> {
    let depth = if args.deep {
        Depth::EveryByte
    } else {
        Depth::Structure
    };
    let (mut checked, mut damaged, mut opened) = (0_u64, 0_u64, 0_u64);
    for place in &args.places {
        let resource = session.resource(&place.resource).await?;
        let store = resource.encrypted_store().await?;
        let prefix = place.as_folder()?;
        let bar = output.counter("checked");
        let mut objects = store.check(Some(&prefix), depth);
        while let Some(one) = objects.try_next().await? {
            checked += 1;
            opened += one.opened;
            bar.inc(1);
            if one.damage.is_some() {
                damaged += 1;
                bar.suspend(|| tell(&place.resource.to_string(), &one, output))?;
            }
        }
        bar.finish_and_clear();
    }
    let summary =
        json!({ "checked": checked, "damaged": damaged, "bytes": opened, "deep": args.deep });
    output.answer(&summary, || {
        let how = if args.deep { "every byte" } else { "structure" };
        format!(
            "{checked} checked ({how}, {} opened), {damaged} damaged",
            bytes(opened)
        )
    })?;
    match damaged {
        0 => Ok(()),
        _ => Err(Failure::FoundDamage(damaged)),
    }
}

/// One line for each damaged object.
fn tell(resource: &str, checked: &Checked, output: &Output) -> Result<(), Failure> {
    let Some(damage) = &checked.damage else {
        return Ok(());
    };
    let path = match decode(&checked.location) {
        Ok((path, _)) => display(&path).to_string(),
        Err(_) => display(checked.location.as_ref().as_bytes()).to_string(),
    };
    let why = chain(damage).join(": ");
    let line = json!({
        "resource": resource,
        "path": path,
        "location": checked.location.as_ref(),
        "code": damage.code(),
        "message": why,
    });
    output.answer(&line, || {
        format!(
            "{BAD}damaged{BAD:#} [{}] {resource}/{path}: {why}",
            damage.code()
        )
    })
}
