//! `strongroom fsck`.

use futures::StreamExt as _;
use serde_json::json;
use strongroom::{Checked, Depth};
use strongroom_base::Outcome as _;

use crate::address::Address;
use crate::args::Fsck;
use crate::failure::{Failure, chain};
use crate::object_path::{decode, display};
use crate::output::{BAD, Output, bytes};
use crate::session::Session;
use crate::several::Several;

pub(crate) async fn run(session: &Session, args: Fsck, output: &Output) -> Result<(), Failure> {
    let depth = if args.deep {
        Depth::EveryByte
    } else {
        Depth::Structure
    };
    let mut several = Several::new(output);
    let mut sum = Sum::default();
    for place in &args.places {
        let checked = check(session, place, depth, &mut sum, &mut several, output);
        if let Err(failure) = checked.await {
            several.note(failure)?;
        }
    }
    let Sum {
        checked,
        damaged,
        opened,
    } = sum;
    if checked > 0 || several.is_empty() {
        let summary =
            json!({ "checked": checked, "damaged": damaged, "bytes": opened, "deep": args.deep });
        output.answer(&summary, || {
            let how = if args.deep { "every byte" } else { "structure" };
            format!(
                "{checked} checked ({how}, {} opened), {damaged} damaged",
                bytes(opened)
            )
        })?;
    }
    if damaged > 0 {
        several.note(Failure::FoundDamage(damaged))?;
    }
    several.end()
}

#[derive(Default)]
struct Sum {
    checked: u64,
    damaged: u64,
    opened: u64,
}

/// Checks the object at a place, and all that is below it. What cannot be looked at is named, and the rest is
/// checked.
async fn check(
    session: &Session,
    place: &Address,
    depth: Depth,
    sum: &mut Sum,
    several: &mut Several<'_>,
    output: &Output,
) -> Result<(), Failure> {
    let resource = session.resource(&place.resource).await?;
    let store = resource.encrypted_store().await?;
    let resource = place.resource.to_string();
    let before = (sum.checked, several.count());
    if !place.path.is_empty() {
        // As everywhere: where a file and a link have one path, it is the file's.
        for kind in place.kinds() {
            let location = place.join(b"", *kind)?;
            if let Some(one) = store.check_object(location, depth).await? {
                sum.add(&resource, &one, output)?;
                break;
            }
        }
    }
    if !place.link {
        let prefix = place.as_folder()?;
        let bar = output.counter("checked");
        let mut objects = store.check(Some(&prefix), depth);
        while let Some(one) = objects.next().await {
            bar.inc(1);
            bar.suspend(|| match one {
                Ok(one) => sum.add(&resource, &one, output),
                Err(error) => several.note(error.into()),
            })?;
        }
        bar.finish_and_clear();
    }
    if (sum.checked, several.count()) == before && !place.path.is_empty() {
        return Err(Failure::NotFound(place.shown()));
    }
    Ok(())
}

impl Sum {
    fn add(&mut self, resource: &str, one: &Checked, output: &Output) -> Result<(), Failure> {
        self.checked += 1;
        self.opened += one.opened;
        self.damaged += u64::from(one.damage.is_some());
        tell(resource, one, output)
    }
}

/// One line for each damaged object.
fn tell(resource: &str, checked: &Checked, output: &Output) -> Result<(), Failure> {
    let Some(damage) = &checked.damage else {
        return Ok(());
    };
    let (path, _) = decode(&checked.location);
    let path = display(&path).to_string();
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
