//! The process that ends at a step.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use strongroom_tests::fault::{Fate, FaultPlan};

use crate::saga::Saga;
use crate::world::{SOON_AFTER, open};

const FOLDER: &str = "STRONGROOM_TEST_BORDER_FOLDER";
const SAGA: &str = "STRONGROOM_TEST_BORDER_SAGA";
const STEP: &str = "STRONGROOM_TEST_BORDER_STEP";

/// Runs a saga in another process, which ends right after `step`. Says whether the saga came to its end
/// before.
pub(crate) fn run(folder: &Path, saga: Saga, step: u64) -> bool {
    let me = std::env::current_exe().unwrap();
    let ended = Command::new(me)
        .args(["--exact", "child::goes_its_way"])
        .env(FOLDER, folder)
        .env(SAGA, format!("{saga:?}"))
        .env(STEP, step.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    ended.success()
}

#[tokio::test]
async fn goes_its_way() {
    // Started by the test runner itself: there is nothing to do.
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let name = std::env::var(SAGA).unwrap();
    let saga = Saga::ALL
        .into_iter()
        .find(|saga| format!("{saga:?}") == name)
        .unwrap();
    let plan = FaultPlan::new(Fate::AbortsAfter);
    let room = open(&PathBuf::from(folder), SOON_AFTER, Some(&plan)).await;
    plan.arm(std::env::var(STEP).unwrap().parse().unwrap());
    saga.run(&room).await.unwrap();
}
