//! The system under test: a real installation in a folder of its own, with an outside vault.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use base64ct::{Base64, Encoding as _};
use strongroom::{
    GroupUid, InitOptions, LeaseSettings, LeaseTerm, NewPrincipal, Operator, Options, RsaKeySize,
    Strongroom,
};
use strongroom_base::{
    Clock, CorrelationId, PrincipalId, Region, ResourceUid, SubscriptionId, TenantId, Timestamp,
};
use strongroom_crypto::{RootKey, RootKeys};
use strongroom_identity::{Role, Scope, Tenancy, VaultUid};
use strongroom_tests::naive::{Group, Subscription, Tenant, Who, World};
use strongroom_vault::import::generate;
use strongroom_vault::software::{MemoryState, SoftwareVault};
use strongroom_vault::vault::{
    Authorization, Firewall, Grantee, Holder, NewVault, Place, PolicyChange, PolicySpec,
    RetentionDays, VaultAction, VaultCommand, VaultFacts,
};
use strongroom_vault::{
    Caller as VaultCaller, KeyName, KeyPermission, KeySpec, KeyVersion, Origin, VaultName,
    VaultSuffix,
};

use crate::spy::{SpiedVault, Spy};

/// When every life begins.
pub(crate) const START: u64 = 1_800_000_000_000;
pub(crate) const PROVIDER: strongroom::Provider = strongroom::aws_lc_rs::PROVIDER;
const OUTSIDE_SUFFIX: &str = "vaults.example";

/// A clock that is set by hand.
#[derive(Debug)]
pub(crate) struct Hand(AtomicU64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst))
    }
}

impl Hand {
    pub(crate) fn set(&self, world: u64) {
        self.0.store(START + world, Ordering::SeqCst);
    }
}

/// The ids of all that is there from the beginning.
#[derive(Clone, Debug)]
pub(crate) struct Cast {
    pub(crate) home: TenantId,
    pub(crate) away: TenantId,
    pub(crate) people: BTreeMap<Who, PrincipalId>,
    pub(crate) subscriptions: BTreeMap<Subscription, SubscriptionId>,
    pub(crate) groups: BTreeMap<Group, GroupUid>,
    pub(crate) region: Region,
}

impl Cast {
    pub(crate) fn tenant(&self, tenant: Tenant) -> TenantId {
        match tenant {
            Tenant::Home => self.home,
            Tenant::Away => self.away,
        }
    }
}

/// An installation to be copied for each life, so that none is made in one.
struct Template {
    folder: tempfile::TempDir,
    cast: Cast,
}

/// Where lives are lived: in memory where there is such a folder, since every commit is synced.
fn somewhere() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

pub(crate) fn root_keys(data: &Path) -> (RootKey, RootKeys) {
    let text = std::fs::read(data.with_extension("keep").join("root.key")).unwrap();
    let key = RootKey::from_text(&text).unwrap();
    let derived = RootKeys::derive(&PROVIDER, &key).unwrap();
    (key, derived)
}

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    std::thread::spawn(|| runtime().block_on(template()))
        .join()
        .unwrap()
});

async fn template() -> Template {
    let folder = somewhere();
    let data = folder.path().join("data");
    let hand: Arc<dyn Clock> = Arc::new(Hand(AtomicU64::new(START)));
    let options = Options::new(PROVIDER).with_clock(hand);
    let view = Strongroom::init(&data, InitOptions::default(), &options)
        .await
        .unwrap();
    let room = Strongroom::open(&data, &options).await.unwrap();
    let admin = room.administrator();
    let home = admin.tenant();
    let away = admin
        .create_tenant("away".parse().unwrap())
        .await
        .unwrap()
        .id;
    let mut people = BTreeMap::from([(Who::Admin, admin.principal())]);
    for (who, name, tenant, role) in [
        (Who::Contributor, "contributor", home, Role::Contributor),
        (Who::Reader, "reader", home, Role::Reader),
        (Who::Stranger, "stranger", away, Role::Owner),
    ] {
        let name = name.parse().unwrap();
        let made = admin
            .create_principal(tenant, name, NewPrincipal::User)
            .await
            .unwrap();
        admin
            .assign_role(role, made.id, Scope::Tenant(tenant))
            .await
            .unwrap();
        people.insert(who, made.id);
    }
    let second = admin
        .create_subscription("second".parse().unwrap(), away)
        .await
        .unwrap()
        .id;
    let subscriptions = BTreeMap::from([
        (Subscription::First, view.subscription),
        (Subscription::Second, second),
    ]);
    let mut groups = BTreeMap::from([(Group(0), admin.group())]);
    for (group, subscription) in [
        (Group(1), Subscription::Second),
        (Group(2), Subscription::First),
    ] {
        let name = format!("group-{}", group.0).parse().unwrap();
        let made = admin
            .create_group(subscriptions[&subscription], name)
            .await
            .unwrap();
        groups.insert(group, made.uid);
    }
    let region = view.region.clone();
    let cast = Cast {
        home,
        away,
        people,
        subscriptions,
        groups,
        region,
    };
    room.close().await.unwrap();
    Template { folder, cast }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// RSA keys, made once for all lives.
pub(crate) static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let make = |size| {
        let pair = generate(&PROVIDER, KeySpec::Rsa(size)).unwrap();
        let der = pair.private.expose().to_vec();
        let text = Base64::encode_string(&der);
        let lines: Vec<_> = text
            .as_bytes()
            .chunks(64)
            .map(String::from_utf8_lossy)
            .collect();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            lines.join("\n")
        );
        (pem, der)
    };
    Pool {
        usual: (0..10).map(|_| make(RsaKeySize::Rsa2048)).collect(),
        larger: make(RsaKeySize::Rsa3072),
    }
});

pub(crate) struct Pool {
    usual: Vec<(String, Vec<u8>)>,
    larger: (String, Vec<u8>),
}

impl Pool {
    pub(crate) fn pem(&self, material: u32, bits: u16) -> &str {
        if bits == 2048 {
            &self.usual[material as usize % self.usual.len()].0
        } else {
            &self.larger.0
        }
    }

    /// A piece of each private half that stands in no public one: bytes of a prime.
    pub(crate) fn pieces(&self) -> Vec<Vec<u8>> {
        // Behind the private exponent, which ends before the two primes: well past the middle.
        let piece = |der: &[u8]| der[der.len() * 7 / 10..][..24].to_vec();
        self.usual
            .iter()
            .chain([&self.larger])
            .map(|(_, der)| piece(der))
            .collect()
    }
}

/// What is known of a file without reading it.
pub(crate) type Stat = (std::time::SystemTime, u64);

/// One life: an installation, and what the harness remembers of it.
pub(crate) struct House {
    pub(crate) runtime: Arc<tokio::runtime::Runtime>,
    _folder: tempfile::TempDir,
    pub(crate) data: PathBuf,
    pub(crate) hand: Arc<Hand>,
    pub(crate) spy: Spy,
    pub(crate) outside: Arc<MemoryState>,
    pub(crate) room: Option<Strongroom>,
    pub(crate) operators: BTreeMap<Who, Operator>,
    pub(crate) cast: Cast,
    /// The model before the step.
    pub(crate) before: World,
    pub(crate) uids: BTreeMap<u8, ResourceUid>,
    /// The version that each imported key became.
    pub(crate) versions: BTreeMap<u32, KeyVersion>,
    pub(crate) identities: BTreeMap<u32, PrincipalId>,
    pub(crate) principals: BTreeSet<PrincipalId>,
    pub(crate) files: BTreeMap<PathBuf, Stat>,
    /// How many entries each chain had at the beginning.
    pub(crate) entries: BTreeMap<String, u64>,
    pub(crate) steps: u64,
}

impl std::fmt::Debug for House {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("House")
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

pub(crate) fn vault_name(vault: u8) -> VaultName {
    format!("vault-{vault}").parse().unwrap()
}

pub(crate) fn key_name(key: u8) -> KeyName {
    format!("key-{key}").parse().unwrap()
}

/// The address of a vault.
pub(crate) fn host(vault: u8) -> String {
    let suffix = match vault {
        strongroom_tests::naive::OUTSIDE => OUTSIDE_SUFFIX,
        _ => "vault.localhost",
    };
    format!("https://{}.{suffix}", vault_name(vault))
}

impl House {
    pub(crate) fn new(world: &World) -> Self {
        let template = &*TEMPLATE;
        let folder = somewhere();
        copy(template.folder.path(), folder.path());
        let data = folder.path().join("data");
        let runtime = Arc::new(runtime());
        let cast = template.cast.clone();
        let mut house = Self {
            runtime,
            _folder: folder,
            data,
            hand: Arc::new(Hand(AtomicU64::new(START))),
            spy: Spy::default(),
            outside: Arc::new(MemoryState::new()),
            room: None,
            operators: BTreeMap::new(),
            cast,
            before: world.clone(),
            uids: BTreeMap::new(),
            versions: BTreeMap::new(),
            identities: BTreeMap::new(),
            principals: BTreeSet::new(),
            files: BTreeMap::new(),
            entries: BTreeMap::new(),
            steps: 0,
        };
        house.furnish();
        house.open();
        let heads = house
            .runtime
            .block_on(house.spy.ledger().unwrap().heads())
            .unwrap();
        house.entries = heads
            .into_iter()
            .map(|head| (head.chain, head.sequence))
            .collect();
        for (chain, added) in house.spy.entries() {
            if let Some(entries) = house.entries.get_mut(&chain) {
                *entries -= added;
            }
        }
        house.spy.records();
        house.spy.real();
        house
    }

    /// The outside vault, which its owner made before.
    fn furnish(&self) {
        let name = vault_name(strongroom_tests::naive::OUTSIDE);
        for (who, principal) in &self.cast.people {
            self.outside
                .register(*principal, self.cast.tenant(who.tenant()));
        }
        let create = VaultAction::Create(NewVault {
            uid: VaultUid::from_bytes([0xee; 16]),
            name,
            region: self.cast.region.clone(),
            group: self.cast.groups[&Group(0)],
            soft_delete: true,
            retention: RetentionDays::try_from(7).unwrap(),
            purge_protection: true,
            authorization: Authorization::AccessPolicies,
            firewall: Firewall::OPEN,
        });
        let grant = VaultAction::ChangePolicies {
            change: PolicyChange::Replace,
            entries: vec![PolicySpec {
                tenant: self.cast.home,
                grantee: Grantee {
                    object: self.cast.people[&Who::Admin],
                    application: None,
                },
                keys: KeyPermission::ALL.iter().copied().collect(),
            }],
        };
        self.ask_outside(create).unwrap();
        self.ask_outside(grant).unwrap();
    }

    /// Asks the outside vault, as its owner.
    pub(crate) fn ask_outside(
        &self,
        action: VaultAction,
    ) -> Result<(), strongroom_vault::vault::VaultRefusal> {
        let place = Holder::In(Place {
            group: self.cast.groups[&Group(0)],
            tenancy: Tenancy::default(),
            subscription: self.cast.subscriptions[&Subscription::First],
            tenant: self.cast.home,
            state: strongroom_identity::SubscriptionState::Enabled,
        });
        let (present, target) = match &action {
            VaultAction::Create(_) => (Holder::Nowhere, place),
            _ => (place, Holder::Nowhere),
        };
        let facts = VaultFacts {
            vault: vault_name(strongroom_tests::naive::OUTSIDE),
            authority: Ok(()),
            present,
            target,
        };
        let command = VaultCommand {
            at: self.hand.now(),
            action,
        };
        self.outside.drive_vault(&command, &facts)
    }

    /// The owner of the outside vault's keys.
    pub(crate) fn outside_caller(&self) -> VaultCaller {
        VaultCaller {
            tenant: self.cast.home,
            principal: self.cast.people[&Who::Admin],
            origin: Origin::Address([127, 0, 0, 1].into()),
            correlation: CorrelationId::from_bytes([7; 16]),
        }
    }

    pub(crate) fn open(&mut self) {
        let clock: Arc<dyn Clock> = self.hand.clone();
        let suffix = VaultSuffix::new(OUTSIDE_SUFFIX, None).unwrap();
        let real = SoftwareVault::new(Arc::clone(&self.outside), PROVIDER, Arc::clone(&clock))
            .with_suffix(suffix.clone());
        let outside = SpiedVault {
            real,
            spy: self.spy.clone(),
        };
        let options = Options::new(PROVIDER)
            .with_clock(clock)
            .with_faults(Arc::new(self.spy.clone()))
            // The model knows no time between a revocation and its effect. Leases have tests of their own.
            .with_leases(LeaseSettings::with_term(LeaseTerm::PER_OPERATION))
            .with_vaults(suffix, Arc::new(outside));
        let (room, operators) = self.runtime.block_on(async {
            let room = Strongroom::open(&self.data, &options).await.unwrap();
            room.maintenance().run_due().await.unwrap();
            let mut operators = BTreeMap::new();
            for (who, principal) in &self.cast.people {
                let operator = room.administrator().acting_as(*principal).await.unwrap();
                operators.insert(*who, operator);
            }
            (room, operators)
        });
        self.room = Some(room);
        self.operators = operators;
    }

    pub(crate) fn reopen(&mut self) {
        self.close();
        self.open();
    }

    pub(crate) fn close(&mut self) {
        self.operators.clear();
        if let Some(room) = self.room.take() {
            self.runtime.block_on(room.close()).unwrap();
        }
    }

    pub(crate) fn operator(&self, who: Who, group: Group) -> Operator {
        self.operators[&who].in_group(self.cast.groups[&group])
    }
}
