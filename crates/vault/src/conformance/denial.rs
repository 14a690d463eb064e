//! Why the vault says no.

use super::bench::{Bench, Circumstance, Rig, Skipped, arranged};
use super::states::{Sealed, holds};
use crate::{Denial, KeyOperation, KeyPermission, KeyVersion};

/// Each cause is told as itself, to each operation and to reading (R17); and where a permission is
/// missing, to that one operation alone (R9).
pub async fn every_denial_names_its_cause(bench: &dyn Bench) -> Vec<Skipped> {
    use Circumstance as C;
    let mut skipped = Vec::new();
    for (circumstances, denial) in [
        (vec![C::IdentityGone], Denial::IdentityGone),
        (vec![C::IdentityLeftBehind], Denial::ForeignTenant),
        (vec![C::OtherTenantTrusted], Denial::ForeignTenant),
        (vec![C::VaultDeleted], Denial::VaultDeleted),
        (vec![C::VaultDeleted, C::VaultPurged], Denial::VaultNotFound),
        (
            vec![C::FirewallDenies { bypass: false }],
            Denial::FirewallClosed,
        ),
        (vec![C::KeyDeleted], Denial::KeyDeleted),
        (vec![C::KeyDeleted, C::KeyPurged], Denial::KeyNotFound),
    ] {
        let rig = bench.rig().await;
        let before = Sealed::by(rig.as_ref()).await;
        if let Err(it) = all_arranged(rig.as_ref(), circumstances).await {
            skipped.push(it);
            continue;
        }
        before
            .expect(bench, rig.as_ref(), Err(denial), Err(denial))
            .await;
        reading_is_denied(bench, rig.as_ref(), &before, denial).await;
    }

    let permissions = [
        KeyPermission::WrapKey,
        KeyPermission::UnwrapKey,
        KeyPermission::Encrypt,
        KeyPermission::Decrypt,
        KeyPermission::Get,
    ];
    for permission in permissions {
        let rig = bench.rig().await;
        let before = Sealed::by(rig.as_ref()).await;
        if let Err(it) = arranged(rig.as_ref(), C::Revoked(permission)).await {
            skipped.push(it);
            continue;
        }
        let denial = Denial::PolicyMissing { permission };
        for (operation, outcome) in before.ask(rig.as_ref()).await {
            let missing = operation.permission() == permission;
            holds(
                bench,
                operation,
                outcome,
                if missing { Err(denial) } else { Ok(()) },
            );
        }
        if permission == KeyPermission::Get {
            reading_is_denied(bench, rig.as_ref(), &before, denial).await;
        }
    }

    let rig = bench.rig().await;
    let before = Sealed::by(rig.as_ref()).await;
    match arranged(rig.as_ref(), C::RoleModeWithoutRoles).await {
        Err(it) => skipped.push(it),
        Ok(()) => {
            for (operation, outcome) in before.ask(rig.as_ref()).await {
                let permission = operation.permission();
                holds(
                    bench,
                    operation,
                    outcome,
                    Err(Denial::RoleMissing { permission }),
                );
            }
        }
    }
    for circumstance in [C::RoleModeWithRoles, C::FirewallDenies { bypass: true }] {
        let rig = bench.rig().await;
        let before = Sealed::by(rig.as_ref()).await;
        match arranged(rig.as_ref(), circumstance).await {
            Err(it) => skipped.push(it),
            Ok(()) => before.expect(bench, rig.as_ref(), Ok(()), Ok(())).await,
        }
    }

    let rig = bench.rig().await;
    let mut before = Sealed::by(rig.as_ref()).await;
    let unknown = KeyVersion::from_bytes([0xee; 16]);
    before.key.version = Some(unknown);
    let denial = Denial::KeyNotFound;
    before
        .expect(bench, rig.as_ref(), Err(denial), Err(denial))
        .await;
    reading_is_denied(bench, rig.as_ref(), &before, denial).await;
    skipped
}

/// Where two causes stand in the way, the one that is judged first is told. Above all, who is not
/// permitted does not learn whether the key is there (I5).
pub async fn what_is_judged_first_is_told(bench: &dyn Bench) -> Vec<Skipped> {
    use Circumstance as C;
    let mut skipped = Vec::new();
    let permission = KeyPermission::UnwrapKey;
    let revoked = || C::Revoked(permission);
    let missing = Denial::PolicyMissing { permission };
    let closed = C::FirewallDenies { bypass: false };
    for (circumstances, denial) in [
        (vec![revoked(), C::KeyDeleted], missing),
        (vec![revoked(), C::KeyDeleted, C::KeyPurged], missing),
        (vec![revoked(), closed.clone()], Denial::FirewallClosed),
        (vec![closed, C::VaultDeleted], Denial::VaultDeleted),
        (vec![C::VaultDeleted, C::IdentityGone], Denial::IdentityGone),
    ] {
        let rig = bench.rig().await;
        let before = Sealed::by(rig.as_ref()).await;
        if let Err(it) = all_arranged(rig.as_ref(), circumstances).await {
            skipped.push(it);
            continue;
        }
        for (operation, outcome) in before.ask(rig.as_ref()).await {
            if operation == KeyOperation::UnwrapKey {
                holds(bench, operation, outcome, Err(denial));
            }
        }
    }
    skipped
}

async fn all_arranged(rig: &dyn Rig, circumstances: Vec<Circumstance>) -> Result<(), Skipped> {
    for circumstance in circumstances {
        arranged(rig, circumstance).await?;
    }
    Ok(())
}

async fn reading_is_denied(bench: &dyn Bench, rig: &dyn Rig, before: &Sealed, denial: Denial) {
    match rig.vault().key(&rig.caller(), &before.key).await {
        Ok(_) => panic!("the key was shown, and should be denied: {denial}"),
        Err(error) => assert_eq!(error.denial(), Some(bench.told_as(denial)), "{error}"),
    }
}
