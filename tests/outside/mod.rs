//! Shared by the tests from outside: the command, and scenarios for it.

#![allow(dead_code, unused_imports, reason = "every test file uses its own part of it")]

pub mod browser;
pub mod kernels;
#[cfg(feature = "vm")]
pub mod lan;
pub mod mounts;
pub mod qemu;
pub mod refusing;
mod requirement;

pub use requirement::{is_met, not_installed, not_root};

use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// The command, in an environment of its own.
pub fn imglock() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_imglock"));
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env("TERM", "dumb");
    command
}

/// A directory with scenarios in it.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// An empty one.
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a directory"))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes `text` into the file `name` in it.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a writable folder");
        path
    }

    /// `text` as it would be if this directory were called DIR.
    pub fn redacted(&self, text: &[u8]) -> String {
        let text = String::from_utf8(text.to_vec()).expect("text");
        text.replace(self.path().to_str().expect("a path in UTF-8"), "DIR")
    }
}

/// Two writers; the second is refused.
pub const PASSES: &str = r#"summary "The second writer is refused"
about "Of several conflicting openers only the first succeeds."

vm1 open disk mode=rw
vm2 open disk mode=rw {
    expect "refused write"
}
"#;

/// Expects an outcome that the kernel does not produce.
pub const FAILS: &str = r#"summary "Two writers side by side, which cannot be"
about "The file is wrong, and the run says so."

vm1 open disk mode=rw
vm2 open disk mode=rw {
    expect granted
}
"#;

/// Takes longer than any test waits.
pub const LASTS: &str = r#"summary "One opener, again and again"
about "Long enough to be interrupted."

repeat 100000 {
    vm1 open disk mode=rw
    vm1 close disk
}
"#;

/// Starting a program nearly always takes longer than the shortest timeout.
pub const SLOW: &str = r#"summary "One process starts its program anew, many times"
about "One of these passes a deadline that is short enough."

repeat 1000 {
    vm1 exec
}
"#;

/// A lock loss that only POSIX locks show.
pub const LOSES_LOCKS: &str = r#"summary "Closing a second descriptor drops the lock when locks are POSIX"
about "A POSIX record lock belongs to the process."
hazard posix=lock-loss

vm1 open disk mode=rw
vm1 open cdrom mode=force-share
vm1 close cdrom
vm2 open disk mode=rw {
    expect ofd="refused write" posix=granted
}
"#;

/// Not well formed: no such mode.
pub const INVALID: &str = r#"summary "A mode that does not exist"
about "The spot is pointed out."

vm1 open disk mode=rww
"#;
