//! Results made by hand, with one step of each kind.

use imglock_harness::drill::{
    self, Account, Act, Cell, Drill, DrillResult, Effect, Entry, FileNode, Holding, ImageLocks,
    Variant,
};
use imglock_harness::image::{Claim, Mode, Permission, Refusal, Side};
use imglock_harness::lock::Backend;
use imglock_harness::qemu::{Binary, Message, Program, Version};
use imglock_harness::run::Verdict;
use imglock_harness::step::Outcome;

pub fn drill() -> &'static Drill {
    drill::find("hotplug").expect("it is in the catalog")
}

/// A run that keeps its locks at first, and then loses them.
pub fn lost() -> DrillResult {
    let variant = Variant { backend: Backend::Posix, node: FileNode::ReadWrite };
    let account = Account {
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
    let variant = Variant { backend: Backend::Ofd, node: FileNode::ReadWrite };
    let account =
        Account { cells: vec![cell("disk.img", Mode::Rw.claim(), refusal())], ..account(variant) };
    DrillResult { verdict: Verdict::Passed, reason: String::new(), account }
}

/// A run that differs from the documentation.
pub fn failed() -> DrillResult {
    let reason = "disk.img: loses was expected, but vm1 keeps its locks".to_owned();
    DrillResult { verdict: Verdict::Failed, reason, ..kept() }
}

fn account(variant: Variant) -> Account {
    Account {
        drill: "hotplug".into(),
        variant,
        program: Binary {
            program: Program::StorageDaemon,
            path: "/usr/bin/qemu-storage-daemon".into(),
            version: Version::new(10, 0),
        },
        entries: Vec::new(),
        cells: Vec::new(),
    }
}

fn refusal() -> Outcome {
    Outcome::Refused(Refusal { side: Side::Wanted, permission: Permission::Write })
}

fn cell(place: &str, measured: Claim, outcome: Outcome) -> Cell {
    let stated = Mode::Rw.claim();
    Cell {
        place: place.into(),
        image: "disk.img".into(),
        actor: "vm1".into(),
        stated,
        measured,
        second: Mode::Rw,
        effect: Effect::of(stated, measured, Mode::Rw.claim(), outcome == Outcome::Granted),
        outcome,
    }
}

fn start() -> Entry {
    let words = ["qemu-storage-daemon", "--chardev", "stdio,id=qmp", "--object", "two words"];
    entry("vm1", "A QEMU is started", Act::Start(words.map(str::to_owned).into()), Vec::new())
}

fn opened() -> Entry {
    let messages = vec![
        Message::Sent(r#"{"execute":"blockdev-add","arguments":{"driver":"file"}}"#.into()),
        Message::Answered(r#"{"return": {}}"#.into()),
    ];
    let printed =
        ["warning: File lock requested but OFD locking syscall is unavailable", "\u{1b}[2J"];
    Entry {
        messages,
        printed: printed.map(str::to_owned).into(),
        ..entry("vm1", "It opens the image", Act::Tell, vec![holding("vm1")])
    }
}

fn refused() -> Entry {
    entry("second", "It opens disk.img (mode rw)", Act::Prove(refusal()), vec![holding("vm1")])
}

fn removed() -> Entry {
    let mut entry = entry("vm1", "The second node is removed again", Act::Tell, Vec::new());
    entry.locks[0].unlocked = vec!["vm1".into()];
    entry
}

fn let_in() -> Entry {
    let act = Act::Prove(Outcome::Granted);
    entry("second", "It opens disk.img (mode rw)", act, vec![holding("second")])
}

fn holding(actor: &str) -> Holding {
    Holding { actors: vec![actor.into()], backend: Backend::Posix, claim: Mode::Rw.claim() }
}

fn entry(actor: &str, title: &str, act: Act, holdings: Vec<Holding>) -> Entry {
    Entry {
        actor: actor.into(),
        title: title.into(),
        act,
        messages: Vec::new(),
        printed: Vec::new(),
        locks: vec![ImageLocks { image: "disk.img".into(), holdings, unlocked: Vec::new() }],
    }
}
