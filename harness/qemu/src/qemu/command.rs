use serde::Serialize;
use serde_json::{Value, json};

use imglock_core::{Claim, Locking, Permission, Permissions};

/// A QMP command, as defined in QEMU's `qapi/*.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Command {
    /// Its name, such as `blockdev-add`.
    pub execute: &'static str,
    /// Its arguments.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub arguments: Value,
}

impl Command {
    /// A command with these arguments, a JSON object.
    pub fn new(execute: &'static str, arguments: Value) -> Command {
        Command { execute, arguments }
    }

    /// A command without arguments.
    pub fn bare(execute: &'static str) -> Command {
        Command { execute, arguments: Value::Null }
    }

    /// `blockdev-add` of a `file` node. The node stays read-only or read-write,
    /// and locks nothing until a user is attached to it.
    pub fn add_file(node: &str, filename: &str, read_only: bool, locking: Locking) -> Command {
        let arguments = json!({
            "driver": "file",
            "node-name": node,
            "filename": filename,
            "read-only": read_only,
            "auto-read-only": false,
            "locking": locking.name(),
        });
        Command::new("blockdev-add", arguments)
    }

    /// `blockdev-add` of a `blkdebug` node above `image` that makes exactly
    /// this claim on it, as any other user of a node could.
    pub fn add_claim(node: &str, image: &str, claim: Claim, read_only: bool) -> Command {
        let mut arguments = json!({
            "driver": "blkdebug",
            "node-name": node,
            "image": image,
            "read-only": read_only,
        });
        let lists = [("take-child-perms", claim.held), ("unshare-child-perms", claim.unshared())];
        // QEMU 7.2 does not accept an empty list.
        for (option, permissions) in lists.into_iter().filter(|(_, set)| !set.is_empty()) {
            arguments[option] = names(permissions).into();
        }
        Command::new("blockdev-add", arguments)
    }

    /// The same command for a node that starts inactive (since QEMU 10.0).
    #[must_use]
    pub fn inactive(mut self) -> Command {
        self.arguments["active"] = false.into();
        self
    }

    /// `blockdev-del`.
    pub fn delete(node: &str) -> Command {
        Command::new("blockdev-del", json!({ "node-name": node }))
    }

    /// `blockdev-set-active` (since QEMU 10.0).
    pub fn set_active(node: &str, active: bool) -> Command {
        Command::new("blockdev-set-active", json!({ "node-name": node, "active": active }))
    }

    /// `human-monitor-command`.
    pub fn human(line: &str) -> Command {
        Command::new("human-monitor-command", json!({ "command-line": line }))
    }
}

/// The names of QAPI's `BlockPermission`, which scenarios use as well.
fn names(permissions: Permissions) -> Vec<&'static str> {
    let wanted = Permission::ALL.into_iter().filter(|one| permissions.contains((*one).into()));
    wanted.map(Permission::name).collect()
}
