//! What must hold after each step, each check named after the invariant that it asserts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use bytes::Bytes;
use strongroom::{
    AuditResult, Error, IdentityView, KeySource, LifeInfo, Operation, ResourceState, Tier,
};
use strongroom_base::Outcome as _;
use strongroom_crypto::SealedServiceKey;
use strongroom_crypto::keyring::Kek as Wrapping;
use strongroom_ledger::{ChainKey, Phase};
use strongroom_resource::Resource as Stored;
use strongroom_tests::naive::{
    Answer, Fire, Group, Kek, Life, OUTSIDE, Object, Party, Permission, Resource, Step, Tenant,
    Uses, Who, World,
};
use strongroom_vault::KeyPermission;
use strongroom_vault::key::{Key as StoredKey, KeyLife};
use strongroom_vault::vault::{Authorization, Bypass, DefaultAction};

use crate::spy::Real;
use crate::steps::{CANARY, Got, bytes_of, path_of};
use crate::world::{House, START, Stat, host, key_name, root_keys, vault_name};

/// What was found wrong, and by which check.
pub(crate) type Found = Result<(), String>;

type States = BTreeMap<String, Option<Bytes>>;

/// Fails with a text.
macro_rules! ensure {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(format!($($text)+));
        }
    };
}

/// I2, both ways: what succeeded was allowed, and what is allowed succeeds. And the answer is the
/// answer of a rule that says no.
pub(crate) fn i02_the_answer_is_the_models(
    step: Step,
    after: &World,
    got: &Result<Got, Error>,
) -> Found {
    match (&after.last, got) {
        (Answer::Done(_), Ok(got)) => right(step, after, got),
        (Answer::Either(_), Ok(_)) => Ok(()),
        (Answer::No(no) | Answer::Either(no), Err(error)) => {
            let (kind, code) = (error.kind(), error.code());
            ensure!(
                no.iter().any(|no| no.is(kind, code)),
                "I2: expected one of {no:?}, got {kind:?} {code}: {error}"
            );
            Ok(())
        }
        (Answer::No(no), Ok(_)) => Err(format!("I2: it was done, and {no:?} stands against it")),
        (Answer::Done(_), Err(error)) => {
            let (kind, code) = (error.kind(), error.code());
            Err(format!(
                "I2: nothing stands against it, and it got {kind:?} {code}: {error}"
            ))
        }
    }
}

/// What a data operation brought is what the model has.
fn right(step: Step, after: &World, got: &Got) -> Found {
    let Step::Data {
        resource, object, ..
    } = step
    else {
        return Ok(());
    };
    let objects = after.resources.get(&resource).map(|found| &found.objects);
    let expected = |path: u8| {
        objects
            .and_then(|objects| objects.get(&path))
            .map(|it| bytes_of(*it))
    };
    match (object, got) {
        (Object::Get(path), Got::Bytes(bytes)) => {
            ensure!(
                Some(bytes) == expected(path).as_ref(),
                "I3: other bytes came back"
            );
        }
        (Object::Head(path), Got::Size(size)) => {
            let len = expected(path).map(|bytes| bytes.len() as u64);
            ensure!(Some(*size) == len, "I3: size {size} instead of {len:?}");
        }
        (Object::List, Got::Listing(listed)) => {
            let expected: BTreeMap<_, _> = objects
                .into_iter()
                .flatten()
                .map(|(path, content)| {
                    (path_of(*path).to_string(), bytes_of(*content).len() as u64)
                })
                .collect();
            ensure!(
                *listed == expected,
                "I3: listed {listed:?} instead of {expected:?}"
            );
        }
        _ => {}
    }
    Ok(())
}

impl House {
    /// I7: for each use of a key there is one record, no more and no fewer; and of each change as many
    /// as the rules say.
    #[expect(
        clippy::too_many_lines,
        reason = "a table: one line for each kind of use"
    )]
    pub(crate) fn i07_one_record_for_each_use(&self, step: Step, after: &World) -> Found {
        let real = self.spy.real();
        let mut counts: BTreeMap<(String, bool, bool), u64> = BTreeMap::new();
        for (phase, record) in self.spy.records() {
            if phase == Phase::Intent {
                continue;
            }
            let outside = record.target.starts_with(&host(OUTSIDE));
            let done = record.result == AuditResult::Ok;
            let operation = record.operation.to_string();
            *counts.entry((operation, outside, done)).or_default() += 1;
        }
        let count = |operation: Operation, outside: bool, done: bool| {
            counts
                .get(&(operation.to_string(), outside, done))
                .copied()
                .unwrap_or(0)
        };
        let Real {
            service,
            embedded,
            wraps,
            unwraps,
            gets,
        } = real;
        for (what, operation, outside, done, used) in [
            (
                "unwraps in our vaults",
                Operation::KeyUnwrap,
                false,
                true,
                embedded,
            ),
            (
                "unwraps outside",
                Operation::KeyUnwrap,
                true,
                true,
                unwraps.done,
            ),
            (
                "denied unwraps outside",
                Operation::KeyUnwrap,
                true,
                false,
                unwraps.failed,
            ),
            ("wraps outside", Operation::KeyWrap, true, true, wraps.done),
            (
                "denied wraps outside",
                Operation::KeyWrap,
                true,
                false,
                wraps.failed,
            ),
            ("readings outside", Operation::KeyGet, true, true, gets.done),
            (
                "denied readings outside",
                Operation::KeyGet,
                true,
                false,
                gets.failed,
            ),
        ] {
            let recorded = count(operation, outside, done);
            ensure!(
                recorded == used,
                "I7: {used} {what}, and {recorded} records"
            );
        }
        let made = u64::from(matches!(step, Step::Create { .. }) && after.last.is_done());
        let recorded =
            count(Operation::UnwrapKey, false, true) + count(Operation::WrapKey, false, true);
        ensure!(
            recorded == service + made,
            "I7: {service} readings of service-managed keys and {made} made, and {recorded} records"
        );
        let Answer::Done(Uses {
            key_unwraps,
            key_wraps,
            service_unwraps,
            service_wraps,
            at_least,
        }) = after.last
        else {
            return Ok(());
        };
        let both = |operation| count(operation, false, true) + count(operation, true, true);
        for (operation, recorded, expected) in [
            ("KeyUnwrap", both(Operation::KeyUnwrap), key_unwraps),
            ("KeyWrap", both(Operation::KeyWrap), key_wraps),
            ("UnwrapKey", both(Operation::UnwrapKey), service_unwraps),
            ("WrapKey", both(Operation::WrapKey), service_wraps),
        ] {
            let fits = if at_least && expected > 0 {
                recorded >= expected
            } else {
                recorded == expected
            };
            ensure!(
                fits,
                "I7: {recorded} records of {operation}, and {expected} are expected"
            );
        }
        Ok(())
    }

    /// I8: what was refused changed no state. What a change prepared and took back is not there, but
    /// for the principal that it drew.
    pub(crate) fn i08_a_refusal_changes_nothing(&self, after: &World, before: &States) -> Found {
        if !matches!(after.last, Answer::No(_)) || after.reopen {
            return Ok(());
        }
        let now = self.spy.states();
        let kept = |id: &String| !id.starts_with("announced-") && !id.starts_with("principal/");
        for (id, state) in now.iter().filter(|(id, _)| kept(id)) {
            let was = before.get(id).cloned().flatten();
            ensure!(
                but_for_what_was_found(state.as_ref()) == but_for_what_was_found(was.as_ref()),
                "I8: {id} changed by what was refused"
            );
        }
        Ok(())
    }

    /// I8 and the state of everything: what the system shows is what the model has.
    pub(crate) fn what_is_shown_is_the_models(&self, after: &World) -> Found {
        self.runtime.block_on(async {
            self.vaults_are(after).await?;
            for (number, resource) in &after.resources {
                self.resource_is(*number, resource, after).await?;
            }
            Ok::<(), String>(())
        })?;
        self.keys_are(after)
    }

    async fn vaults_are(&self, after: &World) -> Found {
        let shown = self.operator(Who::Admin, Group(0)).vaults().await;
        let shown = shown.map_err(|error| format!("vaults: {error}"))?;
        let inside = after.vaults.iter().filter(|(_, vault)| !vault.outside);
        let names: BTreeSet<_> = inside
            .clone()
            .map(|(number, _)| vault_name(*number))
            .collect();
        let found: BTreeSet<_> = shown.iter().map(|vault| vault.name.clone()).collect();
        ensure!(names == found, "vaults {found:?} instead of {names:?}");
        for (number, vault) in inside {
            let name = vault_name(*number);
            let Some(shown) = shown.iter().find(|shown| shown.name == name) else {
                continue;
            };
            let fire = match (shown.firewall.default_action, shown.firewall.bypass) {
                (DefaultAction::Allow, _) => Fire::Open,
                (DefaultAction::Deny, Bypass::AzureServices) => Fire::Bypassed,
                (DefaultAction::Deny, Bypass::None) => Fire::Closed,
            };
            let policies: BTreeMap<_, BTreeSet<_>> = shown
                .policies
                .iter()
                .map(|entry| (entry.grantee.object, folded(entry.keys.keys())))
                .collect();
            let expected: BTreeMap<_, _> = vault
                .policies
                .iter()
                .map(|(party, held)| {
                    let object = match party {
                        Party::Person(who) => self.cast.people[who],
                        Party::Identity(number) => self.identities[number],
                    };
                    (object, held.clone())
                })
                .collect();
            let same = shown.trusts == self.cast.tenant(vault.trusts)
                && shown.tenant == self.cast.tenant(after.tenant_of(vault.group))
                && shown.purge_protection == vault.purge_protection
                && (shown.authorization == Authorization::Roles) == vault.role_mode
                && fire == vault.firewall
                && (shown.life == LifeInfo::Live) == (vault.life == Life::Live)
                && policies == expected;
            ensure!(
                same,
                "vault {name} is {shown:?}, and {vault:?} in the model"
            );
        }
        Ok(())
    }

    async fn resource_is(&self, number: u8, resource: &Resource, after: &World) -> Found {
        let name = format!("resource-{number}").parse().unwrap();
        let operator = self.operator(Who::Admin, resource.group);
        let shown = async { operator.resource(&name).await?.show().await };
        let shown = shown
            .await
            .map_err(|error| format!("resource-{number}: {error}"))?;
        let tenant = after.tenant_of(resource.group);
        let key = match &resource.kek {
            Kek::Service(_) => None,
            Kek::Customer(of) => Some(format!(
                "{}/keys/{}/{}",
                host(of.vault),
                key_name(of.key),
                self.versions[&of.material]
            )),
        };
        let source = match &shown.encryption.source {
            KeySource::CustomerManaged { key, .. } => Some(key.clone()),
            _ => None,
        };
        let identity = match (resource.life, resource.identity) {
            // Gone with the deletion, and made anew with the recovery (R12).
            (Life::Deleted(_), _) => true,
            (Life::Live, None) => shown.identity == IdentityView::Off,
            (Life::Live, Some(identity)) => {
                let principal = self.identities.get(&identity.number).copied();
                let home = self.cast.tenant(identity.home);
                match shown.identity {
                    IdentityView::On {
                        principal: shown,
                        tenant: at,
                    } => identity.home == tenant && at == home && principal == Some(shown),
                    IdentityView::LeftBehind {
                        principal: shown,
                        home: at,
                    } => identity.home != tenant && at == home && principal == Some(shown),
                    _ => false,
                }
            }
        };
        let same = shown.tenant == self.cast.tenant(tenant)
            && (shown.tier == Tier::S0) == resource.paid
            && lives(shown.state) == (resource.life == Life::Live)
            && source == key
            && shown.encryption.generations == resource.generations as usize
            && shown.encryption.change.is_none()
            && shown.encryption.erasing == 0
            && identity;
        ensure!(
            same,
            "resource-{number} is {shown:?}, and {resource:?} in the model"
        );
        Ok(())
    }

    /// Keys are read where they lie: to ask a vault for them would leave records.
    fn keys_are(&self, after: &World) -> Found {
        let states = self.spy.states();
        let stored = states
            .iter()
            .filter(|(id, _)| id.starts_with("key/"))
            .filter_map(|(_, state)| state.as_ref())
            .filter_map(|state| serde_json::from_slice::<StoredKey>(state).ok());
        let stored: BTreeMap<_, _> = stored
            .map(|key| ((key.vault.clone(), key.name.clone()), key))
            .collect();
        let expected = after
            .keys
            .iter()
            .filter(|((vault, _), _)| *vault != OUTSIDE);
        ensure!(
            stored.len() == expected.clone().count(),
            "{} keys are stored, and {} in the model",
            stored.len(),
            expected.count()
        );
        for ((vault, name), key) in expected {
            let Some(found) = stored.get(&(vault_name(*vault), key_name(*name))) else {
                return Err(format!("key-{name} of vault-{vault} is not stored"));
            };
            let versions = found.versions.iter().map(|one| {
                let millis = |at: strongroom_base::Timestamp| at.as_unix_millis() - START;
                (
                    one.id,
                    one.enabled,
                    one.not_before.map(millis),
                    one.expires.map(millis),
                )
            });
            let expected = key.versions.iter().map(|one| {
                (
                    self.versions[&one.material],
                    one.enabled,
                    one.not_before,
                    one.expires,
                )
            });
            let life = (found.life == KeyLife::Live) == (key.life == Life::Live);
            ensure!(
                life && versions.eq(expected),
                "{found:?} is stored, and {key:?} in the model"
            );
        }
        Ok(())
    }

    /// R12: an identity is a principal that there never was before. The model's numbers get their ids.
    pub(crate) fn r12_each_identity_is_a_new_principal(&mut self, after: &World) -> Found {
        for (number, resource) in &after.resources {
            let (Some(identity), Life::Live) = (resource.identity, resource.life) else {
                continue;
            };
            if self.identities.contains_key(&identity.number) {
                continue;
            }
            let operator = self.operator(Who::Admin, resource.group);
            let name = format!("resource-{number}").parse().unwrap();
            let shown = self
                .runtime
                .block_on(async { operator.resource(&name).await?.show().await })
                .map_err(|error| format!("resource-{number}: {error}"))?;
            let (IdentityView::On { principal, .. } | IdentityView::LeftBehind { principal, .. }) =
                shown.identity
            else {
                return Err(format!("R12: resource-{number} has no identity: {shown:?}"));
            };
            ensure!(
                self.principals.insert(principal),
                "R12: {principal} was there before"
            );
            self.identities.insert(identity.number, principal);
        }
        // What the directory that the outside vault asks says of them.
        let mut standing: BTreeMap<u32, Tenant> = BTreeMap::new();
        for resource in after.resources.values() {
            if let (Some(identity), Life::Live) = (resource.identity, resource.life) {
                standing.insert(identity.number, identity.home);
            }
        }
        for (number, principal) in &self.identities {
            match standing.get(number) {
                Some(home) => self.outside.register(*principal, self.cast.tenant(*home)),
                None => self.outside.unregister(*principal),
            }
        }
        Ok(())
    }

    /// I4: nothing but the writing, removing and moving of objects, and a purge, touches stored objects.
    /// And I1: what was written holds nothing in clear.
    pub(crate) fn i04_only_data_operations_touch_objects(
        &mut self,
        step: Step,
        after: &World,
    ) -> Found {
        let objects = self.data.join("objects").join("r");
        let mut now = BTreeMap::new();
        stats(&objects, &mut now);
        let before = std::mem::replace(&mut self.files, now.clone());
        let touched: BTreeSet<_> = before
            .iter()
            .filter(|(path, stat)| now.get(*path) != Some(*stat))
            .chain(now.iter().filter(|(path, _)| !before.contains_key(*path)))
            .map(|(path, _)| path.clone())
            .collect();
        let done = after.last.is_done();
        let gone = after.reopen || after.resources.len() < self.before.resources.len();
        let allowed: Vec<u8> = match step {
            Step::Data { object, .. } if done => match object {
                Object::Put(path, _) | Object::Delete(path) => vec![path],
                Object::Copy(_, to) => vec![to],
                Object::Rename(from, to) => vec![from, to],
                Object::Get(_) | Object::Head(_) | Object::List => Vec::new(),
            },
            _ => Vec::new(),
        };
        for path in &touched {
            let may = allowed
                .iter()
                .any(|one| path.ends_with(path_of(*one).as_ref()));
            let purged = gone && !now.contains_key(path);
            ensure!(may || purged, "I4: {} changed", path.display());
            if let Ok(bytes) = std::fs::read(path) {
                let clear = bytes
                    .windows(CANARY.len())
                    .any(|part| part == CANARY.as_bytes());
                ensure!(!clear, "I1: {} holds a canary", path.display());
            }
        }
        Ok(())
    }

    /// I5: the stranger is told the same of what is there and of what is not.
    pub(crate) fn i05_a_stranger_learns_nothing(&self, after: &World) -> Found {
        let hidden = |group: Group| !Who::Stranger.sees(after.tenant_of(group));
        for (number, resource) in &after.resources {
            if !hidden(resource.group) {
                continue;
            }
            let operator = self.operator(Who::Stranger, resource.group);
            let told = |name: String| {
                let parsed = name.parse().unwrap();
                let answer = self.runtime.block_on(operator.resource(&parsed));
                told(answer.map(drop), &name)
            };
            let (there, nowhere) = (
                told(format!("resource-{number}")),
                told("nothing-44".to_owned()),
            );
            ensure!(
                there == nowhere,
                "I5: {there} of what is there, {nowhere} of what is not"
            );
        }
        for (number, vault) in after.vaults.iter().filter(|(_, vault)| !vault.outside) {
            if !hidden(vault.group) {
                continue;
            }
            let operator = self.operator(Who::Stranger, vault.group);
            let told = |name: String| {
                let parsed = name.parse().unwrap();
                let answer = self.runtime.block_on(operator.vault(&parsed));
                told(answer.map(drop), &name)
            };
            let (there, nowhere) = (told(format!("vault-{number}")), told("vault-9".to_owned()));
            ensure!(
                there == nowhere,
                "I5: {there} of what is there, {nowhere} of what is not"
            );
        }
        for (vault, key) in after.keys.keys().filter(|(vault, _)| *vault != OUTSIDE) {
            let operator = self.operator(Who::Stranger, Group(0));
            let told = |name: String| {
                let parsed = name.parse().unwrap();
                let vault = vault_name(*vault);
                let answer = self.runtime.block_on(operator.key(&vault, &parsed, None));
                told(answer.map(drop), &name)
            };
            let (there, nowhere) = (told(format!("key-{key}")), told("key-9".to_owned()));
            ensure!(
                there == nowhere,
                "I5: {there} of a key that is there, {nowhere} of what is not"
            );
        }
        Ok(())
    }

    /// I10: with the outside vault away, nothing that lies in the data folder opens a resource that a key
    /// of it wraps; and no erased service-managed key is in any file of it.
    pub(crate) fn i10_nothing_here_opens_what_an_outside_key_wraps(&self, after: &World) -> Found {
        let files = contents(&self.data);
        for sealed in self.spy.erased() {
            for (path, bytes) in &files {
                ensure!(
                    !holds(bytes, &sealed),
                    "I10: {} holds an erased key",
                    path.display()
                );
            }
        }
        let (_, root) = root_keys(&self.data);
        let states = self.spy.states();
        for (number, resource) in &after.resources {
            match resource.kek {
                Kek::Customer(of) if of.vault == OUTSIDE => {}
                _ => continue,
            }
            let Some(uid) = self.uids.get(number) else {
                continue;
            };
            let state = states.get(&format!("resource/{uid}")).cloned().flatten();
            let stored: Stored = state
                .and_then(|json| serde_json::from_slice(&json).ok())
                .ok_or_else(|| format!("resource-{number} cannot be read from the ledger"))?;
            let mac = root.keyring_mac(*uid).map_err(|error| error.to_string())?;
            let verified = stored
                .keyring
                .verify(&mac)
                .map_err(|error| error.to_string())?;
            ensure!(
                matches!(verified.kek(), Wrapping::CustomerManaged { .. }),
                "I10: resource-{number} is under a service-managed key"
            );
            for (path, bytes) in &files {
                for sealed in sealed_keys(bytes) {
                    let id = sealed.service_key();
                    ensure!(
                        root.open_service_key(*uid, id, &sealed).is_err(),
                        "I10: {} holds a service-managed key of resource-{number}",
                        path.display()
                    );
                }
            }
        }
        Ok(())
    }

    /// I1, whole: no canary and no clear key in any file; and I7: each chain verifies, with as many
    /// entries as were made.
    pub(crate) fn at_the_end(&self) -> Found {
        let entries = self.spy.entries();
        let ledger = self.spy.ledger().unwrap();
        let (root, derived) = root_keys(&self.data);
        let keys = || Ok((derived.audit_chain()?, derived.state_mac()?));
        let (chain, state) =
            keys().map_err(|error: strongroom_crypto::CryptoError| error.to_string())?;
        let key = Keys { chain, state };
        self.runtime
            .block_on(strongroom_ledger::audit::verify_whole(&*ledger, &key, &[]))
            .map_err(|error| format!("R18: {error}"))?;
        for chain in entries
            .keys()
            .chain(self.entries.keys())
            .collect::<BTreeSet<_>>()
        {
            let began = self.entries.get(chain).copied().unwrap_or(0);
            let verified = self
                .runtime
                .block_on(strongroom_ledger::audit::verify(&*ledger, &key, chain, &[]))
                .map_err(|error| format!("I7: {error}"))?;
            let expected = began + entries.get(chain).copied().unwrap_or(0);
            ensure!(
                verified.entries == expected,
                "I7: {} entries, and {expected} were made",
                verified.entries
            );
            ensure!(
                verified.unknown == 0,
                "I7: {} records without outcome",
                verified.unknown
            );
        }
        let mut needles = vec![CANARY.as_bytes().to_vec(), root.expose().to_vec()];
        needles.extend(self.spy.secrets());
        needles.extend(crate::world::POOL.pieces());
        let search = AhoCorasick::new(&needles).map_err(|error| error.to_string())?;
        for (path, bytes) in contents(&self.data) {
            if let Some(found) = search.find(&bytes) {
                let which = found.pattern().as_usize();
                return Err(format!(
                    "I1: {} holds secret {which} in clear",
                    path.display()
                ));
            }
        }
        Ok(())
    }
}

struct Keys {
    chain: Box<dyn strongroom_crypto::HmacKey>,
    state: Box<dyn strongroom_crypto::HmacKey>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

impl ChainKey for Keys {
    fn tag(&self, message: &[&[u8]]) -> [u8; 32] {
        self.chain.tag(message)
    }

    fn state_tag(&self, message: &[&[u8]]) -> [u8; 32] {
        self.state.tag(message)
    }
}

/// An answer as somebody hears it, without the name that they gave.
fn told(answer: Result<(), Error>, name: &str) -> String {
    match answer {
        Ok(()) => "found".to_owned(),
        Err(error) => format!(
            "{} {}",
            error.code(),
            error.to_string().replace(name, "NAME")
        ),
    }
}

/// The model's permissions for Azure's words.
fn folded<'a>(words: impl Iterator<Item = &'a KeyPermission>) -> BTreeSet<Permission> {
    words
        .map(|word| match word {
            KeyPermission::Get => Permission::Get,
            KeyPermission::WrapKey => Permission::Wrap,
            KeyPermission::UnwrapKey => Permission::Unwrap,
            _ => Permission::Manage,
        })
        .collect()
}

fn stats(folder: &Path, into: &mut BTreeMap<PathBuf, Stat>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            stats(&path, into);
        } else if let Ok(metadata) = entry.metadata()
            && let Ok(modified) = metadata.modified()
        {
            into.insert(path, (modified, metadata.len()));
        }
    }
}

/// Every file below a folder, with what is in it.
pub(crate) fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = BTreeMap::new();
    stats(folder, &mut files);
    let read = |path: PathBuf| std::fs::read(&path).ok().map(|bytes| (path, bytes));
    files.into_keys().filter_map(read).collect()
}

/// Whether `bytes` hold `part`.
pub(crate) fn holds(bytes: &[u8], part: &[u8]) -> bool {
    AhoCorasick::new([part]).is_ok_and(|search| search.is_match(bytes))
}

/// Whatever in some bytes looks like a sealed service-managed key.
fn sealed_keys(bytes: &[u8]) -> Vec<SealedServiceKey> {
    const MAGIC: &[u8] = b"\x93STRSKEY";
    let Ok(search) = AhoCorasick::new([MAGIC]) else {
        return Vec::new();
    };
    search
        .find_iter(bytes)
        .filter_map(|found| {
            let sealed = bytes.get(found.start()..)?;
            SealedServiceKey::parse(sealed.get(..strongroom_crypto::SEALED_SERVICE_KEY_LEN)?).ok()
        })
        .collect()
}

/// Whether it is there to be used; whether its key is within reach is another question.
fn lives(state: ResourceState) -> bool {
    matches!(
        state,
        ResourceState::Active | ResourceState::Inaccessible(_)
    )
}

/// A state without what the asking itself has found: that the key is out of reach (R17).
fn but_for_what_was_found(state: Option<&bytes::Bytes>) -> Option<serde_json::Value> {
    let mut state: serde_json::Value = serde_json::from_slice(state?).unwrap();
    if let Some(members) = state.as_object_mut() {
        members.remove("inaccessible");
    }
    Some(state)
}
