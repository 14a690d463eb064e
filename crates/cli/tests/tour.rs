//! The tour over a small folder: every step, every way, and what it says of them.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What `docs/tour.md` lists, in this order.
const STEPS: [&str; 19] = [
    "create",
    "canaries",
    "put",
    "search control",
    "search at rest",
    "region and tenant",
    "not at creation",
    "access policy",
    "pricing tier",
    "recoverable vault",
    "RSA 2048",
    "customer key",
    "rotation",
    "revocation",
    "healing",
    "read back",
    "search again",
    "audit",
    "audit record",
];

const WAYS: [&str; 9] = [
    "policy_removed",
    "key_disabled",
    "key_deleted",
    "vault_deleted",
    "firewall_closed",
    "identity_disabled",
    "resource_moved",
    "group_moved",
    "subscription_moved",
];

/// A folder with some files below it.
fn desk() -> TempDir {
    let desk = tempfile::tempdir().unwrap();
    let folder = desk.path().join("folder");
    fs::create_dir_all(folder.join("below")).unwrap();
    for (number, name) in (0..).zip(["one", "two", "below/three"]) {
        let bytes: Vec<u8> = (0..50_000_u32)
            .flat_map(|i| i.wrapping_mul(2_654_435_761 + number).to_be_bytes())
            .collect();
        fs::write(folder.join(name), bytes).unwrap();
    }
    desk
}

fn tour(desk: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_strongroom"))
        .args(args)
        .current_dir(desk)
        // What is meant for other installations is not meant for the tour's.
        .env("STRONGROOM_DATA", desk.join("elsewhere"))
        .env("STRONGROOM_LEASE", "3600s")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn the_tour_shows_every_rule_and_all_of_it_holds() {
    let desk = desk();
    let output = tour(desk.path(), &["tour", "folder", "--json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    let line = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{line}\n{said}");
    let report: Value = serde_json::from_str(line.trim_end()).unwrap();
    assert_eq!(line.lines().count(), 1);
    assert_eq!(report["ok"], true);

    let steps = report["steps"].as_array().unwrap();
    let names: Vec<&str> = steps
        .iter()
        .map(|step| step["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, STEPS);
    let detail = |name| {
        let step = steps.iter().find(|step| step["name"] == name).unwrap();
        step["detail"].as_str().unwrap()
    };
    for (step, code) in [
        ("region and tenant", "KeyVaultRegionMismatch"),
        ("region and tenant", "KeyVaultTenantMismatch"),
        ("not at creation", "CmkNotAllowedAtCreation"),
        ("access policy", "KeyVaultPermissionMissing"),
        ("pricing tier", "TierWithoutCustomerKeys"),
        ("recoverable vault", "KeyVaultPurgeProtectionOff"),
        ("RSA 2048", "KeyVaultKeyTypeNotSupported"),
    ] {
        assert!(detail(step).contains(code), "{step}: {}", detail(step));
        assert!(detail(step).contains("mended by: strongroom "), "{step}");
    }
    assert!(detail("audit record").contains("correlation"));

    assert_eq!(report["rotation"]["objects_rewritten"], 0);
    let operations = report["rotation"]["vault_operations"].as_u64().unwrap();
    assert!(operations >= 2, "an unwrap and a wrap, at least");
    let ways = report["revocation"].as_array().unwrap();
    let names: Vec<&str> = ways
        .iter()
        .map(|way| way["way"].as_str().unwrap())
        .collect();
    assert_eq!(names, WAYS);
    for way in ways {
        assert_eq!(way["healed"], true, "{way}");
        assert_eq!(way["bound_ms"], 1_000);
        let times = ["observed_ms", "new_ms", "running_ms"].map(|time| way[time].as_u64().unwrap());
        assert_eq!(times[0], times[1].max(times[2]), "{way}");
    }
    assert_eq!(report["readback"]["files"], 3);
    // Nothing is left of it.
    let left = fs::read_dir(desk.path()).unwrap().count();
    assert_eq!(left, 1);
}

#[test]
fn people_read_a_line_a_step_and_a_table_of_the_ways() {
    let desk = desk();
    let output = tour(
        desk.path(),
        &["--data", "kept", "--lease", "1500ms", "tour", "folder"],
    );
    let told = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{said}");
    let mut lines = told.lines();
    for step in STEPS {
        let begins = format!("✓ {step}");
        assert!(
            lines.any(|line| line.starts_with(&begins)),
            "{step}\n{told}"
        );
    }
    for way in WAYS {
        let words = way.replace('_', " ");
        let mut rows = told.lines().filter(|line| line.contains(&words));
        assert!(
            rows.any(|row| row.contains("1500 ms") && row.ends_with("held")),
            "{told}"
        );
    }
    assert!(told.trim_end().ends_with("All of it held."));
    assert!(!told.contains('\u{1b}'));
}

#[test]
fn the_tour_is_documented_step_by_step() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tour.md");
    let page = fs::read_to_string(page).unwrap();
    let mut lines = page.lines();
    for step in STEPS {
        let row = format!("| {step} |");
        assert!(lines.any(|line| line.starts_with(&row)), "{step}");
    }
    for way in WAYS {
        assert!(page.contains(&format!("`{way}`")), "{way}");
    }
}
