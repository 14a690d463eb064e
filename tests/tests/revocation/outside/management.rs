//! A vault's management side answers for its region and the like, and is another service than the one that has the
//! keys: it is asked seldom, and data do not wait for it (R7).

use std::time::Duration;

use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use strongroom::{LeaseSettings, ResourceChange};
use strongroom_base::Outcome as _;
use strongroom_tests::faulty_vault::Management;

use super::stage::Stage;
use crate::house::OAEP;

const HOUR: Duration = Duration::from_hours(1);

/// In which something that goes on beside comes to its end, with time on the machine's own clock.
const IN_TIME: Duration = Duration::from_secs(20);

async fn until(met: impl Fn() -> bool) {
    let met = async {
        while !met() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(IN_TIME, met).await.expect("in time");
}

#[tokio::test]
async fn r07_an_unwrap_costs_no_call_of_a_vaults_management() {
    let stage = Stage::new(LeaseSettings::default()).await;
    let path = Path::from("small");
    let store = stage.filled(&path, "words").await;
    let (asked, unwraps) = (stage.vault.asked(), stage.vault.unwraps());
    // Twenty minutes of leases of a minute.
    for _ in 0..20 {
        stage.pass(Duration::from_secs(61));
        store.get(&path).await.unwrap();
    }
    assert!(stage.vault.unwraps() >= unwraps + 20);
    assert_eq!(stage.vault.asked(), asked);
    // By then what is known is old enough to be asked for again: once, and beside.
    stage.pass(HOUR / 2);
    for _ in 0..5 {
        stage.pass(Duration::from_secs(61));
        store.get(&path).await.unwrap();
    }
    until(|| stage.vault.asked() > asked).await;
    assert!(stage.vault.asked() <= asked + 2);
    stage.close().await;
}

#[tokio::test]
async fn r07_where_nobody_manages_data_go_on_and_the_next_change_of_key_rests_on_what_is_young() {
    let stage = Stage::new(LeaseSettings::default()).await;
    let path = Path::from("small");
    let store = stage.filled(&path, "words").await;
    stage.vault.manage(Management::Silent);
    // What is known is a minute old: it will do.
    stage.pass(Duration::from_secs(61));
    stage.resource.change(ResourceChange::Rekey).await.unwrap();
    // By now it is too old for a change, and the data go on.
    stage.pass(HOUR + Duration::from_secs(61));
    let refused = stage.resource.change(ResourceChange::Rekey).await;
    assert_eq!(refused.unwrap_err().code(), "KeyVaultUnreachable");
    store.get(&path).await.unwrap();
    store.put(&path, "other words".into()).await.unwrap();
    // It heals by itself.
    stage.vault.manage(Management::Answers);
    stage.resource.change(ResourceChange::Rekey).await.unwrap();
    stage.close().await;
}

/// A process that has just begun knows nothing, and data do not wait until it does.
#[tokio::test]
async fn r07_whoever_begins_while_nobody_manages_reads_the_data() {
    let stage = Stage::new(LeaseSettings::default()).await;
    let path = Path::from("small");
    stage.filled(&path, "words").await;
    stage.vault.manage(Management::Silent);
    let other = stage.another().await;
    let notes = other.resource(&"notes".parse().unwrap()).await.unwrap();
    let store = notes.store().await.unwrap();
    store.get(&path).await.unwrap();
    let set = ResourceChange::SetKey {
        key: stage.key.clone(),
        algorithm: OAEP,
    };
    let refused = notes.change(set).await;
    assert_eq!(refused.unwrap_err().code(), "KeyVaultUnreachable");
    other.close().await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn r07_a_region_that_is_found_false_stops_the_data_until_it_is_found_true() {
    let stage = Stage::new(LeaseSettings::default()).await;
    let path = Path::from("small");
    let store = stage.filled(&path, "words").await;
    stage
        .vault
        .manage(Management::Region("elsewhere".parse().unwrap()));
    let asked = stage.vault.asked();
    stage.pass(HOUR);
    store.get(&path).await.unwrap();
    until(|| stage.vault.asked() > asked).await;
    // With the next proof, and for as long as nobody says otherwise.
    stage.pass(Duration::from_secs(61));
    assert!(store.get(&path).await.is_err());
    stage.vault.manage(Management::Silent);
    stage.pass(HOUR * 3);
    assert!(store.get(&path).await.is_err());

    stage.vault.manage(Management::Answers);
    let asked = stage.vault.asked();
    stage.pass(Duration::from_secs(61));
    assert!(store.get(&path).await.is_err());
    until(|| stage.vault.asked() > asked).await;
    stage.pass(Duration::from_secs(61));
    store.get(&path).await.unwrap();
    stage.close().await;
}
