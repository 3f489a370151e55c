//! Results made by hand, with one step of each kind.

use imglock_core::{Backend, Claim, Mode, Outcome, Permission, Refusal, Side, Verdict};
use imglock_engine::Message;
use imglock_qemu::{
    Drill, DrillAccount, DrillAct, DrillCell, DrillEntry, DrillResult, DrillVariant, FileNode,
    HeldMode, ImageLocks, LockEffect, QemuBinary, QemuProgram, QemuVersion, find_drill,
};

pub fn drill() -> &'static Drill {
    find_drill("hotplug").expect("it is in the catalog")
}

/// A run that keeps its locks at first, and then loses them.
pub fn lost() -> DrillResult {
    let variant = DrillVariant { backend: Backend::Posix, node: FileNode::ReadWrite };
    let account = DrillAccount {
        entries: vec![start(), opened(), refused(), removed(), let_in()],
        cells: vec![
            cell("disk.img before", Mode::Rw.claim(), refusal()),
            cell("disk.img", Claim::NOTHING, Outcome::Granted),
        ],
        ..account(variant)
    };
    DrillResult { verdict: Verdict::Passed, reason: String::new(), account }
}

/// The same with OFD locks.
pub fn kept() -> DrillResult {
    let variant = DrillVariant { backend: Backend::Ofd, node: FileNode::ReadWrite };
    let account = DrillAccount {
        cells: vec![cell("disk.img", Mode::Rw.claim(), refusal())],
        ..account(variant)
    };
    DrillResult { verdict: Verdict::Passed, reason: String::new(), account }
}

/// A run that differs from the documentation.
pub fn failed() -> DrillResult {
    let reason = "disk.img: loses was expected, but vm1 keeps its locks".to_owned();
    DrillResult { verdict: Verdict::Failed, reason, ..kept() }
}

fn account(variant: DrillVariant) -> DrillAccount {
    DrillAccount {
        drill: "hotplug".into(),
        variant,
        program: QemuBinary {
            program: QemuProgram::StorageDaemon,
            path: "/usr/bin/qemu-storage-daemon".into(),
            version: QemuVersion::new(10, 0),
        },
        entries: Vec::new(),
        cells: Vec::new(),
    }
}

fn refusal() -> Outcome {
    Outcome::Refused(Refusal { side: Side::Wanted, permission: Permission::Write })
}

fn cell(place: &str, measured: Claim, outcome: Outcome) -> DrillCell {
    let stated = Mode::Rw.claim();
    DrillCell {
        place: place.into(),
        image: "disk.img".into(),
        actor: "vm1".into(),
        stated,
        measured,
        second: Mode::Rw,
        effect: LockEffect::of(stated, measured, Mode::Rw.claim(), outcome == Outcome::Granted),
        outcome,
    }
}

fn start() -> DrillEntry {
    let words = ["qemu-storage-daemon", "--chardev", "stdio,id=qmp", "--object", "two words"];
    entry("vm1", "A QEMU is started", DrillAct::Start(words.map(str::to_owned).into()), Vec::new())
}

fn opened() -> DrillEntry {
    let messages = vec![
        Message::Sent(r#"{"execute":"blockdev-add","arguments":{"driver":"file"}}"#.into()),
        Message::Answered(r#"{"return": {}}"#.into()),
    ];
    let printed =
        ["warning: File lock requested but OFD locking syscall is unavailable", "\u{1b}[2J"];
    DrillEntry {
        messages,
        printed: printed.map(str::to_owned).into(),
        ..entry("vm1", "It opens the image", DrillAct::Tell, vec![holding("vm1")])
    }
}

fn refused() -> DrillEntry {
    entry("second", "It opens disk.img (mode rw)", DrillAct::Prove(refusal()), vec![holding("vm1")])
}

fn removed() -> DrillEntry {
    let mut entry = entry("vm1", "The second node is removed again", DrillAct::Tell, Vec::new());
    entry.locks[0].unlocked = vec!["vm1".into()];
    entry
}

fn let_in() -> DrillEntry {
    let act = DrillAct::Prove(Outcome::Granted);
    entry("second", "It opens disk.img (mode rw)", act, vec![holding("second")])
}

fn holding(actor: &str) -> HeldMode {
    HeldMode { actors: vec![actor.into()], backend: Backend::Posix, claim: Mode::Rw.claim() }
}

fn entry(actor: &str, title: &str, act: DrillAct, holdings: Vec<HeldMode>) -> DrillEntry {
    DrillEntry {
        actor: actor.into(),
        title: title.into(),
        act,
        messages: Vec::new(),
        printed: Vec::new(),
        locks: vec![ImageLocks { image: "disk.img".into(), holdings, unlocked: Vec::new() }],
    }
}
