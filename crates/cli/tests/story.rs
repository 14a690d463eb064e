//! `docs/story.sh`: the whole story as documented commands, from the first refusal to the way back.

use std::path::Path;
use std::process::Command;

#[test]
fn r08_r09_r10_r07_r13_r14_r15_r16_the_story_holds_from_its_first_refusal_to_the_way_back() {
    let program = Path::new(env!("CARGO_BIN_EXE_strongroom"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/story.sh");
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", program.parent().unwrap().display());
    let told = Command::new("bash")
        .arg(script)
        .env("PATH", path)
        .env("STRONGROOM_DATA", folder.path().join("data"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&told.stdout);
    let failed = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{text}\n{failed}");
    assert!(text.ends_with("story: all of it held\n"), "{text}");
}
