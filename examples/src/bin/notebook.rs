//! The notebook, in clear or sealed: which of them is all that this file says.
//!
//! ```console
//! $ cargo run -p strongroom-examples --bin notebook -- plain ./notes
//! $ cargo run -p strongroom-examples --bin notebook -- sealed ./notes
//! ```
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program that people read")]

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use strongroom::{InitOptions, NewResource, Options, Strongroom};
use strongroom_examples::Notebook;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [how, folder] = arguments.as_slice() else {
        bail!("usage: notebook plain|sealed FOLDER");
    };
    match how.as_str() {
        "plain" => {
            std::fs::create_dir_all(folder)?;
            keep_notes(&LocalFileSystem::new_with_prefix(folder)?).await
        }
        "sealed" => {
            let (room, store) = sealed(Path::new(folder)).await?;
            keep_notes(&*store).await?;
            Ok(room.close().await?)
        }
        other => bail!("`{other}` is neither plain nor sealed"),
    }
}

/// A store whose every byte at rest is sealed, under a key that was made for it.
async fn sealed(data: &Path) -> Result<(Strongroom, Arc<dyn ObjectStore>)> {
    let options = Options::new(strongroom::aws_lc_rs::PROVIDER);
    let view = Strongroom::init(data, InitOptions::default(), &options).await?;
    let room = Strongroom::open(data, &options).await?;
    let name = "notes".parse().context("a name")?;
    let notes = room
        .create_resource(NewResource::new(name, view.region))
        .await?;
    let store = notes.store().await?;
    Ok((room, store))
}

/// What the application does, whatever it stands on.
async fn keep_notes(store: &dyn ObjectStore) -> Result<()> {
    let notes = Notebook::new(store);
    notes
        .write(
            "monday",
            "market",
            "Buy apples\nand pears, if there are any\n",
        )
        .await?;
    notes
        .write("monday", "letter", "Answer the letter\n")
        .await?;
    notes.put_off("monday", "tuesday", "letter").await?;
    for day in ["monday", "tuesday"] {
        for (name, length) in notes.of_day(day).await? {
            let line = notes.first_line(day, &name).await?;
            println!("{day}: {name} ({length} bytes): {line}");
        }
    }
    Ok(())
}
