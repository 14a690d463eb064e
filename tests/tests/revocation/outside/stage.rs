//! An installation whose resource has its key in an outside vault behind weather, by a clock that is set
//! by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use strongroom::{
    IdentityView, InitOptions, LeaseSettings, NewResource, Options, OutsideVault, ResourceChange,
    ResourceHandle, RsaKeySize, Strongroom,
};
use strongroom_base::{Clock, CorrelationId, PrincipalId, SubscriptionId, Timestamp};
use strongroom_identity::{GroupUid, SubscriptionState, Tenancy, VaultUid};
use strongroom_tests::fault::{Fate, FaultPlan};
use strongroom_tests::faulty_vault::FaultyVault;
use strongroom_vault::import::generate;
use strongroom_vault::key::{KeyAction, KeyCommand, MintedVersion, NewVersion, Validity};
use strongroom_vault::software::{MemoryState, SoftwareVault};
use strongroom_vault::vault::{
    Authorization, Firewall, Grant, Grantee, Holder, NewVault, Place, PolicyChange, PolicySpec,
    RetentionDays, VaultAction, VaultCommand, VaultFacts,
};
use strongroom_vault::{
    Caller, KeyPermission, KeySpec, KeyVersion, MaterialRef, Origin, VaultName, VaultSuffix,
};
use tempfile::TempDir;

use crate::house::OAEP;

const PROVIDER: strongroom::Provider = strongroom::aws_lc_rs::PROVIDER;
const GROUP: GroupUid = GroupUid::from_bytes([7; 16]);
const AT: Timestamp = Timestamp::from_unix_millis(1);

/// Milliseconds on the wall, and since the machine's start.
#[derive(Debug)]
struct Hand {
    wall: AtomicU64,
    boot: AtomicU64,
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.wall.load(Ordering::SeqCst))
    }

    fn since_boot(&self) -> Duration {
        Duration::from_millis(self.boot.load(Ordering::SeqCst))
    }
}

pub(super) struct Stage {
    pub(super) vault: Arc<FaultyVault>,
    pub(super) resource: ResourceHandle,
    /// The URI of its key.
    pub(super) key: String,
    /// Holds up what is done through the resource's own handle.
    pub(super) plan: FaultPlan,
    pub(super) room: Strongroom,
    /// As another process opens it.
    options: Options,
    hand: Arc<Hand>,
    folder: TempDir,
}

impl Stage {
    pub(super) async fn new(leases: LeaseSettings) -> Self {
        Self::with(leases, FaultPlan::new(Fate::Waits)).await
    }

    pub(super) async fn with(leases: LeaseSettings, plan: FaultPlan) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let hand = Arc::new(Hand {
            wall: AtomicU64::new(1_800_000_000_000),
            boot: AtomicU64::new(1_000_000),
        });
        let suffix = VaultSuffix::new("vault.example", None).unwrap();
        let state = Arc::new(MemoryState::new());
        let clock: Arc<dyn Clock> = hand.clone();
        let software = SoftwareVault::new(Arc::clone(&state), PROVIDER, Arc::clone(&clock));
        let vault = Arc::new(FaultyVault::new(Arc::new(
            software.with_suffix(suffix.clone()),
        )));
        let outside: Arc<dyn OutsideVault> = vault.clone();
        let options = Options::new(PROVIDER)
            .with_clock(clock)
            .with_leases(leases)
            .with_vaults(suffix, outside);
        let view = Strongroom::init(&data, InitOptions::default(), &options)
            .await
            .unwrap();
        let held_up = options.clone().with_faults(Arc::new(plan.clone()));
        let room = Strongroom::open(&data, &held_up).await.unwrap();
        let new = NewResource::new("notes".parse().unwrap(), view.region);
        let resource = room.create_resource(new).await.unwrap();
        let on = ResourceChange::EnableIdentity;
        let shown = resource.change(on).await.unwrap();
        let IdentityView::On { principal, .. } = shown.identity else {
            panic!("{:?}", shown.identity);
        };
        let key = furnish(&state, &room, principal);
        let set = ResourceChange::SetKey {
            key: key.clone(),
            algorithm: OAEP,
        };
        resource.change(set).await.unwrap();
        Self {
            vault,
            resource,
            key,
            plan,
            room,
            options,
            hand,
            folder,
        }
    }

    /// The same installation, as another process has it open.
    pub(super) async fn another(&self) -> Strongroom {
        let data = self.folder.path().join("data");
        Strongroom::open(data, &self.options).await.unwrap()
    }

    /// Its store, with an object in it.
    pub(super) async fn filled(&self, path: &Path, content: &'static str) -> Arc<dyn ObjectStore> {
        let store = self.resource.store().await.unwrap();
        store.put(path, content.into()).await.unwrap();
        store
    }

    /// An object of more than a block.
    pub(super) async fn large(&self) -> Path {
        let store = self.resource.store().await.unwrap();
        let path = Path::from("large");
        store.put(&path, vec![7; 8 << 20].into()).await.unwrap();
        path
    }

    pub(super) fn pass(&self, time: Duration) {
        self.pass_on_the_wall(time);
        self.pass_since_boot(time);
    }

    pub(super) fn pass_since_boot(&self, time: Duration) {
        self.hand.boot.fetch_add(millis(time), Ordering::SeqCst);
    }

    pub(super) fn pass_on_the_wall(&self, time: Duration) {
        self.hand.wall.fetch_add(millis(time), Ordering::SeqCst);
    }

    pub(super) fn put_back_the_wall(&self, time: Duration) {
        self.hand.wall.fetch_sub(millis(time), Ordering::SeqCst);
    }

    pub(super) async fn close(self) {
        self.room.verify_audit().await.unwrap();
        self.room.close().await.unwrap();
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

/// A vault `fabrikam` with a key `docs` that `principal` may use. The key's URI.
fn furnish(state: &MemoryState, room: &Strongroom, principal: PrincipalId) -> String {
    let me = room.administrator();
    let (tenant, vault): (_, VaultName) = (me.tenant(), "fabrikam".parse().unwrap());
    state.register(me.principal(), tenant);
    state.register(principal, tenant);
    let place = Holder::In(Place {
        group: GROUP,
        tenancy: Tenancy::default(),
        subscription: SubscriptionId::from_bytes([5; 16]),
        tenant,
        state: SubscriptionState::Enabled,
    });
    let facts = VaultFacts {
        vault: vault.clone(),
        authority: Ok(()),
        present: place,
        target: place,
    };
    let all = |object| PolicySpec {
        tenant,
        grantee: Grantee {
            object,
            application: None,
        },
        keys: KeyPermission::ALL.iter().copied().collect(),
    };
    let create = VaultAction::Create(NewVault {
        uid: VaultUid::from_bytes([8; 16]),
        name: vault.clone(),
        region: room.show().region.clone(),
        group: GROUP,
        soft_delete: true,
        retention: RetentionDays::DEFAULT,
        purge_protection: true,
        authorization: Authorization::AccessPolicies,
        firewall: Firewall::OPEN,
    });
    let policies = VaultAction::ChangePolicies {
        change: PolicyChange::Add {
            grant: Grant::Lasting,
        },
        entries: vec![all(me.principal()), all(principal)],
    };
    for action in [create, policies] {
        let command = VaultCommand { at: AT, action };
        state.drive_vault(&command, &facts).unwrap();
    }
    let pair = generate(&PROVIDER, KeySpec::Rsa(RsaKeySize::Rsa2048)).unwrap();
    let material = MaterialRef::from_bytes([1; 16]);
    state.store_material(material, pair.private);
    let version = KeyVersion::from_bytes([2; 16]);
    let import = KeyAction::Import(NewVersion {
        minted: MintedVersion {
            id: version,
            public: pair.public,
            material,
        },
        enabled: true,
        validity: Validity::default(),
        operations: None,
    });
    let owner = Caller {
        tenant,
        principal: me.principal(),
        origin: Origin::TrustedService,
        correlation: CorrelationId::from_bytes([3; 16]),
    };
    let command = KeyCommand {
        at: AT,
        action: import,
    };
    let key = "docs".parse().unwrap();
    state.drive_key(&owner, &vault, &key, &command).unwrap();
    format!("https://fabrikam.vault.example/keys/docs/{version}")
}
