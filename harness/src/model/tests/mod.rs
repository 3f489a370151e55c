//! Stories that the model must foresee line by line.
//!
//! A line is `ACTOR VERB ... => OUTCOME`; `a | b` stands for outcome `a` on
//! OFD and `b` on POSIX, `? a` for an unknown outcome that then turns out to
//! be `a`. `locks => ...` states the lock table.

mod bytes;
mod claims;
mod crowd;
mod descriptors;
mod lifetime;
mod mounts;
mod names;
mod pausing;
mod properties;
mod protocol;
mod reopening;
mod together;
mod waiting;

use super::{Prediction, World};
use crate::image::{Access, Claim, Mode};
use crate::lock::{Backend, LockType, RangeSpec, Whence};
use crate::step::{Action, ModeSpec, OpenOptions, TableLock};

/// Plays `story` on each backend, asserting every line.
pub(super) fn story(text: &str) {
    for backend in Backend::ALL {
        story_on(backend, text);
    }
}

/// Plays `story` on one backend, and gives the world it ends with.
pub(super) fn story_on(backend: Backend, text: &str) -> World {
    let mut world = world(backend);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (step, expected) = line.split_once("=>").expect("a line has an outcome");
        let expected = match (expected.split_once('|'), backend) {
            (None, _) => expected,
            (Some((ofd, _)), Backend::Ofd) => ofd,
            (Some((_, posix)), Backend::Posix) => posix,
        }
        .trim();
        if step.trim() == "locks" {
            assert_eq!(shown(&world.locks()), expected, "{backend}, {line}");
            continue;
        }
        let (actor, action) = action(step.trim());
        let outcome = match world.predict(actor, &action) {
            Prediction::Exactly(outcome) => {
                assert_eq!(outcome.to_string(), expected, "{backend}, {line}");
                outcome
            }
            Prediction::Unknown(why) => {
                let outcome = expected.strip_prefix("? ");
                let outcome = outcome.unwrap_or_else(|| panic!("{backend}, {line}: {why}"));
                outcome.parse().expect("an outcome")
            }
        };
        world.apply(actor, &action, &outcome);
    }
    world
}

/// Two images of a mebibyte, nobody there.
pub(super) fn world(backend: Backend) -> World {
    World::new(backend, &[("disk.img".into(), 1 << 20), ("base.img".into(), 1 << 20)])
}

fn shown(locks: &[TableLock]) -> String {
    let each: Vec<String> = locks
        .iter()
        .map(|lock| {
            let image = if lock.image == 0 { "" } else { "base " };
            let arrow = if lock.waiting { "->" } else { "" };
            let holders: Vec<&str> = lock.holders.iter().map(String::as_str).collect();
            let lock = format!("{image}{arrow}{} {} {}", lock.kind, lock.range, holders.join("+"));
            lock.trim_end().to_owned()
        })
        .collect();
    each.join(", ")
}

/// `vm1 open disk rw access=read-only`: names stand first, then what is left.
pub(crate) fn action(line: &str) -> (&str, Action) {
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
            let unshared: crate::image::Permissions = unshared.parse().expect("permissions");
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
