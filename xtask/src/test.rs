//! `cargo xtask test`: every test there is.

use anyhow::Result;

use crate::house::House;
use crate::steps::Steps;
use crate::tools;

const CRYPTO: &str = "strongroom-crypto";

/// The core's features, each set tested alone. In a run over the workspace cargo unites the
/// features of all members (both providers and serde), so nothing there shows that one provider
/// suffices. One set goes with serde, so that serde is seen with a single provider too; the plain
/// default features are built by `check package`.
const CRYPTO_FEATURES: &[&str] = &["ring,serde", "aws-lc-rs", "ring,aws-lc-rs"];

/// Run every test: the workspace, then the cryptographic core with each provider alone and both
#[derive(clap::Args)]
pub struct Args {
    /// Test this package alone (more than once: these)
    #[arg(long, short, value_name = "PACKAGE")]
    package: Vec<String>,
    /// Install nothing; what is missing is a failure at once
    #[arg(long)]
    no_install: bool,
}

/// Runs the verb; the answer is whether all was well.
pub fn run(args: &Args) -> Result<bool> {
    let house = House::open()?;
    for name in &args.package {
        house.package(name)?;
    }
    let mut steps = Steps::default();
    steps.check("system tools", || tools::system(!args.no_install));
    steps.check("tools of the tests", || {
        tools::for_tests(&house, !args.no_install)
    });

    let test = |rest: &[&str]| {
        let mut command = house.cargo(["test", "--locked", "--no-fail-fast"]);
        command.args(rest);
        command
    };
    if args.package.is_empty() {
        steps.command("test workspace", &mut test(&["--workspace"]));
    }
    for name in &args.package {
        steps.command(&format!("test {name}"), &mut test(&["--package", name]));
    }
    if args.package.is_empty() || args.package.iter().any(|name| name == CRYPTO) {
        for features in CRYPTO_FEATURES {
            steps.command(
                &format!("test crypto: {features}"),
                &mut test(&[
                    "--package",
                    CRYPTO,
                    "--no-default-features",
                    "--features",
                    features,
                ]),
            );
        }
    }
    Ok(steps.finish())
}
