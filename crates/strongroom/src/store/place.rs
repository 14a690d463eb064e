//! Where a resource's objects lie in the inner store.

use object_store::path::{Path, PathPart};
use object_store::{Error as StoreError, ObjectMeta, Result};
use strongroom_base::ResourceUid;
use strongroom_crypto::object::{Binding, BindingMode, plain_len};

use super::error::{at, damaged, localized, named, path_of, unusable};
use crate::Error;

/// The prefixes of one resource: `r/UID/o` holds its objects, `r/UID/s` what is being staged.
///
/// They use the uid, never a name: a resource keeps them when it is moved or renamed, and another
/// that takes its name never finds them.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    all: Path,
    objects: Path,
    staging: Path,
    mode: BindingMode,
}

impl Place {
    pub(crate) fn new(uid: ResourceUid, mode: BindingMode) -> Self {
        let all: Path = [PathPart::from("r"), PathPart::from(uid.to_string())]
            .into_iter()
            .collect();
        Self {
            objects: all.clone().join("o"),
            staging: all.clone().join("s"),
            all,
            mode,
        }
    }

    /// The prefix of everything the resource has in the store.
    pub(crate) fn all(&self) -> &Path {
        &self.all
    }

    /// The prefix of what is being staged.
    pub(crate) fn staging(&self) -> &Path {
        &self.staging
    }

    pub(super) fn mode(&self) -> BindingMode {
        self.mode
    }

    /// Where the object that the caller calls `location` is stored.
    pub(super) fn stored(&self, location: &Path) -> Path {
        self.objects.parts().chain(location.parts()).collect()
    }

    /// A place that no listing shows.
    pub(super) fn staged(&self, name: &str) -> Path {
        self.staging.clone().join(name)
    }

    /// What the caller calls a stored object.
    pub(super) fn location(&self, stored: &Path) -> Path {
        let below = stored.as_ref().strip_prefix(self.objects.as_ref());
        let below = below.filter(|below| below.is_empty() || below.starts_with('/'));
        // What is not below was not asked for; it is named as it is.
        below
            .and_then(|below| Path::parse(below).ok())
            .unwrap_or_else(|| stored.clone())
    }

    /// The inner store's error about a stored object, naming what the caller calls it.
    pub(super) fn relocated(&self, error: StoreError) -> StoreError {
        let Some(path) = path_of(&error) else {
            return error;
        };
        // A local store names a file: what is below the prefix is the same in both.
        let below = path
            .split_once(self.objects.as_ref())
            .map_or("", |(_, below)| below);
        let location = Path::parse(below).unwrap_or_default();
        localized(error, &location)
    }

    /// An error that came in the place of an entry of a listing below `prefix`. What lies there and is no
    /// object is an object that cannot be used; what ends the listing is said of the prefix.
    pub(super) fn unlisted(&self, error: StoreError, prefix: &Path) -> StoreError {
        match Error::from(self.relocated(error)) {
            Error::Folder(error) if error.path != prefix.as_ref() => {
                let location = error.path.clone();
                unusable(location, Error::Folder(error))
            }
            error => at(error, prefix),
        }
    }

    /// What an object at `location` is bound to.
    pub(super) fn binding<'a>(&self, location: &'a Path) -> Binding<'a> {
        binding(self.mode, location)
    }

    /// The caller's view of a stored object. Its size follows from the stored size alone; an impossible
    /// one is an error that names the object.
    pub(super) fn meta(&self, stored: ObjectMeta) -> Result<ObjectMeta> {
        // Every field is named: one that is added upstream must be thought about here.
        let ObjectMeta {
            location,
            last_modified,
            size,
            e_tag,
            version,
        } = stored;
        let location = self.location(&location);
        let size = plain_len(size).map_err(|error| named(damaged(error.into()), &location))?;
        Ok(ObjectMeta {
            location,
            last_modified,
            size,
            e_tag,
            version,
        })
    }
}

/// What an object at `location` is bound to in a resource of this mode.
pub(super) fn binding(mode: BindingMode, location: &Path) -> Binding<'_> {
    match mode {
        BindingMode::Location => Binding::Location(location.as_ref().as_bytes()),
        BindingMode::Resource => Binding::Resource,
    }
}
