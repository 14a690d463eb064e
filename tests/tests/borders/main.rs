//! Every border of every saga: the k-th step towards what is durable fails, is in doubt, or is the last
//! one of the process, for every k. After the next start the saga is completed or undone, nothing is
//! unreadable, and nothing was granted but by it (R11).

mod child;
mod picture;
mod saga;
mod world;

use std::collections::BTreeSet;
use std::path::Path;

use object_store::ObjectStoreExt as _;
use strongroom_tests::fault::{Fate, FaultPlan};

use picture::Picture;
use saga::Saga;
use world::{SOON_AFTER, copy, open};

/// One folder a saga, made once; the saga begins in a copy of it.
struct Stage {
    folder: tempfile::TempDir,
    before: Picture,
    after: Picture,
}

impl Stage {
    async fn set(saga: Saga) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let template = folder.path().join("template");
        saga.prepare(&template).await;
        let before = Picture::of(&template).await;
        let done = folder.path().join("done");
        copy(&template, &done);
        let room = open(&done, SOON_AFTER, None).await;
        saga.run(&room).await.unwrap();
        room.close().await.unwrap();
        let after = Picture::of(&done).await;
        assert_ne!(before, after, "{saga:?} does nothing");
        Self {
            folder,
            before,
            after,
        }
    }

    fn scene(&self, name: &str) -> std::path::PathBuf {
        let scene = self.folder.path().join(name);
        copy(&self.folder.path().join("template"), &scene);
        scene
    }

    /// What the next start makes of it: all or nothing.
    async fn judge(&self, scene: &Path, acknowledged: bool, at: &str) -> bool {
        let found = Picture::of(scene).await;
        assert!(
            found == self.after || found == self.before,
            "{at}: neither as before nor as after\nfound  {found:#?}\nbefore {:#?}\nafter  {:#?}",
            self.before,
            self.after
        );
        assert!(
            !acknowledged || found == self.after,
            "{at}: it was acknowledged and is undone"
        );
        found == self.after
    }
}

/// Runs a saga into a fault at each of its steps.
async fn every_border(saga: Saga) {
    let stage = Stage::set(saga).await;
    let (mut completed, mut undone) = (0, 0);
    for fate in Fate::SURVIVED {
        for step in 1.. {
            let at = format!("{saga:?}, step {step} {fate:?}");
            let scene = stage.scene(&format!("{fate:?}-{step}"));
            let plan = FaultPlan::new(fate);
            let room = open(&scene, SOON_AFTER, Some(&plan)).await;
            plan.arm(step);
            let acknowledged = saga.run(&room).await.is_ok();
            let struck = plan.has_struck();
            // As a killed process: nothing more is written, not even the heads.
            drop(room);
            if stage.judge(&scene, acknowledged, &at).await {
                completed += 1;
            } else {
                undone += 1;
            }
            std::fs::remove_dir_all(&scene).unwrap();
            if !struck {
                assert!(acknowledged, "{at}: it failed without a fault");
                break;
            }
        }
    }
    println!("{saga:?}: {completed} completed, {undone} undone");
    assert!(completed > 0 && undone > 0, "{saga:?} has no border");
}

/// The same with a process that really ends there.
async fn every_death(saga: Saga) {
    let stage = Stage::set(saga).await;
    for step in 1.. {
        let at = format!("{saga:?}, killed after step {step}");
        let scene = stage.scene(&format!("killed-{step}"));
        let ended = child::run(&scene, saga, step);
        stage.judge(&scene, ended, &at).await;
        if ended {
            return;
        }
    }
}

macro_rules! borders {
    ($($name:ident, $death:ident = $saga:ident;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            every_border(Saga::$saga).await;
        }

        #[tokio::test]
        async fn $death() {
            every_death(Saga::$saga).await;
        }
    )+};
}

borders! {
    r11_enabling_is_completed_or_undone_at_every_border, r11_a_process_killed_while_enabling = Enable;
    r11_enabling_with_everything_granted_is_completed_or_undone, r11_a_process_killed_while_enabling_with_grants = EnableGranted;
    r16_a_rotation_is_completed_or_undone_at_every_border, r16_a_process_killed_while_rotating = Rotate;
    r16_another_key_is_completed_or_undone_at_every_border, r16_a_process_killed_while_changing_keys = Switch;
    r16_a_rekey_is_completed_or_undone_at_every_border, r16_a_process_killed_while_rekeying = Rekey;
    r11_a_return_is_completed_or_undone_at_every_border, r11_a_process_killed_while_returning = Reset;
    r12_an_identity_is_made_whole_or_not_at_all, r12_a_process_killed_while_an_identity_is_made = IdentityEnable;
    r12_an_identity_is_given_up_whole_or_not_at_all, r12_a_process_killed_while_an_identity_is_given_up = IdentityDisable;
    i09_a_deletion_is_whole_or_not_at_all, i09_a_process_killed_while_deleting = Delete;
    i09_a_recovery_is_whole_or_not_at_all, i09_a_process_killed_while_recovering = Recover;
    i09_a_purge_is_whole_or_not_at_all, i09_a_process_killed_while_purging = Purge;
    r14_a_vaults_purge_is_whole_or_not_at_all, r14_a_process_killed_while_a_vault_is_purged = VaultPurge;
    r14_a_keys_purge_is_whole_or_not_at_all, r14_a_process_killed_while_a_key_is_purged = KeyPurge;
}

/// How many durable steps a change to a customer's key takes in a vault of the installation's own, with the
/// identity and the grant made on the way: commits, claims, and the erasure of the key that it leaves.
#[tokio::test]
async fn a_change_to_a_customers_key_takes_at_most_so_many_durable_steps() {
    const AT_MOST: u64 = 13;
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("template");
    Saga::Enable.prepare(&template).await;
    let plan = FaultPlan::new(Fate::Fails);
    let room = open(&template, SOON_AFTER, Some(&plan)).await;
    plan.arm(u64::MAX);
    Saga::Enable.run(&room).await.unwrap();
    assert_eq!(plan.steps(), AT_MOST);
    room.close().await.unwrap();
}

/// How many records a lease's proof reads, with a key in a vault of the installation's own: each once, and
/// before that each once for what the caller may do with the data.
#[tokio::test]
async fn a_proof_for_a_lease_reads_each_record_once() {
    const AT_MOST: usize = 20;
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("template");
    Saga::Rotate.prepare(&template).await;
    let plan = FaultPlan::new(Fate::Fails);
    let room = open(&template, SOON_AFTER, Some(&plan)).await;
    let resource = room.resource(&"notes".parse().unwrap()).await.unwrap();
    let store = resource.store().await.unwrap();
    plan.arm(u64::MAX);
    store.put(&"a".into(), "a".into()).await.unwrap();
    let reads = plan.reads();
    // Both begin with the resource.
    let proof = reads.iter().rposition(|id| Some(id) == reads.first());
    let (rights, proof) = reads.split_at(proof.unwrap());
    for part in [rights, proof] {
        let each: BTreeSet<_> = part.iter().collect();
        assert_eq!(each.len(), part.len(), "one twice: {part:?}");
        assert!((1..=AT_MOST).contains(&part.len()), "{part:?}");
    }
    room.close().await.unwrap();
}
