//! A COMMAND that is a QEMU tool meets imglock's own locks. The warning about that, compared with
//! what the tool says.

use std::path::Path;

use imglock_core::Mode;
use rstest::rstest;

use crate::holder::{Ended, hold, run};
use crate::outside::{Folder, is_met, not_installed};

/// The modes to hold the image in: one of each kind.
const HELD: [Mode; 9] = [
    Mode::None,
    Mode::Ro,
    Mode::Rw,
    Mode::RoShareRw,
    Mode::ShareRw,
    Mode::Qcow2Ro,
    Mode::Qcow2Rw,
    Mode::Resize,
    Mode::MirrorTarget,
];

fn tools() -> bool {
    is_met("qemu-tools", not_installed("qemu-img").or_else(|| not_installed("qemu-io")))
}

/// Runs `line` in a new folder while its file `d`, of this format, is held.
fn held(mode: Mode, format: &str, line: &str) -> Ended {
    let folder = Folder::new();
    for (name, format) in [("d", format), ("o", "raw")] {
        let mut create = std::process::Command::new("qemu-img");
        create.args(["create", "-q", "-f", format, name, "1M"]).current_dir(folder.path());
        assert_eq!(run(create).code, 0);
    }
    let mut words = vec!["--"];
    words.extend(line.split(' '));
    let mut command = hold(Path::new("d"), mode.name(), &words);
    command.current_dir(folder.path());
    run(command)
}

#[rstest]
#[case("qemu-img info d")]
#[case("qemu-img info -U d")]
#[case("qemu-img check -r all d")]
#[case("qemu-img map --output=json d")]
#[case("qemu-img map -U d")]
#[case("qemu-img convert -O raw d out")]
#[case("qemu-img convert -U -O raw d out")]
#[case("qemu-img convert -O raw o d")]
#[case("qemu-img convert -O qcow2 o d")]
#[case("qemu-img convert -n -O raw o d")]
#[case("qemu-img dd if=d of=out bs=64k")]
#[case("qemu-img dd if=o of=d bs=64k")]
#[case("qemu-img compare o d")]
#[case("qemu-img measure -O qcow2 d")]
#[case("qemu-img bench -c 1 d")]
#[case("qemu-img bench -w -c 1 d")]
#[case("qemu-img snapshot -l d")]
#[case("qemu-img snapshot -c now d")]
#[case("qemu-img resize -q d 2M")]
#[case("qemu-img create -q -f raw d 1M")]
#[case("qemu-img create -q -f qcow2 d 1M")]
#[case("qemu-img create -q -f qcow2 -b d -F raw o")]
#[case("qemu-io -c quit d")]
#[case("qemu-io -r -c quit d")]
#[case("qemu-io -r -U -c quit d")]
#[case("qemu-io -f raw -c quit d")]
fn a_tool_is_warned_of_exactly_when_it_is_refused(
    #[case] line: &str,
    #[values("raw", "qcow2")] format: &str,
) {
    if !tools() {
        return;
    }
    for mode in HELD {
        let ended = held(mode, format, line);
        let warned = ended.stderr.contains("would be refused");
        let refused = ended.stderr.contains("Failed to get ");
        assert_eq!(warned, refused, "{mode} on {format}, {line}: {ended:?}");
    }
}

#[rstest]
#[case::a_reader_beside_a_writer(
    Mode::Rw,
    "qemu-img convert -O qcow2 d out",
    "qemu-img convert opens the image in mode cdrom, which conflicts with rw that imglock holds, \
     and would be refused; add -U to qemu-img convert or hold with `--mode ro`, which refuses \
     writers"
)]
#[case::nothing_beside_it(
    Mode::MirrorTarget,
    "qemu-img map d",
    "qemu-img map opens the image in mode tool-ro, which conflicts with mirror-target that imglock \
     holds, and would be refused; hold with `--mode ro`, which refuses writers"
)]
#[case::a_writer(
    Mode::Rw,
    "qemu-img resize -q d 2M",
    "qemu-img resize opens the image in mode resize, which conflicts with rw that imglock holds, \
     and would be refused; run qemu-img resize without `imglock hold`: it locks the image itself"
)]
fn the_warning_says_what_fits(#[case] mode: Mode, #[case] line: &str, #[case] says: &str) {
    if !tools() {
        return;
    }
    let ended = held(mode, "raw", line);
    assert_eq!(ended.stderr.lines().next(), Some(&*format!("imglock: warning: {says}")));
    let fits = line.replace(" d", if says.contains("-U") { " -U d" } else { " d" });
    if says.contains("--mode ro") {
        assert_eq!(held(Mode::Ro, "raw", line).code, 0, "{line}");
    }
    if says.contains("-U") {
        assert_eq!(held(mode, "raw", &fits).code, 0, "{fits}");
    }
}

/// Without locks of its own, imglock refuses nothing.
#[test]
fn without_locks_there_is_nothing_to_warn_of() {
    if !tools() {
        return;
    }
    let folder = Folder::new();
    let image = folder.file("d", &"x".repeat(1000));
    let path = image.to_str().expect("UTF-8");
    let words = ["--locking", "off", "--", "qemu-img", "map", "-f", "raw", path];
    let ended = run(hold(&image, "mirror-target", &words));
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(!ended.stderr.contains("would be refused"), "{ended:?}");
}
