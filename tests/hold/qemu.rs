//! `hold` and real QEMU tools refuse each other according to the mode matrix,
//! with the same messages.
//!
//! It takes qemu-img and qemu-io. Without them a test is skipped and says why,
//! unless `IMGLOCK_REQUIRE` names `qemu-tools`.

use std::path::{Path, PathBuf};
use std::process::Command;

use imglock_core::{Backend, ByteLocks, LockType, Mode, Outcome, RangeSpec};
use imglock_locks::KernelLocks;
use rstest::rstest;

use crate::holder::{Ended, Holder, hold, run};
use crate::outside::{Folder, is_met, not_installed};
use crate::pairs::by_the_table;

fn tools() -> bool {
    is_met("qemu-tools", not_installed("qemu-img").or_else(|| not_installed("qemu-io")))
}

fn image(folder: &Folder, format: &str) -> PathBuf {
    let path = folder.path().join("disk.img");
    let mut create = Command::new("qemu-img");
    create.args(["create", "-q", "-f", format]).arg(&path).arg("1M");
    assert_eq!(run(create).code, 0);
    path
}

/// `line`, with the image at its end.
fn tool(line: &str, image: &Path, after: &[&str]) -> Command {
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().expect("a program"));
    command.args(words).arg(image).args(after);
    command
}

/// The two lines of a refusal, without the program's own prefix.
fn refusal(ended: &Ended) -> String {
    let from = ended.stderr.find("Failed to").unwrap_or(0);
    ended.stderr[from..].lines().take(2).collect::<Vec<_>>().join("\n")
}

#[rstest]
#[case::writing("raw", "qemu-io -f raw -c quit", &[], Mode::ToolRw)]
#[case::reading("raw", "qemu-io -r -f raw -c quit", &[], Mode::ToolRo)]
#[case::tolerating_writers("raw", "qemu-io -r -U -f raw -c quit", &[], Mode::ForceShare)]
#[case::asking_reads_no_data("raw", "qemu-img info", &[], Mode::None)]
#[case::asking_about_qcow2("qcow2", "qemu-img info", &[], Mode::Qcow2Info)]
#[case::asking_whoever_writes("qcow2", "qemu-img info -U", &[], Mode::None)]
#[case::resizing("raw", "qemu-img resize -q -f raw", &["1M"], Mode::Resize)]
#[case::making_it_anew("raw", "qemu-img create -q -f raw", &["1M"], Mode::Create)]
#[case::writing_qcow2("qcow2", "qemu-io -f qcow2 -c quit", &[], Mode::Qcow2Rw)]
#[case::reading_qcow2("qcow2", "qemu-io -r -f qcow2 -c quit", &[], Mode::Qcow2Ro)]
fn a_tool_is_refused_by_a_hold_as_the_table_says(
    #[case] format: &str,
    #[case] line: &str,
    #[case] after: &[&str],
    #[case] mode: Mode,
) {
    if !tools() {
        return;
    }
    let folder = Folder::new();
    let image = image(&folder, format);
    for &first in Mode::ALL {
        let _holder = Holder::of(&image, first.name());
        let ended = run(tool(line, &image, after));
        let what = format!("`{line}` beside {first}: {ended:?}");
        match by_the_table(first, mode) {
            Outcome::Refused(over) => {
                assert_eq!(ended.code, 1, "{what}");
                let name = image.display();
                let words = over.qemu_message();
                let words = format!("{words}\nIs another process using the image [{name}]?");
                assert_eq!(refusal(&ended), words, "{what}");
            }
            _ => assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{what}"),
        }
    }
}

#[rstest]
#[case::writing("raw", "qemu-io -f raw", Mode::ToolRw)]
#[case::reading("raw", "qemu-io -r -f raw", Mode::ToolRo)]
#[case::tolerating_writers("raw", "qemu-io -r -U -f raw", Mode::ForceShare)]
#[case::writing_qcow2("qcow2", "qemu-io -f qcow2", Mode::Qcow2Rw)]
#[case::reading_qcow2("qcow2", "qemu-io -r -f qcow2", Mode::Qcow2Ro)]
fn a_hold_is_refused_by_a_tool_as_the_table_says(
    #[case] format: &str,
    #[case] line: &str,
    #[case] mode: Mode,
) {
    if !tools() {
        return;
    }
    let folder = Folder::new();
    let image = image(&folder, format);
    let mut qemu = Holder::start(tool(line, &image, &[]));
    // It has opened the image before it prints the prompt.
    assert_eq!(qemu.output(9), "qemu-io> ");
    for &second in Mode::ALL {
        let ended = run(hold(&image, second.name(), &["--", "true"]));
        let what = format!("{second} beside `{line}`: {ended:?}");
        match by_the_table(mode, second) {
            Outcome::Refused(over) => {
                assert_eq!(ended.code, 1, "{what}");
                assert!(refusal(&ended).starts_with(&over.qemu_message()), "{what}");
            }
            _ => assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{what}"),
        }
    }
    qemu.close_input();
    assert_eq!(qemu.ended().code, 0);
    assert_eq!(run(hold(&image, "stream-top", &["--", "true"])).code, 0, "it has let go");
}

/// QEMU's two lines and ours, for one and the same cause.
#[rstest]
#[case::wanted("mirror-target", "tool-ro", "qemu-io -r -f raw -c quit")]
#[case::wanted_to_write("rw", "tool-rw", "qemu-io -f raw -c quit")]
#[case::shared("rw", "create", "qemu-img create -q -f raw")]
fn both_say_it_in_the_same_words(#[case] held: &str, #[case] mode: &str, #[case] line: &str) {
    if !tools() {
        return;
    }
    let folder = Folder::new();
    let image = image(&folder, "raw");
    let _holder = Holder::of(&image, held);
    let qemu = run(tool(line, &image, if mode == "create" { &["1M"] } else { &[] }));
    let ours = run(hold(&image, mode, &["--", "true"]));
    assert_eq!(refusal(&ours), refusal(&qemu), "{qemu:?}");
    assert!(refusal(&ours).contains("Is another process using the image ["), "{ours:?}");
}

#[test]
fn both_name_the_byte_that_a_stranger_has_locked() {
    if !tools() {
        return;
    }
    let folder = Folder::new();
    let image = image(&folder, "raw");
    let file = std::fs::File::options().write(true).open(&image).expect("the image");
    let mut locks = KernelLocks::new(std::os::fd::AsFd::as_fd(&file), Backend::Ofd);
    locks.set(LockType::Write, RangeSpec::byte(101)).expect("nobody else is there");
    let qemu = run(tool("qemu-io -f raw -c quit", &image, &[]));
    let ours = run(hold(&image, "rw", &["--", "true"]));
    let first = |ended: &Ended| refusal(ended).lines().next().map(str::to_owned);
    assert_eq!(first(&ours).as_deref(), Some("Failed to lock byte 101"));
    assert_eq!(first(&ours), first(&qemu));
    assert_eq!(ours.code, 1);
}
