//! One line of text for one action, for the tests of several crates.
//!
//! Invariant: only tests depend on this crate, and it is not published.

use imglock_core::{
    Access, Action, ActionKind, Claim, LockType, Mode, ModeSpec, OpenOptions, Permissions,
    RangeSpec, Whence,
};

/// The actor and the action of a line such as
/// `vm1 open disk rw access=read-only`: the names stand first, the properties
/// follow in any order.
///
/// # Panics
/// When the line is not written so.
pub fn action(line: &str) -> (&str, Action) {
    let mut words = line.split_whitespace();
    let mut next = || words.next().unwrap_or_default();
    let (actor, verb, name) = (next(), next(), next());
    let node = name.to_owned();
    let rest: Vec<&str> = words.collect();
    let property = |key: &str| {
        rest.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned)
    };
    let has = |word: &str| rest.contains(&word);
    let number = |key: &str| property(key).map_or(0, |text| text.parse().expect("a number"));
    let access = |mode: ModeSpec| match property("access").as_deref() {
        None => Access::needed_by(mode.claim()),
        Some(word) => {
            Access::ALL.into_iter().find(|access| access.name() == word).expect("an access")
        }
    };
    let mode = || match property("held") {
        None => ModeSpec::from(rest[0].parse::<Mode>().expect("a mode")),
        Some(held) => {
            let held = held.parse().expect("permissions");
            let unshared = property("unshared").unwrap_or_default();
            let unshared: Permissions = unshared.parse().expect("permissions");
            ModeSpec::Claim(Claim::new(held, unshared.complement()))
        }
    };
    let pause_after = property("pause").map(|calls| calls.parse().expect("a number"));
    let kind = if has("write") { LockType::Write } else { LockType::Read };
    let range = || RangeSpec {
        whence: match property("whence").as_deref() {
            Some("cur") => Whence::Cur,
            Some("end") => Whence::End,
            _ => Whence::Set,
        },
        start: number("start"),
        len: property("len").map_or(1, |text| text.parse().expect("a number")),
    };
    let text = |key: &str| property(key).unwrap_or_default();
    // `put` stands for `write`, which is also the word for a lock type.
    let verb = if verb == "put" { "write" } else { verb };
    let verb: ActionKind = verb.parse().unwrap_or_else(|_| panic!("no verb is called {verb}"));
    let action = match verb {
        ActionKind::Open => Action::Open {
            node,
            options: OpenOptions {
                image: property("image").unwrap_or_else(|| "disk.img".into()),
                mode: mode(),
                access: access(mode()),
                backend: property("backend").map(|word| word.parse().expect("a backend")),
                locking: property("locking").map(|word| word.parse().expect("a locking")),
                inactive: has("inactive"),
                cloexec: !has("inherit"),
                pause_after,
            },
        },
        ActionKind::Close => Action::Close { node },
        ActionKind::Reopen => Action::Reopen { node, mode: mode(), access: access(mode()) },
        ActionKind::Set => Action::Set { node, mode: mode(), pause_after },
        ActionKind::Inactivate => Action::Inactivate { node },
        ActionKind::Activate => Action::Activate { node },
        ActionKind::Read => {
            Action::Read { node, at: number("at") as u64, len: number("len") as u64 }
        }
        ActionKind::Write => Action::Write { node, at: number("at") as u64, data: text("data") },
        ActionKind::Seek => Action::Seek { node, to: number("to") as u64 },
        ActionKind::Dup => Action::Dup { node, copy: text("as") },
        ActionKind::Send => Action::Send { copy: node.clone(), node, to: text("to") },
        ActionKind::Lock => Action::Lock { node, kind, range: range(), wait: has("wait") },
        ActionKind::Unlock => Action::Unlock { node, range: range() },
        ActionKind::Test => Action::Test { node, kind, range: range() },
        ActionKind::Fork => Action::Fork { child: node },
        ActionKind::Thread => Action::Thread { name: node },
        ActionKind::Exec => Action::Exec,
        ActionKind::Exit => Action::Exit,
        ActionKind::Kill => Action::Kill,
        ActionKind::Stop => Action::Stop,
        ActionKind::Continue => Action::Continue,
        ActionKind::Signal => Action::Signal,
        ActionKind::Await => Action::Await,
        ActionKind::Create => Action::Create { image: node, size: number("size") as u64 },
        ActionKind::HardLink => Action::HardLink { name: node, to: text("to") },
        ActionKind::Symlink => Action::Symlink { name: node, to: text("to") },
        ActionKind::Rename => Action::Rename { image: node, to: text("to") },
        ActionKind::Unlink => Action::Unlink { image: node },
        ActionKind::Bind => {
            Action::Bind { name: node, to: text("to"), read_only: has("read-only") }
        }
        ActionKind::Overlay => Action::Overlay { name: node, over: text("over") },
    };
    (actor, action)
}
