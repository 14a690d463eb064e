//! The conditions of a customer's key, each broken once: what is refused says why, names the command that
//! mends it, and changes nothing.

mod case;

use strongroom::{KeyVersionId, NewResource, ResourceChange, WrapAlgorithm};

use self::case::{Case, Expected, Refused, Seen, tell};
use super::ground::{Ground, name};
use super::report::Report;
use super::stage::Stage;
use crate::failure::Failure;

/// R7, R8, R9, R10, R14 and R15.
pub(super) async fn each(
    stage: &Stage,
    ground: &Ground,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    region_and_tenant(stage, ground, report).await?;
    not_at_creation(stage, ground, report).await?;
    access_policy(stage, ground, report).await?;
    pricing_tier(stage, ground, report).await?;
    recoverable_vault(stage, ground, report).await?;
    rsa_2048(stage, ground, report).await
}

/// A change of a resource to a key.
pub(super) fn set_key(key: &KeyVersionId) -> ResourceChange {
    ResourceChange::SetKey {
        key: key.to_string(),
        algorithm: WrapAlgorithm::RsaOaep256,
    }
}

async fn region_and_tenant(
    stage: &Stage,
    ground: &Ground,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let region = Case {
        resource: &stage.resource,
        change: set_key(&ground.elsewhere),
        expected: Expected {
            why: "a key of a vault in another region",
            code: "KeyVaultRegionMismatch",
            mend: format!("vault create NAME --location {}", ground.region),
        },
        typed: false,
    };
    let tenant = Case {
        resource: &stage.resource,
        change: set_key(&ground.foreign),
        expected: Expected {
            why: "a key of a vault of another tenant",
            code: "KeyVaultTenantMismatch",
            mend: format!(
                "vault update tour-foreign --tenant {}",
                stage.operator().tenant()
            ),
        },
        typed: true,
    };
    let refused = [region.ask(stage).await?, tenant.ask(stage).await?];
    tell(report, "region and tenant", &["R7"], &refused)
}

async fn not_at_creation(
    stage: &Stage,
    ground: &Ground,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let new = NewResource {
        customer_key: Some(ground.key.to_string()),
        ..NewResource::new(name("tour-hasty")?, ground.region.clone())
    };
    let expected = Expected {
        why: "a creation that asks for a customer's key",
        code: "CmkNotAllowedAtCreation",
        mend: "resource encryption set tour-hasty --key https://".to_owned(),
    };
    let before = Seen::now(stage).await?;
    let answer = Box::pin(stage.operator().create_resource(new)).await;
    let unchanged = Seen::now(stage).await? == before;
    let refused: Refused = expected.holds_of(answer.map(drop), unchanged);
    tell(report, "not at creation", &["R8"], &[refused])
}

async fn access_policy(
    stage: &Stage,
    ground: &Ground,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let case = Case {
        resource: &ground.contributed,
        change: set_key(&ground.key),
        expected: Expected {
            why: "a key that the identity has no permission for, by a caller who cannot grant it",
            code: "KeyVaultPermissionMissing",
            mend: format!("vault grant {} --object-id ", ground.vault),
        },
        typed: true,
    };
    tell(report, "access policy", &["R9"], &[case.ask(stage).await?])
}

async fn pricing_tier(
    stage: &Stage,
    ground: &Ground,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let case = |change, why, typed| Case {
        resource: &ground.free,
        change,
        expected: Expected {
            why,
            code: "TierWithoutCustomerKeys",
            mend: "resource update tour-free --tier S0".to_owned(),
        },
        typed,
    };
    let enable = ResourceChange::EnableIdentity;
    let enable = case(enable, "a managed identity in the free tier F0", false);
    let set = case(set_key(&ground.key), "a customer's key there", true);
    let refused = [enable.ask(stage).await?, set.ask(stage).await?];
    tell(report, "pricing tier", &["R10"], &refused)
}

async fn recoverable_vault(
    stage: &Stage,
    ground: &Ground,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let case = Case {
        resource: &stage.resource,
        change: set_key(&ground.unprotected),
        expected: Expected {
            why: "a key of a vault without purge protection",
            code: "KeyVaultPurgeProtectionOff",
            mend: "vault update tour-unprotected --purge-protection".to_owned(),
        },
        typed: true,
    };
    tell(
        report,
        "recoverable vault",
        &["R14"],
        &[case.ask(stage).await?],
    )
}

async fn rsa_2048(stage: &Stage, ground: &Ground, report: &mut Report<'_>) -> Result<(), Failure> {
    let case = |key, why| Case {
        resource: &stage.resource,
        change: set_key(key),
        expected: Expected {
            why,
            code: "KeyVaultKeyTypeNotSupported",
            mend: format!("key create {} NAME --kty RSA --size 2048", ground.vault),
        },
        typed: false,
    };
    let large = case(&ground.large, "an RSA key of 3072 bits")
        .ask(stage)
        .await?;
    let curve = case(&ground.curve, "an EC key").ask(stage).await?;
    tell(report, "RSA 2048", &["R15"], &[large, curve])
}
