//! `strongroom stat`.

use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};

use super::ls::{Line, listing};
use crate::address::Address;
use crate::args::Stat;
use crate::failure::Failure;
use crate::object_path::{ObjectKind, display};
use crate::output::Output;
use crate::session::Session;

pub(crate) async fn run(session: &Session, args: Stat, output: &Output) -> Result<(), Failure> {
    let mut lines = Vec::with_capacity(args.paths.len());
    for address in &args.paths {
        let store = session.store(&address.resource).await?;
        lines.push(Line::object(&find(&*store, address).await?));
    }
    if output.is_json() {
        return lines
            .iter()
            .try_for_each(|line| output.json_line(&line.json()));
    }
    output.line(&listing(&lines))
}

/// The object at an address, be it a file or a link.
pub(crate) async fn find(
    store: &dyn ObjectStore,
    address: &Address,
) -> Result<ObjectMeta, Failure> {
    if address.path.is_empty() {
        return Err(Failure::NoPath(address.resource.to_string()));
    }
    for kind in [ObjectKind::File, ObjectKind::Link] {
        match store.head(&address.join(b"", kind)?).await {
            Ok(meta) => return Ok(meta),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let shown = format!("{}/{}", address.resource, display(&address.path));
    Err(Failure::NotFound(shown))
}
