//! The conditions of a customer's key, each broken once: what is refused says why, names the command that
//! mends it, and changes nothing.

use strongroom::{NewResource, ResourceChange, ResourceView, VaultInfo, WrapAlgorithm};
use strongroom_base::Outcome as _;

use super::ground::{Ground, name};
use super::report::Report;
use super::stage::Stage;
use crate::failure::Failure;

/// How every command begins.
const PROGRAM: &str = "strongroom ";

/// What is to be refused, and how.
struct Expected<'a> {
    /// What is wrong, in a few words.
    why: &'a str,
    /// The stable code.
    code: &'static str,
    /// How the command begins that the refusal must print.
    mend: String,
}

/// What came of it.
struct Refused {
    held: bool,
    says: String,
    command: Option<String>,
}

/// What a refusal must leave as it was: every resource and every vault.
#[derive(PartialEq)]
struct Seen {
    resources: Vec<ResourceView>,
    vaults: Vec<VaultInfo>,
}

/// R7, R8, R9, R10, R14 and R15.
pub(super) async fn each(
    stage: &Stage,
    ground: &Ground,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    region_and_tenant(stage, ground, report).await?;
    never_at_creation(stage, ground, report).await?;
    access_policy(stage, ground, report).await?;
    pricing_tier(stage, ground, report).await?;
    recoverable_vault(stage, ground, report).await?;
    rsa_2048(stage, ground, report).await
}

async fn region_and_tenant(
    stage: &Stage,
    ground: &Ground,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let region = Expected {
        why: "a key of a vault in another region",
        code: "KeyVaultRegionMismatch",
        mend: format!("vault create NAME --location {}", ground.region),
    };
    let region = refused(stage, region, set(stage, &ground.elsewhere)).await?;
    let tenant = Expected {
        why: "of a vault of another tenant",
        code: "KeyVaultTenantMismatch",
        mend: format!("vault update tour-foreign --tenant {}", stage.operator().tenant()),
    };
    let tenant = refused(stage, tenant, set(stage, &ground.foreign)).await?;
    told(report, "region and tenant", &["R7"], [region, tenant])
}

async fn never_at_creation(
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
    let create = async { stage.operator().create_resource(new).await.map(drop) };
    let refused = refused(stage, expected, create).await?;
    told(report, "not at creation", &["R8"], [refused])
}

async fn access_policy(
    stage: &Stage,
    ground: &Ground,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let expected = Expected {
        why: "a key that the identity has no permission for, by a caller who cannot grant it",
        code: "KeyVaultPermissionMissing",
        mend: format!("vault grant {} --object-id ", ground.vault),
    };
    let change = set_key(&ground.key);
    let set = async { ground.contributed.change(change).await.map(drop) };
    let refused = refused(stage, expected, set).await?;
    told(report, "access policy", &["R9"], [refused])
}

async fn pricing_tier(
    stage: &Stage,
    ground: &Ground,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let in_tier = |why| Expected {
        why,
        code: "TierWithoutCustomerKeys",
        mend: "resource update tour-free --tier S0".to_owned(),
    };
    let change = set_key(&ground.key);
    let set = async { ground.free.change(change).await.map(drop) };
    let set = refused(stage, in_tier("a customer's key in the free tier F0"), set).await?;
    let enable = async {
        let change = ResourceChange::EnableIdentity;
        ground.free.change(change).await.map(drop)
    };
    let enable = refused(stage, in_tier("a managed identity there"), enable).await?;
    told(report, "pricing tier", &["R10"], [set, enable])
}

async fn recoverable_vault(
    stage: &Stage,
    ground: &Ground,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let expected = Expected {
        why: "a key of a vault without purge protection",
        code: "KeyVaultPurgeProtectionOff",
        mend: "vault update tour-unprotected --purge-protection".to_owned(),
    };
    let refused = refused(stage, expected, set(stage, &ground.unprotected)).await?;
    told(report, "recoverable vault", &["R14"], [refused])
}

async fn rsa_2048(
    stage: &Stage,
    ground: &Ground,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let of_kind = |why| Expected {
        why,
        code: "KeyVaultKeyTypeNotSupported",
        mend: format!("key create {} NAME --kty RSA --size 2048", ground.vault),
    };
    let large = refused(stage, of_kind("an RSA key of 3072 bits"), set(stage, &ground.large));
    let large = large.await?;
    let curve = refused(stage, of_kind("an EC key"), set(stage, &ground.curve)).await?;
    told(report, "RSA 2048", &["R15"], [large, curve])
}

/// Asks for a key on the folder's resource.
async fn set(stage: &Stage, key: &strongroom::KeyVersionId) -> Result<(), strongroom::Error> {
    stage.resource.change(set_key(key)).await.map(drop)
}

pub(super) fn set_key(key: &strongroom::KeyVersionId) -> ResourceChange {
    ResourceChange::SetKey {
        key: key.to_string(),
        algorithm: WrapAlgorithm::RsaOaep256,
    }
}

/// Asks, and holds the answer and the state after it against what they must be.
async fn refused(
    stage: &Stage,
    expected: Expected<'_>,
    asked: impl Future<Output = Result<(), strongroom::Error>>,
) -> Result<Refused, Failure> {
    let Expected { why, code, mend } = expected;
    let before = Seen::now(stage).await?;
    let answer = Box::pin(asked).await;
    let unchanged = Seen::now(stage).await? == before;
    let Err(error) = answer else {
        let says = format!("{why}: it was done");
        return Ok(Refused {
            held: false,
            says,
            command: None,
        });
    };
    let message = error.to_string();
    let command = command(&message);
    let mends = command
        .as_ref()
        .is_some_and(|command| command.starts_with(&format!("{PROGRAM}{mend}")));
    let found = error.code();
    let mut says = format!("{why} [{found}]");
    if !unchanged {
        says.push_str(", and something changed");
    }
    Ok(Refused {
        held: found == code && unchanged && mends,
        says,
        command,
    })
}

/// The command that a message ends in.
fn command(message: &str) -> Option<String> {
    let (_, rest) = message.rsplit_once(PROGRAM)?;
    Some(format!("{PROGRAM}{rest}"))
}

fn told<const N: usize>(
    report: &mut Report<'_>,
    step: &'static str,
    rules: &'static [&'static str],
    refused: [Refused; N],
) -> Result<(), Failure> {
    let ok = refused.iter().all(|one| one.held);
    let says: Vec<_> = refused.iter().map(|one| one.says.as_str()).collect();
    let detail = format!("refused: {}", says.join("; "));
    let mut commands: Vec<_> = refused.iter().filter_map(|one| one.command.clone()).collect();
    commands.dedup();
    report.step_with(step, rules, ok, detail, &commands)
}

impl Seen {
    async fn now(stage: &Stage) -> Result<Self, Failure> {
        Ok(Self {
            resources: stage.room.resources().await?,
            vaults: stage.operator().vaults().await?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_command_of_a_message_is_the_one_that_mends() {
        assert_eq!(
            command("first: strongroom a, then: strongroom b c").as_deref(),
            Some("strongroom b c")
        );
        assert_eq!(command("nothing to type"), None);
    }
}
