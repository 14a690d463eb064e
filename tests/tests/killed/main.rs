//! Killed at any moment, the system comes back to what some order of the acknowledged operations
//! explains (I9): a real process under load, killed again and again on one data folder.

mod model;
mod worker;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use object_store::ObjectStoreExt as _;
use strongroom::{InitOptions, KeySource, Options, ResourceState, Strongroom};
use strongroom_base::Clock as _;
use strongroom_ledger::key_file::{KeyFile as _, SqliteKeyFile};
use strongroom_ledger::sqlite::SqliteOptions;

use model::Model;

/// How often the process is killed.
const KILLS: u32 = 50;

/// Names the data folder to a process that is to work until it is killed.
pub(crate) const WORK_IN: &str = "STRONGROOM_TEST_WORK_IN";

pub(crate) fn options() -> Options {
    Options::new(strongroom::aws_lc_rs::PROVIDER)
}

/// The worker is this test binary, told to run this one test.
#[test]
fn works_until_it_is_killed_if_it_is_told_where() {
    let Some(data) = std::env::var_os(WORK_IN) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(worker::work(Path::new(&data)));
}

fn start_worker(data: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "works_until_it_is_killed_if_it_is_told_where",
            "--exact",
            "--nocapture",
        ])
        .env(WORK_IN, data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets a worker go on until it has told of so many lines, then kills it and reads the rest of what
/// it had told.
fn killed_after(data: &Path, lines: usize, delay: Duration) -> Vec<String> {
    let mut worker = start_worker(data);
    let told = BufReader::new(worker.stdout.take().unwrap());
    let mut told = told.lines().map_while(Result::ok);
    let mut heard: Vec<String> = told.by_ref().take(lines).collect();
    // Somewhere within an operation, not at the border that the line was.
    std::thread::sleep(delay);
    worker.kill().unwrap();
    worker.wait().unwrap();
    heard.extend(told);
    heard
}

#[test]
fn i09_a_process_killed_fifty_times_loses_and_mixes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime
        .block_on(Strongroom::init(&data, InitOptions::default(), &options()))
        .unwrap();
    let mut model = Model::default();
    let mut acknowledged = 0;
    for kill in 0..KILLS {
        // Different moments in each round; what is asserted depends on none of them.
        let lines = 3 + usize::try_from(kill * 13 % 97).unwrap();
        let delay = Duration::from_micros(u64::from(kill * 7_919 % 9_000));
        for line in killed_after(&data, lines, delay) {
            acknowledged += usize::from(model.hear(&line));
        }
        runtime.block_on(check(&data, &mut model, kill));
    }
    assert!(
        acknowledged > 500,
        "only {acknowledged} operations were acknowledged"
    );
}

/// Opens what the kill has left, and holds it against the model.
async fn check(data: &Path, model: &mut Model, kill: u32) {
    // Later, so that what was announced and cut off is found abandoned.
    let later = strongroom::SystemClock
        .now()
        .saturating_add(Duration::from_mins(11));
    let room = Strongroom::open(data, &options().with_clock(Arc::new(later)))
        .await
        .unwrap();
    room.maintenance().run_due().await.unwrap();
    let verified = room.verify_audit().await.unwrap();
    assert!(verified.records > 0, "kill {kill}");

    let resources = room.resources().await.unwrap();
    let mut named: Vec<String> = Vec::new();
    for view in &resources {
        let KeySource::ServiceManaged { key, .. } = &view.encryption.source else {
            panic!("kill {kill}: {view:?}");
        };
        named.push(key.trim_start_matches("service-key/").to_owned());
        assert_ne!(
            view.state,
            ResourceState::Purging,
            "kill {kill}: a purge was not finished"
        );
    }
    model.check_resources(&resources);
    for (name, objects) in model.objects() {
        let resource = room.resource(&name.parse().unwrap()).await.unwrap();
        let store = resource.store().await.unwrap();
        for (path, object) in objects {
            let found = match store.get(&path.as_str().into()).await {
                Ok(result) => Some(result.bytes().await.unwrap()),
                Err(object_store::Error::NotFound { .. }) => None,
                Err(error) => panic!("kill {kill}: {name}/{path}: {error:?}"),
            };
            object.settle(found.as_deref());
        }
        // Whatever is listed can be read: nothing is half there.
        let listed: Vec<_> = store.list(None).collect().await;
        for meta in listed {
            let meta = meta.unwrap();
            let bytes = store
                .get(&meta.location)
                .await
                .unwrap()
                .bytes()
                .await
                .unwrap();
            assert_eq!(
                bytes.len() as u64,
                meta.size,
                "kill {kill}: {}",
                meta.location
            );
        }
    }
    room.close().await.unwrap();

    let keys = data.join("service-keys.db");
    let keys = SqliteKeyFile::open(&keys, SqliteOptions::new())
        .await
        .unwrap();
    let mut kept = keys.ids(None, 1_000).await.unwrap();
    keys.close().await.unwrap();
    kept.sort();
    named.sort();
    assert_eq!(
        kept, named,
        "kill {kill}: the keys that are kept are those that resources name"
    );
}

#[test]
fn i09_an_init_that_is_killed_can_be_done_again() {
    let program = start_init;
    for kill in 0..20_u64 {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut child = program(&data);
        std::thread::sleep(Duration::from_micros(kill * 1_500));
        child.kill().unwrap();
        child.wait().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            if Strongroom::open(&data, &options()).await.is_err() {
                Strongroom::init(&data, InitOptions::default(), &options())
                    .await
                    .unwrap();
            }
            let room = Strongroom::open(&data, &options()).await.unwrap();
            // Tenant, administrator, its role, subscription, group, installation: each once.
            assert_eq!(room.verify_audit().await.unwrap().records, 6, "kill {kill}");
            room.close().await.unwrap();
        });
    }
}

/// Names the data folder to a process that is to make an installation.
const INIT_IN: &str = "STRONGROOM_TEST_INIT_IN";

#[test]
fn makes_an_installation_if_it_is_told_where() {
    let Some(data) = std::env::var_os(INIT_IN) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime
        .block_on(Strongroom::init(
            Path::new(&data),
            InitOptions::default(),
            &options(),
        ))
        .unwrap();
}

fn start_init(data: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["makes_an_installation_if_it_is_told_where", "--exact"])
        .env(INIT_IN, data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
