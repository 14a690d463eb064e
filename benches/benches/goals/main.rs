//! The goals of the data path: what it costs, held against what it is made of or stands upon.
//!
//! Every row is two ways to do the same work, which take turns in one process, so that whatever else
//! the machine does hits both alike. `cargo xtask bench --check` holds the ratios to `goals.json`.

mod cipher;
mod folder;
mod memory;
mod pair;
mod plain;
mod tasks;

use std::env;

use strongroom_benches::figures;

use crate::pair::Table;

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let quick = args.iter().any(|arg| arg == "--quick");
    let filter = args.into_iter().find(|arg| !arg.starts_with('-'));
    let mut table = Table::new(quick, filter);
    cipher::measure(&mut table);
    memory::measure(&mut table);
    folder::measure(&mut table);
    tasks::measure(&mut table);
    figures::write("goals", &table.into_figures());
}
