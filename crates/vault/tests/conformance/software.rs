//! What is the software vault's alone: its records, its material, its management side.

use strongroom_base::{Outcome, OutcomeKind};
use strongroom_crypto::{ResourceKey, SecretBytes, WrapAlgorithm};
use strongroom_vault::conformance::{Circumstance, Rig};
use strongroom_vault::key::KeyAction;
use strongroom_vault::software::{Answer, Use, VaultState as _};
use strongroom_vault::vault::{Authorization, VaultAction};
use strongroom_vault::{
    Caller, Denial, KeyId, KeyOperation, KeyPermission, KeyVault, KeyVersion, MaterialRef, Origin,
    Unavailable, VaultAddress, VaultDirectory, VaultError, VaultSuffix,
};

use crate::rig::{IDENTITY, NOW, OTHER_TENANT, OneVault, TENANT};

const ALGORITHM: WrapAlgorithm = WrapAlgorithm::RsaOaep256;

fn sample() -> ResourceKey {
    ResourceKey::from_bytes(&mut [0x5a; 32])
}

/// The key, of whichever version is the latest.
fn latest(rig: &OneVault) -> KeyId {
    KeyId {
        version: None,
        ..rig.versions()[1].clone().into()
    }
}

#[tokio::test]
async fn r18_a_record_says_who_what_of_which_version_when_and_with_what_result() {
    let rig = OneVault::new();
    let (caller, key) = (rig.caller(), latest(&rig));
    let wrapped = rig
        .software
        .wrap(&caller, &key, ALGORITHM, &sample())
        .await
        .unwrap();
    rig.arrange(Circumstance::Revoked(KeyPermission::UnwrapKey))
        .await;
    let denied = rig
        .software
        .unwrap(&caller, &key, ALGORITHM, &wrapped.bytes)
        .await;
    assert!(denied.is_err());
    rig.ask_key(KeyAction::Delete);
    assert!(rig.software.key(&caller, &key).await.is_err());

    let failure = |code| Answer::Failure {
        kind: OutcomeKind::Denied,
        code,
    };
    let newest = Some(KeyVersion::from_bytes([2; 16]));
    let wrap = Use::Operation(KeyOperation::WrapKey);
    let unwrap = Use::Operation(KeyOperation::UnwrapKey);
    let expected = [
        ("KeyWrap", wrap, newest, Answer::Success),
        // Denied before the key was looked at: no version was found.
        ("KeyUnwrap", unwrap, None, failure("AccessDenied")),
        ("KeyGet", Use::Get, None, failure("KeyDeleted")),
    ];
    let recorded = rig.state.operations();
    assert_eq!(recorded.len(), expected.len());
    for (record, (name, what, version, answer)) in recorded.iter().zip(expected) {
        assert_eq!((record.at, &record.caller), (NOW, &caller));
        assert_eq!((&record.vault, &record.key), (&rig.name, &rig.key));
        assert_eq!(record.what.audit_name(), name);
        assert_eq!(
            (record.what, record.version, record.answer),
            (what, version, answer)
        );
    }
}

#[tokio::test]
async fn r18_a_disabled_version_is_recorded_by_its_id() {
    let rig = OneVault::new();
    let attributes = strongroom_vault::conformance::Attributes {
        enabled: false,
        ..Default::default()
    };
    rig.arrange(Circumstance::Attributes(attributes)).await;
    let denied = rig
        .software
        .wrap(&rig.caller(), &latest(&rig), ALGORITHM, &sample())
        .await;
    assert_eq!(denied.unwrap_err().denial(), Some(Denial::KeyDisabled));
    assert_eq!(
        rig.state.operations()[0].version,
        Some(KeyVersion::from_bytes([2; 16]))
    );
}

#[tokio::test]
async fn r15_a_type_that_wraps_nothing_is_refused_by_type_and_revokes_nothing() {
    let rig = OneVault::new();
    rig.arrange(Circumstance::EllipticCurve).await;
    let error = rig
        .software
        .unwrap(&rig.caller(), &latest(&rig), ALGORITHM, &[0; 256])
        .await
        .err();
    let error = error.unwrap();
    assert_eq!((error.kind(), error.denial()), (OutcomeKind::Refused, None));
}

#[tokio::test]
async fn r17_lost_material_is_an_outage_and_broken_material_is_damage() {
    let rig = OneVault::new();
    let (caller, key) = (rig.caller(), latest(&rig));
    let wrapped = rig
        .software
        .wrap(&caller, &key, ALGORITHM, &sample())
        .await
        .unwrap();
    let material = MaterialRef::from_bytes([2; 16]);
    rig.state
        .store_material(material, SecretBytes::new(vec![0x30, 0x00]));
    let broken = rig
        .software
        .unwrap(&caller, &key, ALGORITHM, &wrapped.bytes)
        .await;
    assert!(matches!(broken, Err(VaultError::Damaged)));
    rig.state.lose_material(material);
    let lost = rig
        .software
        .unwrap(&caller, &key, ALGORITHM, &wrapped.bytes)
        .await;
    let unavailable = Unavailable::State;
    assert!(
        matches!(lost, Err(VaultError::Unavailable { unavailable: it, .. }) if it == unavailable)
    );
}

#[tokio::test]
async fn r17_a_closed_firewall_lets_the_service_through_and_nobody_else() {
    let rig = OneVault::new();
    rig.arrange(Circumstance::FirewallDenies { bypass: true })
        .await;
    let key = latest(&rig);
    assert!(rig.software.key(&rig.caller(), &key).await.is_ok());
    let origin = Origin::Address([192, 0, 2, 1].into());
    let error = rig
        .software
        .key(
            &Caller {
                origin,
                ..rig.caller()
            },
            &key,
        )
        .await
        .unwrap_err();
    assert_eq!(error.denial(), Some(Denial::FirewallClosed));
}

#[tokio::test]
async fn r14_a_purge_destroys_the_material_and_frees_the_name() {
    let rig = OneVault::new();
    let materials = [1, 2].map(|n| MaterialRef::from_bytes([n; 16]));
    rig.ask_vault(VaultAction::Delete);
    assert!(materials.iter().all(|material| rig.state.holds(*material)));
    assert!(rig.state.vault(&rig.name).is_some());
    rig.ask_vault(VaultAction::Purge);
    assert!(!materials.iter().any(|material| rig.state.holds(*material)));
    assert_eq!(
        (
            rig.state.vault(&rig.name),
            rig.state.key(&rig.name, &rig.key)
        ),
        (None, None)
    );
}

#[tokio::test]
async fn r07_r14_the_management_side_gives_the_facts_to_its_own_tenant() {
    let rig = OneVault::new();
    let (caller, address) = (rig.caller(), VaultAddress::embedded(rig.name.clone()));
    let properties = rig.software.vault(&caller, &address).await.unwrap();
    assert_eq!(
        (properties.region.as_str(), properties.tenant),
        ("westeurope", TENANT)
    );
    assert!(properties.soft_delete && !properties.purge_protection);
    assert_eq!(properties.authorization, Authorization::AccessPolicies);
    let needed = [
        KeyPermission::Get,
        KeyPermission::WrapKey,
        KeyPermission::UnwrapKey,
    ];
    assert!(
        needed
            .iter()
            .all(|permission| properties.permissions.contains(permission))
    );

    let foreign = Caller {
        tenant: OTHER_TENANT,
        ..rig.caller()
    };
    let error = rig.software.vault(&foreign, &address).await.unwrap_err();
    assert_eq!(error.denial(), Some(Denial::ForeignTenant));
    rig.ask_vault(VaultAction::Delete);
    let error = rig.software.vault(&caller, &address).await.unwrap_err();
    assert_eq!(error.denial(), Some(Denial::VaultDeleted));
    let error = rig.software.vault(&foreign, &address).await.unwrap_err();
    assert_eq!(error.denial(), Some(Denial::ForeignTenant));
    rig.arrange(Circumstance::Unreachable).await;
    let error = rig.software.vault(&caller, &address).await.unwrap_err();
    assert_eq!(error.kind(), OutcomeKind::Unavailable);
}

#[tokio::test]
async fn r06_a_vault_under_another_suffix_is_not_ours_and_nothing_is_asked() {
    let rig = OneVault::new();
    let suffix = VaultSuffix::new("vault.azure.net", None).unwrap();
    let key = KeyId {
        vault: VaultAddress::new(rig.name.clone(), suffix),
        ..latest(&rig)
    };
    let error = rig.software.key(&rig.caller(), &key).await.unwrap_err();
    assert!(matches!(error, VaultError::ForeignVault { .. }));
    assert_eq!(
        (error.kind(), rig.recorded()),
        (OutcomeKind::BadInput, Some(0))
    );
}

#[tokio::test]
async fn r06_a_vault_answers_under_the_suffix_that_it_was_given_and_no_other() {
    let rig = OneVault::new();
    let suffix = VaultSuffix::new("vault.azure.net", None).unwrap();
    let ours = latest(&rig);
    let theirs = KeyId {
        vault: VaultAddress::new(rig.name.clone(), suffix.clone()),
        ..ours.clone()
    };
    let elsewhere = rig.software.clone().with_suffix(suffix);
    let shown = elsewhere.key(&rig.caller(), &theirs).await.unwrap();
    assert_eq!(shown.id.vault, theirs.vault);
    let error = elsewhere.key(&rig.caller(), &ours).await.unwrap_err();
    assert!(matches!(error, VaultError::ForeignVault { .. }));
}

#[tokio::test]
async fn r14_a_purge_clears_the_roles_at_the_vault_and_at_no_other() {
    let rig = OneVault::new();
    let other = "fabrikam".parse().unwrap();
    let held = std::collections::BTreeSet::from([KeyPermission::Get]);
    for vault in [&rig.name, &other] {
        rig.state.assign(vault, IDENTITY, held.clone());
    }
    rig.ask_vault(VaultAction::Delete);
    rig.ask_vault(VaultAction::Purge);
    let caller = rig.caller();
    let roles = async |vault| {
        rig.state
            .snapshot(&caller, vault, None)
            .await
            .unwrap()
            .roles
    };
    assert!(roles(&rig.name).await.is_empty());
    assert_eq!(roles(&other).await, held);
}

#[tokio::test]
async fn r16_names_are_one_in_every_letter_case_and_echo_as_created() {
    let rig = OneVault::new();
    let key = KeyId {
        vault: VaultAddress::embedded("CONTOSO".parse().unwrap()),
        name: "DOCS".parse().unwrap(),
        version: None,
    };
    let properties = rig.software.key(&rig.caller(), &key).await.unwrap();
    let newest = &rig.versions()[1];
    assert_eq!(properties.id.to_string(), newest.to_string());
}

#[tokio::test]
async fn i01_what_is_wrapped_is_shown_by_its_length() {
    let rig = OneVault::new();
    let wrapped = rig
        .software
        .wrap(&rig.caller(), &latest(&rig), ALGORITHM, &sample())
        .await
        .unwrap();
    let shown = format!("{wrapped:?}");
    let id = rig.versions()[1].to_string();
    assert!(
        shown.contains(&id) && shown.contains("256 bytes"),
        "{shown}"
    );
    let bytes = format!("{:?}", wrapped.bytes);
    assert!(!shown.contains(&bytes[1..12]), "{shown}");
}

#[test]
fn i01_nothing_secret_is_printed() {
    let rig = OneVault::new();
    let text = format!("{:?}", rig.software);
    assert!(
        text.contains("MemoryState") && !text.contains("48, 130"),
        "{text}"
    );
}
