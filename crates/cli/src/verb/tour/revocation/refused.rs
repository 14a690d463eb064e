//! Once access is taken away, every operation is refused with the way's own code, nothing goes round it,
//! and the resource says so (R17).

use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use strongroom::{Inaccessible, ResourceChange, ResourceState};
use strongroom_base::Outcome as _;

use super::scene::Scene;

/// What was done all the same, or refused with another code; nothing, as it must be.
pub(super) async fn exceptions(scene: &Scene) -> Vec<String> {
    let store = &*scene.store;
    let (small, other) = (Scene::small(), Path::from("other"));
    let operations = [
        ("get", store.get(&small).await.map(drop)),
        ("head", store.head(&small).await.map(drop)),
        (
            "list",
            store.list(None).try_for_each(async |_| Ok(())).await,
        ),
        ("put", store.put(&other, "text".into()).await.map(drop)),
        ("multipart", multipart(store, &other).await),
        ("copy", store.copy(&small, &other).await),
        ("rename", store.rename(&small, &other).await),
        ("delete", store.delete(&small).await),
    ];
    let wanted = scene.way.code();
    let mut exceptions: Vec<String> = operations
        .into_iter()
        .filter_map(|(operation, answer)| {
            unlike(wanted, operation, answer.map_err(strongroom::Error::from))
        })
        .collect();
    // Back to a key of the service's own takes an unwrap by the customer's: nobody else lifts this.
    let round = Box::pin(scene.resource.change(ResourceChange::ResetKey)).await;
    exceptions.extend(unlike(wanted, "encryption reset", round.map(drop)));
    exceptions.extend(match scene.resource.show().await.map(|view| view.state) {
        Ok(ResourceState::Inaccessible(Inaccessible { reason, .. })) if reason.code() == wanted => {
            None
        }
        Ok(state) => Some(format!("its state is {state:?}")),
        Err(error) => Some(format!("its state said {}", error.code())),
    });
    exceptions
}

/// What is wrong with an answer, unless it is a refusal by that code.
fn unlike(wanted: &str, what: &str, answer: Result<(), strongroom::Error>) -> Option<String> {
    match answer {
        Ok(()) => Some(format!("{what} was done")),
        Err(error) => {
            let code = error.code();
            (code != wanted).then(|| format!("{what} said {code}"))
        }
    }
}

async fn multipart(store: &dyn ObjectStore, path: &Path) -> object_store::Result<()> {
    let mut upload = store.put_multipart(path).await?;
    upload.put_part("text".into()).await?;
    upload.complete().await.map(drop)
}
