//! Attributes go with every copy and rename; a conditional copy that would lose them is refused.

use std::sync::Arc;

use async_trait::async_trait;
use futures::TryStreamExt as _;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, CopyMode, CopyOptions, Error, ObjectStore, ObjectStoreExt as _, PutMode,
    PutOptions, Result,
};
use strongroom::BindingMode;

use crate::bent::{Bend, Bent};
use crate::fresh::Fresh;

/// Conditional copies have these attributes, whatever their source has: as S3's, which are uploads.
#[derive(Debug)]
struct Upload(Attributes);

#[async_trait]
impl Bend for Upload {
    async fn copy(
        &self,
        inner: &InMemory,
        from: &Path,
        to: &Path,
        options: CopyOptions,
    ) -> Result<()> {
        if options.mode == CopyMode::Overwrite {
            return inner.copy_opts(from, to, options).await;
        }
        let bytes = inner.get(from).await?.bytes().await?;
        let options = PutOptions {
            attributes: self.0.clone(),
            ..PutMode::Create.into()
        };
        inner.put_opts(to, bytes.into(), options).await.map(drop)
    }
}

fn typed(content_type: &'static str) -> Attributes {
    Attributes::from_iter([(Attribute::ContentType, content_type)])
}

/// Whether an object with these attributes is copied on condition, by a store that keeps attributes or
/// gives a copy others.
async fn copies(store: Arc<dyn ObjectStore>, attributes: Attributes) -> bool {
    let fresh = Fresh::new(BindingMode::Resource, Some(store.clone())).await;
    let (from, to) = (Path::from("from"), Path::from("to"));
    let put = fresh
        .store
        .put_opts(&from, "text".into(), attributes.clone().into());
    put.await.unwrap();
    let copied = match fresh.store.copy_if_not_exists(&from, &to).await {
        Ok(()) => {
            let copy = fresh.store.get(&to).await.unwrap();
            assert_eq!(copy.attributes, attributes);
            assert_eq!(copy.bytes().await.unwrap(), "text");
            true
        }
        Err(error) => {
            assert!(matches!(error, Error::NotImplemented { .. }), "{error:?}");
            fresh.store.head(&to).await.unwrap_err();
            false
        }
    };
    // Nothing is left of what was tried, and an overwriting copy needs no trial.
    let left: Vec<_> = store.list(None).try_collect().await.unwrap();
    assert_eq!(left.len(), 1 + usize::from(copied), "{left:?}");
    fresh.store.copy(&from, &to).await.unwrap();
    assert_eq!(fresh.store.head(&to).await.unwrap().size, 4);
    fresh.room.close().await.unwrap();
    copied
}

#[tokio::test]
async fn a_conditional_copy_that_would_lose_attributes_is_refused() {
    let upload = |with| Arc::new(Bent::new(Upload(with)));
    assert!(copies(Arc::new(InMemory::new()), typed("text/plain")).await);
    let none = Attributes::new;
    assert!(!copies(upload(none()), typed("text/plain")).await);
    assert!(copies(upload(none()), none()).await);
    // What every copy has anyway is not lost.
    assert!(copies(upload(typed("a/b")), typed("a/b")).await);
    assert!(!copies(upload(typed("a/b")), typed("c/d")).await);
}

#[tokio::test]
async fn attributes_go_with_copies_and_renames() {
    for binding in [BindingMode::Location, BindingMode::Resource] {
        let fresh = Fresh::new(binding, Some(Arc::new(InMemory::new()))).await;
        let [from, copy, moved] = ["from", "copy", "moved"].map(Path::from);
        let attributes = typed("text/plain");
        let put = fresh
            .store
            .put_opts(&from, "text".into(), attributes.clone().into());
        put.await.unwrap();
        fresh.store.copy(&from, &copy).await.unwrap();
        fresh.store.rename(&from, &moved).await.unwrap();
        for path in [copy, moved] {
            let found = fresh.store.get(&path).await.unwrap();
            assert_eq!(found.attributes, attributes, "{path} {binding:?}");
        }
        fresh.room.close().await.unwrap();
    }
}
