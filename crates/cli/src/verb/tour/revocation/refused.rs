//! Once access is taken away, every operation is refused with the way's own code (R17).

use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, Result};
use strongroom_base::Outcome as _;

use super::scene::Scene;

/// The operations that were done all the same, or refused with another code; none, as it must be.
pub(super) async fn exceptions(scene: &Scene) -> Vec<String> {
    let store = &*scene.store;
    let (small, other) = (Scene::small(), Path::from("other"));
    let all = [
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
    all.into_iter()
        .filter_map(|(operation, answer)| match answer {
            Ok(()) => Some(format!("{operation} was done")),
            Err(error) => {
                let code = strongroom::Error::from(error).code();
                (code != wanted).then(|| format!("{operation} said {code}"))
            }
        })
        .collect()
}

async fn multipart(store: &dyn ObjectStore, path: &Path) -> Result<()> {
    let mut upload = store.put_multipart(path).await?;
    upload.put_part("text".into()).await?;
    upload.complete().await.map(drop)
}
