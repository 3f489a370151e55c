//! One line of text for one action, for the tests of several crates.
//!
//! Invariant: only tests depend on this crate, and it is not published.

use imglock_core::{
    Access, Action, Claim, LockType, Mode, ModeSpec, OpenOptions, Permissions, RangeSpec, Whence,
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
    let action = match verb {
        "open" => Action::Open {
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
        "close" => Action::Close { node },
        "reopen" => Action::Reopen { node, mode: mode(), access: access(mode()) },
        "set" => Action::Set { node, mode: mode(), pause_after },
        "inactivate" => Action::Inactivate { node },
        "activate" => Action::Activate { node },
        "read" => Action::Read { node, at: number("at") as u64, len: number("len") as u64 },
        "put" => Action::Write { node, at: number("at") as u64, data: text("data") },
        "seek" => Action::Seek { node, to: number("to") as u64 },
        "dup" => Action::Dup { node, copy: text("as") },
        "send" => Action::Send { copy: node.clone(), node, to: text("to") },
        "lock" => Action::Lock { node, kind, range: range(), wait: has("wait") },
        "unlock" => Action::Unlock { node, range: range() },
        "test" => Action::Test { node, kind, range: range() },
        "fork" => Action::Fork { child: node },
        "thread" => Action::Thread { name: node },
        "exec" => Action::Exec,
        "exit" => Action::Exit,
        "kill" => Action::Kill,
        "stop" => Action::Stop,
        "continue" => Action::Continue,
        "signal" => Action::Signal,
        "await" => Action::Await,
        "create" => Action::Create { image: node, size: number("size") as u64 },
        "hardlink" => Action::HardLink { name: node, to: text("to") },
        "symlink" => Action::Symlink { name: node, to: text("to") },
        "rename" => Action::Rename { image: node, to: text("to") },
        "unlink" => Action::Unlink { image: node },
        "bind" => Action::Bind { name: node, to: text("to"), read_only: has("read-only") },
        "overlay" => Action::Overlay { name: node, over: text("over") },
        verb => panic!("no verb is called {verb}"),
    };
    (actor, action)
}
