//! A change of key that stands still between any two of its steps while another process takes access away:
//! it does not go round that (R17). Whatever the vault of the installation's own judged by is asserted by
//! each commit that rests on it, so that no time need pass for that.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStoreExt as _;
use strongroom::{
    EncryptionView, Error, NewKey, Operator, Options, ResourceChange, ResourceHandle, Strongroom,
    VersionChange,
};
use strongroom_base::{Clock, Outcome as _, OutcomeKind, Timestamp};
use strongroom_ledger::conformance;
use strongroom_tests::fault::{Fate, FaultPlan};
use strongroom_vault::KeySpec;

use crate::house::{self, House, OAEP, Scene};
use crate::ways::Way;

const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);
/// When others may take over what the process that stands still has claimed.
const LATER: Timestamp = Timestamp::from_unix_millis(1_800_000_090_000);

/// A change of the key-encryption key or of the generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    AnotherVersion,
    AnotherKey,
    AnotherKeyThatIsGrantedOnTheWay,
    AnotherAlgorithm,
    Rekey,
    Reset,
    /// To the latest version, by itself.
    Follow,
    /// Of a return that was cut off when it was proven.
    Completion,
}

/// A folder in which the change is about to begin.
struct Template {
    change: Change,
    house: House,
    scene: Scene,
    /// The URI of what the change goes to.
    target: String,
    /// The same, with what was cut off.
    cut_off: Option<tempfile::TempDir>,
}

impl Template {
    async fn new(change: Change) -> Self {
        let options = options(START, None);
        let house = House::with(&options).await;
        let scene = house.scene("notes").await;
        let store = scene.resource.store().await.unwrap();
        store.put(&"a".into(), "hello".into()).await.unwrap();
        let me = house.room.administrator();
        let mut target = String::new();
        let make = async |key: &str| {
            let new = NewKey::new(key.parse().unwrap());
            let spec = KeySpec::Rsa(strongroom::RsaKeySize::Rsa2048);
            let made = me.create_key(&scene.vault, new, spec).await.unwrap();
            made.version.id.to_string()
        };
        match change {
            Change::AnotherVersion => target = make("docs").await,
            Change::AnotherKey => target = make("other").await,
            Change::AnotherKeyThatIsGrantedOnTheWay => {
                target = make("other").await;
                // The present key needs no more than this; the next one does.
                let identity = house::grantee(scene.identity().await);
                let unwrap = [
                    strongroom::KeyPermission::Get,
                    strongroom::KeyPermission::UnwrapKey,
                ];
                me.replace_grant(&scene.vault, identity, unwrap.into())
                    .await
                    .unwrap();
            }
            Change::AnotherAlgorithm => target = uri(&scene.resource).await,
            Change::Follow => {
                let present = uri(&scene.resource).await;
                let (key, _) = present.rsplit_once('/').unwrap();
                scene.resource.change(set(key)).await.unwrap();
                make("docs").await;
            }
            Change::Rekey | Change::Reset | Change::Completion => {}
        }
        let mut template = Self {
            change,
            house,
            scene,
            target,
            cut_off: None,
        };
        if change == Change::Completion {
            template.cut_off = Some(template.cut_off().await);
        }
        template
    }

    /// A return is begun, and its process is gone once it is proven.
    async fn cut_off(&self) -> tempfile::TempDir {
        for step in 1.. {
            let folder = self.copied();
            let data = folder.path().join("data");
            let plan = FaultPlan::new(Fate::DiesAfter);
            let room = open(&data, START, Some(&plan)).await;
            plan.arm(step);
            let resource = seen_by(&room, &self.scene).await;
            resource.change(ResourceChange::ResetKey).await.unwrap_err();
            // The folder is copied: nothing of it is in use any more.
            drop(room.close().await);
            let another = open(&data, START, None).await;
            let resource = seen_by(&another, &self.scene).await;
            let change = resource.show().await.unwrap().encryption.change;
            another.close().await.unwrap();
            if change.is_some_and(|change| change.step == "proven") {
                return folder;
            }
        }
        unreachable!("it is proven at some step")
    }

    /// The folder as it is before the change.
    fn copied(&self) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let begins_in = self.cut_off.as_ref().map(tempfile::TempDir::path);
        copy(begins_in.unwrap_or(self.house.folder()), folder.path());
        folder
    }

    fn begins_at(&self) -> Timestamp {
        match self.change {
            Change::Completion => LATER,
            _ => START,
        }
    }

    /// Carries the change out in `data`: as somebody asks for it, or by opening.
    async fn run(&self, data: PathBuf, plan: FaultPlan, step: u64) -> Result<(), Error> {
        let at = self.begins_at();
        if matches!(self.change, Change::Follow | Change::Completion) {
            plan.arm(step);
            let room = open(&data, at, Some(&plan)).await;
            return room.close().await;
        }
        let room = open(&data, at, Some(&plan)).await;
        let resource = seen_by(&room, &self.scene).await;
        plan.arm(step);
        let change = match self.change {
            Change::Rekey => ResourceChange::Rekey,
            Change::Reset => ResourceChange::ResetKey,
            Change::AnotherAlgorithm => ResourceChange::SetKey {
                key: self.target.clone(),
                algorithm: strongroom::WrapAlgorithm::RsaOaep,
            },
            _ => set(&self.target),
        };
        let changed = resource.change(change).await;
        room.close().await?;
        changed.map(drop)
    }

    /// The change stands still before its `step`-th step towards what is durable, and access is taken away.
    /// None, if it ends before.
    async fn held_up(
        &self,
        step: u64,
        meanwhile: impl AsyncFnOnce(&Operator, &Scene),
        taken_over: bool,
    ) -> Option<HeldUp> {
        let folder = self.copied();
        let data = folder.path().join("data");
        let plan = FaultPlan::new(Fate::Waits);
        let mut change = std::pin::pin!(self.run(data.clone(), plan.clone(), step));
        tokio::select! {
            biased;
            ended = &mut change => {
                ended.unwrap();
                return None;
            }
            () = plan.arrival() => {}
        }
        let another = open(&data, self.begins_at(), None).await;
        let scene = Scene {
            resource: seen_by(&another, &self.scene).await,
            ..self.scene.clone()
        };
        let before = scene.resource.show().await.unwrap().encryption;
        meanwhile(another.administrator(), &scene).await;
        if taken_over {
            let third = open(&data, LATER, None).await;
            third.close().await.unwrap();
        }
        plan.let_go();
        let ended = change.await;
        another.verify_audit().await.unwrap();
        let held_up = HeldUp {
            ended,
            before,
            after: scene.resource.show().await.unwrap().encryption,
            read: read(&scene.resource).await,
        };
        another.close().await.unwrap();
        Some(held_up)
    }

    /// Takes access away at each step, and looks at what comes of it.
    async fn every_step(&self, way: Way, taken_over: bool) {
        let as_it_was = settled(self.scene.resource.show().await.unwrap().encryption);
        let mut stopped = 0;
        for step in 1.. {
            let at = format!("{:?}, step {step}, {way:?}", self.change);
            let take = async |me: &Operator, scene: &Scene| way.take(me, scene).await;
            let Some(found) = Box::pin(self.held_up(step, take, taken_over)).await else {
                break;
            };
            if settled(found.before) != as_it_was {
                // It was done by then, and access was taken away after it.
                continue;
            }
            stopped += 1;
            assert_eq!(found.after, as_it_was, "{at}: {:?}", found.ended);
            assert_eq!(found.read, Err(way.code()), "{at}: {:?}", found.ended);
            if let Err(error) = found.ended {
                let kind = error.kind();
                let says_no = matches!(kind, OutcomeKind::Denied | OutcomeKind::Refused);
                let held =
                    taken_over && matches!(error, Error::HeldElsewhere { .. } | Error::Ledger(_));
                assert!(says_no || held, "{at}: {error:?}");
            }
        }
        assert!(
            stopped > 2,
            "{:?} was held up nowhere but {stopped} times",
            self.change
        );
    }
}

/// What came of a change that was held up.
struct HeldUp {
    ended: Result<(), Error>,
    before: EncryptionView,
    after: EncryptionView,
    read: Result<(), &'static str>,
}

/// Without what is on its way.
pub(crate) fn settled(mut view: EncryptionView) -> EncryptionView {
    view.change = None;
    view.erasing = 0;
    view
}

async fn read(resource: &ResourceHandle) -> Result<(), &'static str> {
    let store = resource.store().await.unwrap();
    let read = store.get(&"a".into()).await;
    read.map(drop).map_err(|error| Error::from(error).code())
}

fn options(at: Timestamp, plan: Option<&FaultPlan>) -> Options {
    let clock: Arc<dyn Clock> = Arc::new(at);
    let options = house::options().with_clock(clock).with_followed_keys();
    match plan {
        Some(plan) => options.with_faults(Arc::new(plan.clone())),
        None => options,
    }
}

async fn open(data: &Path, at: Timestamp, plan: Option<&FaultPlan>) -> Strongroom {
    let room = Strongroom::open(data, &options(at, plan)).await.unwrap();
    room.maintenance().run_due().await.unwrap();
    room
}

async fn seen_by(room: &Strongroom, scene: &Scene) -> ResourceHandle {
    scene.seen_by(room.administrator()).await
}

async fn uri(resource: &ResourceHandle) -> String {
    match resource.show().await.unwrap().encryption.source {
        strongroom::KeySource::CustomerManaged { key, .. } => key,
        other => panic!("{other:?}"),
    }
}

fn set(key: &str) -> ResourceChange {
    ResourceChange::SetKey {
        key: key.to_owned(),
        algorithm: OAEP,
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

macro_rules! held_up {
    ($($name:ident = $change:ident, $way:ident;)+) => {$(
        #[tokio::test]
        async fn $name() {
            Template::new(Change::$change).await.every_step(Way::$way, false).await;
        }
    )+};
}

held_up! {
    r17_another_version_that_is_held_up_goes_round_nothing = AnotherVersion, KeyDisabled;
    r17_another_key_that_is_held_up_goes_round_nothing = AnotherKey, KeyDisabled;
    r17_a_grant_that_is_held_up_gives_back_nothing = AnotherKeyThatIsGrantedOnTheWay, PolicyRemoved;
    r17_another_algorithm_that_is_held_up_goes_round_nothing = AnotherAlgorithm, PolicyRemoved;
    r17_a_rekey_that_is_held_up_goes_round_nothing = Rekey, KeyDisabled;
    r17_a_followed_key_that_is_held_up_goes_round_nothing = Follow, FirewallClosed;
    r17_a_completion_that_is_held_up_goes_round_nothing = Completion, KeyDisabled;
    r17_a_held_up_return_goes_round_no_disabled_version = Reset, KeyDisabled;
    r17_a_held_up_return_goes_round_no_removed_policy = Reset, PolicyRemoved;
    r17_a_held_up_return_goes_round_no_deleted_key = Reset, KeyDeleted;
    r17_a_held_up_return_goes_round_no_deleted_vault = Reset, VaultDeleted;
    r17_a_held_up_return_goes_round_no_closed_firewall = Reset, FirewallClosed;
    r13_a_held_up_return_goes_round_no_moved_group = Reset, GroupMoved;
    r13_a_held_up_return_goes_round_no_moved_subscription = Reset, SubscriptionMoved;
}

#[tokio::test]
async fn r17_a_change_that_another_process_takes_over_goes_round_nothing() {
    let template = Template::new(Change::Reset).await;
    Box::pin(template.every_step(Way::KeyDisabled, true)).await;
}

/// One whose row leads to no resource keeps the others from nothing.
#[tokio::test]
async fn r16_a_follower_that_is_damaged_keeps_no_other_on_an_older_version() {
    let template = Template::new(Change::Follow).await;
    let before = uri(&template.scene.resource).await;
    let folder = template.copied();
    let data = folder.path().join("data");
    let odd = "INSERT INTO index_rows (name, key, id, is_unique) VALUES \
               ('resource.follower', '', 'resource/none', 0)";
    conformance::edit(&data.join("ledger.db"), odd).await;
    let room = open(&data, START, None).await;
    let resource = seen_by(&room, &template.scene).await;
    assert_ne!(uri(&resource).await, before);
    room.close().await.unwrap();
}

/// Nor does it go over to a key that was taken away by then: that would take the data away.
#[tokio::test]
async fn r11_a_change_that_is_held_up_goes_over_to_no_key_that_was_disabled_meanwhile() {
    let template = Template::new(Change::AnotherKey).await;
    let as_it_was = settled(template.scene.resource.show().await.unwrap().encryption);
    let disable = async |me: &Operator, scene: &Scene| {
        let off = VersionChange {
            enabled: Some(false),
            ..VersionChange::default()
        };
        let key = "other".parse().unwrap();
        me.update_key(&scene.vault, &key, None, off).await.unwrap();
    };
    let mut stopped = 0;
    for step in 1.. {
        let Some(found) = Box::pin(template.held_up(step, disable, false)).await else {
            break;
        };
        if settled(found.before) == as_it_was {
            stopped += 1;
            assert_eq!(found.after, as_it_was, "step {step}: {:?}", found.ended);
            assert_eq!(found.read, Ok(()), "step {step}: {:?}", found.ended);
        }
    }
    assert!(stopped > 3, "it was held up {stopped} times");
}
