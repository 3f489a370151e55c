//! What the signs and numbers of a drawing mean.

use std::collections::BTreeMap;
use std::io::{self, Write};

use imglock_harness::image::{HELD_BASE, Permission, UNSHARED_BASE};
use imglock_harness::lock::LockType;

use super::lifetimes::Lock;
use super::palette::FAINT;

/// Explains a drawing in which these locks come and go: nothing when there are
/// none.
///
/// # Errors
/// When `out` cannot be written.
pub fn write<'l>(
    locks: impl Iterator<Item = &'l Lock> + Clone,
    out: &mut dyn Write,
    width: usize,
) -> io::Result<()> {
    if locks.clone().next().is_none() {
        return Ok(());
    }
    writeln!(out, "\n  {FAINT}+ locks taken, - locks gone{FAINT:#}")?;
    let Some(words) = bytes(locks) else { return Ok(()) };
    for line in textwrap::wrap(&words, width.min(100).saturating_sub(2)) {
        writeln!(out, "  {FAINT}{line}{FAINT:#}")?;
    }
    Ok(())
}

/// What a lock on one of QEMU's lock bytes stands for: whether the permission
/// is held (`true`) or not shared, and which. `None` for any other lock.
pub fn byte(lock: &Lock) -> Option<(bool, Permission)> {
    let number = lock.range.first;
    if lock.kind != LockType::Read || lock.range.last != number {
        return None;
    }
    Permission::ALL.into_iter().find_map(|permission| {
        let offset = i64::from(permission.number());
        let held = number == HELD_BASE + offset;
        (held || number == UNSHARED_BASE + offset).then_some((held, permission))
    })
}

/// `held: 100 consistent-read, 101 write; not shared: 201 write`: what the
/// lock bytes among these stand for, `None` when there are none.
pub fn bytes<'l>(locks: impl Iterator<Item = &'l Lock>) -> Option<String> {
    let bytes: BTreeMap<i64, (bool, Permission)> =
        locks.filter_map(|lock| Some((lock.range.first, byte(lock)?))).collect();
    let side = |wanted: bool| {
        let side = bytes.iter().filter(move |(_, (held, _))| *held == wanted);
        let words = side.map(|(number, (_, permission))| format!("{number} {permission}"));
        words.collect::<Vec<_>>().join(", ")
    };
    let sides = [(side(true), "held"), (side(false), "not shared")];
    let sides = sides.iter().filter(|(words, _)| !words.is_empty());
    let sides: Vec<String> = sides.map(|(words, what)| format!("{what}: {words}")).collect();
    (!sides.is_empty()).then(|| sides.join("; "))
}
