//! Tokio's paused clock, which jumps to the next timer whenever its runtime has nothing to do: it stands still
//! while an installation is at work, as it does in a call of `object_store`'s own local store.

use std::time::Duration;

use object_store::ObjectStoreExt as _;
use tokio::time::{Instant, sleep, timeout};

use super::{House, path};

const SECOND: Duration = Duration::from_secs(1);

/// Each call has a second, which is over at once if the clock runs ahead.
#[tokio::test(start_paused = true)]
async fn a_paused_clock_stands_still_while_an_installation_is_at_work() {
    let begun = Instant::now();
    let house = timeout(SECOND, House::new()).await.unwrap();
    for _ in 0..3 {
        timeout(SECOND, house.works()).await.unwrap();
        // A lease that is asked for ahead, and one that has run out.
        house.hand.pass(Duration::from_secs(58));
        timeout(SECOND, house.works()).await.unwrap();
        house.hand.pass(Duration::from_secs(61));
        timeout(SECOND, house.works()).await.unwrap();
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
    // And it runs ahead again as soon as nobody waits for the installation.
    sleep(Duration::from_hours(1)).await;
    assert!(begun.elapsed() >= Duration::from_hours(1));
    timeout(SECOND, house.room.close()).await.unwrap().unwrap();
}

/// One that needs no answer of anybody's does not stop the clock.
#[tokio::test(start_paused = true)]
async fn a_paused_clock_goes_on_in_a_task_beside() {
    let house = House::new().await;
    let ticking = tokio::spawn(async {
        for _ in 0..100 {
            sleep(SECOND).await;
        }
    });
    for _ in 0..20 {
        house.store.head(&path()).await.unwrap();
    }
    timeout(Duration::from_hours(1), ticking)
        .await
        .unwrap()
        .unwrap();
    house.room.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_stands_still_for_each_of_many() {
    let house = House::new().await;
    for _ in 0..3 {
        house.hand.pass(Duration::from_secs(61));
        let many = (0..16).map(|_| timeout(SECOND, house.works()));
        for done in futures::future::join_all(many).await {
            done.unwrap();
        }
    }
    house.room.close().await.unwrap();
}
