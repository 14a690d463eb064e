//! After a rotation, "the latest version" is not the one that resources use (R16, R17).

use crate::desk::Desk;

#[test]
fn r17_every_change_of_the_latest_version_says_what_it_leaves_out() {
    let desk = Desk::new();
    let first = desk.under_a_key();
    desk.ok("key rotate contoso docs");
    for change in [
        "--enabled false",
        "--enabled true --expires 2090-01-01",
        "--ops wrapKey,unwrapKey",
    ] {
        let answer = desk.json(&format!("key update contoso docs {change}"));
        let warned = !answer["warning"].is_null();
        assert_eq!(warned, !change.contains("true"), "{change}: {answer}");
    }
    let (_, told) = desk.told("key update contoso docs --expires 2089-01-01");
    assert!(
        told.contains("older version") && told.contains("still unwraps"),
        "{told}"
    );

    // Of a version that was named, what is newer is no news.
    let answer = desk.json(&format!("key disable {first}"));
    assert!(answer["warning"].is_null(), "{answer}");
    desk.ok(&format!("key enable {first}"));
    let both = desk.fails(&format!("key disable {first} --all-versions"));
    assert_eq!((both.0, both.1.as_str()), (2, "BadParameter"));
}

#[test]
fn r17_to_delete_says_what_it_stops() {
    let desk = Desk::new();
    desk.under_a_key();
    desk.ok("key rotate contoso docs");
    let (told, _) = desk.told("key delete contoso docs");
    assert!(told.contains("1 resource"), "{told}");
    assert!(
        told.contains("strongroom key recover contoso docs"),
        "{told}"
    );
    assert_eq!(desk.fails("cat notes/f").1, "KeyDeleted");
    desk.ok("key recover contoso docs");
    assert_eq!(desk.json("vault delete contoso")["stops"], 1);
    desk.ok("vault recover contoso");
    assert_eq!(desk.json("key delete contoso docs")["stops"], 1);
}

#[test]
fn r16_after_a_rotation_the_newer_version_is_mentioned_with_the_command_that_takes_it() {
    let desk = Desk::new();
    desk.under_a_key();
    for line in [
        "resource encryption show notes",
        "resource show notes",
        "explain use notes",
    ] {
        assert!(!desk.ok(line).contains("newer version"), "{line}");
    }
    let second = desk.ok("key rotate contoso docs");
    let command = format!(
        "strongroom resource encryption set notes --key {}",
        second.trim_end()
    );
    for line in [
        "resource encryption show notes",
        "resource show notes",
        "explain use notes",
    ] {
        assert!(desk.ok(line).contains(&command), "{line}");
    }
    let reports = desk.json("resource show notes")["encryption"]["reports"].to_string();
    assert!(reports.contains(&command), "{reports}");
    desk.ok(command.strip_prefix("strongroom ").unwrap());
    assert!(!desk.ok("resource show notes").contains("newer version"));
}
