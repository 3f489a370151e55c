//! The meaning of the signs and numbers in a drawing.

use std::collections::BTreeMap;
use std::io::{self, Write};

use imglock_core::Permission;

use super::lifetimes::Lock;
use super::palette::FAINT;
use super::wrap::wrapped;

/// Explains a drawing with these locks; writes nothing without locks.
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
    writeln!(out, "\n  {FAINT}+ locks acquired, - locks released or lost{FAINT:#}")?;
    let Some(words) = bytes(locks) else { return Ok(()) };
    for line in wrapped(&words, width.min(100).saturating_sub(2), "") {
        writeln!(out, "  {FAINT}{line}{FAINT:#}")?;
    }
    Ok(())
}

/// The meaning of the lock bytes among these locks, `None` if there are none:
/// `held: 100 consistent-read, 101 write; not shared: 201 write`.
pub fn bytes<'l>(locks: impl Iterator<Item = &'l Lock>) -> Option<String> {
    let bytes: BTreeMap<i64, (bool, Permission)> =
        locks.filter_map(|lock| Some((lock.range.first, lock.permission()?))).collect();
    let side = |wanted: bool, name: &str| {
        let side = bytes.iter().filter(|(_, (held, _))| *held == wanted);
        let words: Vec<String> =
            side.map(|(number, (_, permission))| format!("{number} {permission}")).collect();
        (!words.is_empty()).then(|| format!("{name}: {}", words.join(", ")))
    };
    let sides: Vec<String> =
        [side(true, "held"), side(false, "not shared")].into_iter().flatten().collect();
    (!sides.is_empty()).then(|| sides.join("; "))
}

/// A permission in one short word, where there is little room.
pub fn short(permission: Permission) -> &'static str {
    match permission {
        Permission::ConsistentRead => "read",
        Permission::Write => "write",
        Permission::WriteUnchanged => "rewrite",
        Permission::Resize => "resize",
    }
}
