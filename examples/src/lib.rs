//! A notebook: a small application over `object_store`. It has never heard of keys, and nothing in this file
//! would change if its data were encrypted.
#![forbid(unsafe_code)]

use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, Result};

/// Notes by day, one object each.
#[derive(Debug)]
pub struct Notebook<'a> {
    store: &'a dyn ObjectStore,
}

impl<'a> Notebook<'a> {
    /// The notes that lie in `store`.
    #[must_use]
    pub fn new(store: &'a dyn ObjectStore) -> Self {
        Self { store }
    }

    /// Writes a note. The first note of its name stays.
    ///
    /// # Errors
    /// As the store.
    pub async fn write(&self, day: &str, name: &str, text: &str) -> Result<()> {
        let place = Path::from(day).join(name);
        let once = PutOptions::from(PutMode::Create);
        let payload = text.to_owned().into();
        self.store.put_opts(&place, payload, once).await?;
        Ok(())
    }

    /// The notes of a day, by name, with their lengths.
    ///
    /// # Errors
    /// As the store.
    pub async fn of_day(&self, day: &str) -> Result<Vec<(String, u64)>> {
        let mut notes: Vec<_> = self
            .store
            .list(Some(&Path::from(day)))
            .map_ok(|note| {
                let name = note.location.filename().unwrap_or_default();
                (name.to_owned(), note.size)
            })
            .try_collect()
            .await?;
        notes.sort();
        Ok(notes)
    }

    /// The first line of a note, without reading the rest.
    ///
    /// # Errors
    /// As the store.
    pub async fn first_line(&self, day: &str, name: &str) -> Result<String> {
        let beginning = self
            .store
            .get_range(&Path::from(day).join(name), 0..200)
            .await?;
        let text = String::from_utf8_lossy(&beginning);
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }

    /// Moves a note to another day.
    ///
    /// # Errors
    /// As the store.
    pub async fn put_off(&self, from: &str, to: &str, name: &str) -> Result<()> {
        let (from, to) = (Path::from(from).join(name), Path::from(to).join(name));
        self.store.rename(&from, &to).await
    }
}
