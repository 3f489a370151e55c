//! The embedded scenarios, and the probe, on real file systems.

mod outside;

use outside::mounts::{BTRFS, EXT4, FileSystem, OVERLAY, TMPFS, XFS, output_on};
use rstest::rstest;

const NO_UPPER: &str = ": this file system cannot be the upper one of an overlayfs";

#[rstest]
#[case::ext4(EXT4)]
#[case::xfs(XFS)]
#[case::btrfs(BTRFS)]
#[case::tmpfs(TMPFS)]
#[case::overlay(OVERLAY)]
fn every_scenario_passes_on(#[case] file_system: FileSystem) {
    let script = "$imglock run --dir $dir && $imglock matrix --dir $dir";
    let Some(run) = output_on(file_system, script) else { return };
    let (text, errors) =
        (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert_eq!(run.status.code(), Some(0), "\n{text}{errors}");
    assert!(
        text.contains(" passed, 0 failed, ") && text.contains(" skipped, 0 timed out"),
        "\n{text}"
    );
    // One overlayfs cannot have its upper directory on another.
    let reasons: Vec<_> = text.lines().filter(|line| line.starts_with("  skipped ")).collect();
    match (file_system, reasons.as_slice()) {
        (OVERLAY, [only]) => assert!(only.ends_with(NO_UPPER), "{only}"),
        (_, reasons) => assert_eq!(reasons, &[] as &[&str]),
    }
}

#[rstest]
#[case::ext4(EXT4, "ext4")]
#[case::xfs(XFS, "xfs")]
#[case::btrfs(BTRFS, "btrfs")]
#[case::tmpfs(TMPFS, "tmpfs")]
#[case::overlay(OVERLAY, "overlay")]
fn the_probe_finds_every_rule_kept_on(#[case] file_system: FileSystem, #[case] name: &str) {
    let script = "$imglock probe $dir && test -z \"$(ls $dir | grep -v lost+found)\"";
    let Some(run) = output_on(file_system, script) else { return };
    let (text, errors) =
        (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert_eq!(run.status.code(), Some(0), "\n{text}{errors}");
    assert!(text.contains(&format!("\n  {name} on Linux ")), "\n{text}");
    assert!(text.contains("Fine: `locking=auto`"), "\n{text}");
    // Nothing was left out, io_uring apart, which not every kernel lets us use.
    let table = text.split_once("Killed, it is gone").expect("times").0;
    assert!(!table.contains("not tried"), "\n{text}");
}
