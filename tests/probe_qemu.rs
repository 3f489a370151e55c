//! The probe's statements about QEMU match QEMU's behaviour on the same kernels.
//!
//! It takes `qemu-io`. Without it a test is skipped and says so, unless
//! `IMGLOCK_REQUIRE` names `qemu-tools`.

mod outside;

use std::process::{Command, Output};

use nix::errno::Errno;
use outside::Folder;
use outside::refusing::{OFD, POSIX, Refusal, output_under};
use outside::{is_met, not_installed};
use rstest::rstest;

/// The complete output of `qemu-io` when it opens an image with this option,
/// and the probe's advice under the same filter.
fn told(filter: &Refusal, locking: &str) -> Option<(Output, String)> {
    if !is_met("qemu-tools", not_installed("qemu-io")) {
        return None;
    }
    let folder = Folder::new();
    let mut probe = Command::new(env!("CARGO_BIN_EXE_imglock"));
    probe.args(["probe", "--rounds", "1"]).arg(folder.path());
    let probe = output_under(std::slice::from_ref(filter), probe);
    let image = folder.file("disk.img", "a guest's data");
    let mut qemu = Command::new("qemu-io");
    let node = format!("driver=file,locking={locking},filename={}", image.display());
    qemu.args(["--image-opts", &node, "-c", "write 0 512"]);
    let qemu = output_under(std::slice::from_ref(filter), qemu);
    let advice = String::from_utf8_lossy(&probe.stdout).into_owned();
    Some((qemu, advice.split_whitespace().collect::<Vec<_>>().join(" ")))
}

const NO_LOCKS: i32 = Errno::ENOLCK as i32;

#[rstest]
#[case::a_file_system_without_locks(Refusal::fcntl(&[37, 38, 6, 7], NO_LOCKS), "auto")]
#[case::and_on(Refusal::fcntl(&[37, 38, 6, 7], NO_LOCKS), "on")]
#[case::a_kernel_without_locks(Refusal::fcntl(&[OFD, POSIX].concat(), NO_LOCKS), "on")]
fn qemu_does_not_start(#[case] filter: Refusal, #[case] locking: &str) {
    let Some((qemu, advice)) = told(&filter, locking) else { return };
    let says = String::from_utf8_lossy(&qemu.stderr);
    assert!(!qemu.status.success(), "{says}");
    let error = "Failed to lock byte 100: No locks available";
    assert!(says.contains(error), "{says}");
    assert!(advice.contains(error), "{advice}");
    assert!(advice.contains("Use `locking=off`"), "{advice}");
    // The advised option then works.
    let (qemu, _) = told(&filter, "off").expect("it is installed");
    assert!(qemu.status.success(), "{}", String::from_utf8_lossy(&qemu.stderr));
}

#[rstest]
#[case::ofd(Refusal::fcntl(&OFD, Errno::EINVAL as i32))]
#[case::all(Refusal::fcntl(&[OFD, POSIX].concat(), NO_LOCKS))]
fn qemu_locks_nothing_and_does_not_say_so(#[case] filter: Refusal) {
    let Some((qemu, advice)) = told(&filter, "auto") else { return };
    let says = String::from_utf8_lossy(&qemu.stderr);
    assert!(qemu.status.success(), "{says}");
    assert!(!says.contains("lock"), "{says}");
    let told = "With `locking=auto`, the default, QEMU locks nothing here and prints no warning";
    assert!(advice.contains(told), "{advice}");
}

#[test]
fn qemu_falls_back_where_it_is_told_to_lock() {
    let filter = Refusal::fcntl(&OFD, Errno::EINVAL as i32);
    let Some((qemu, advice)) = told(&filter, "on") else { return };
    let says = String::from_utf8_lossy(&qemu.stderr);
    assert!(qemu.status.success(), "{says}");
    assert!(says.contains("falling back to POSIX file locks"), "{says}");
    assert!(advice.contains("`locking=on` falls back to POSIX locks"), "{advice}");
}
