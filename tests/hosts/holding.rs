//! `imglock hold` in a guest.

use imglock_qemu::{GuestProgram, LanGuest, Ran};

/// A process in the guest that holds the image.
pub fn holder<'guest>(guest: &'guest LanGuest, image: &str, mode: &str) -> GuestProgram<'guest> {
    let held = guest.start(LanGuest::PROGRAM, &["hold", image, "--mode", mode]);
    let held = held.unwrap_or_else(|error| panic!("{error}"));
    held.await_line(&format!("holding {mode} on ")).unwrap_or_else(|error| panic!("{error}"));
    held
}

/// Ends the holder, which gives the image up.
pub fn release(holder: GuestProgram<'_>) {
    assert_eq!(holder.end().unwrap_or_else(|error| panic!("{error}")), 0);
}

/// Tries to hold the image in the guest.
fn tried(guest: &LanGuest, image: &str, mode: &str) -> Ran {
    let command = ["hold", image, "--mode", mode, "--", LanGuest::PROGRAM, "--version"];
    guest.run(LanGuest::PROGRAM, &command).unwrap_or_else(|error| panic!("{error}"))
}

/// Whether the guest is granted the image. A refusal is in QEMU's words.
pub fn is_granted(guest: &LanGuest, image: &str, mode: &str, permission: &str) -> bool {
    let ran = tried(guest, image, mode);
    if ran.status == 0 {
        assert!(ran.stdout.starts_with("imglock "), "{ran:?}");
        return true;
    }
    let said = format!(
        "error: Failed to get {permission} lock\nIs another process using the image [{image}]?\n"
    );
    assert!(ran.status == 1 && ran.stderr.starts_with(&said), "{ran:?}");
    false
}
