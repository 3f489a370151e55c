use std::collections::HashMap;
use std::path::Path;

use nix::sys::utsname::uname;
use procfs::process::Process;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::subject::SubjectProgram;
use imglock_locks::{Visibility, availability};

/// The conditions of a run, besides the scenario, that decide about locks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Environment {
    /// The kernel release, such as `6.18.0`; empty where it is unknown.
    pub kernel: String,
    /// The machine architecture, such as `x86_64`.
    pub architecture: String,
    /// The type of the file system that the images are on, such as `ext4`.
    pub file_system: String,
    /// The mount options of the file system, sorted.
    pub mount_options: Vec<String>,
    /// Whether the kernel's lock table hides the locks of this file system.
    /// Then runs are judged by outcomes alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hides_locks: bool,
    /// The version of imglock, command and engine alike.
    pub imglock: String,
    /// The QEMU programs that play processes, if any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub qemu: Vec<SubjectProgram>,
    /// The fault planted in the workers, if any. Then the results say nothing
    /// about this place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planted: Option<Fault>,
}

impl Environment {
    /// The environment of `directory`. Unknown fields stay empty.
    pub fn at(directory: &Path) -> Environment {
        let (kernel, architecture) = match uname() {
            Ok(name) => (
                name.release().to_string_lossy().into_owned(),
                name.machine().to_string_lossy().into_owned(),
            ),
            Err(_) => (String::new(), std::env::consts::ARCH.to_owned()),
        };
        let (file_system, mount_options) = mount(directory).unwrap_or_default();
        let imglock = env!("CARGO_PKG_VERSION").to_owned();
        // If no file can be made here, no scenario runs.
        let hides_locks = availability(directory)
            .is_ok_and(|available| available.visibility == Visibility::Hidden);
        Environment {
            kernel,
            architecture,
            file_system,
            mount_options,
            hides_locks,
            imglock,
            qemu: Vec::new(),
            planted: None,
        }
    }

    /// A sentence that tells readers of the results how hidden locks limit
    /// them; `None` where the kernel shows the locks.
    pub fn blind_spot(&self) -> Option<&'static str> {
        self.hides_locks.then_some(
            "The kernel's lock table shows no lock of this file system, so runs are judged by \
             outcomes alone: no `held` statement is compared, and no wait is observed.",
        )
    }
}

/// The type and the options of the mount that `directory` is in: the deepest
/// mount point above the directory, and of several mounts there the latest.
fn mount(directory: &Path) -> Option<(String, Vec<String>)> {
    let directory = directory.canonicalize().ok()?;
    let mounts = Process::myself().ok()?.mountinfo().ok()?;
    let mount = mounts
        .into_iter()
        .filter(|mount| directory.starts_with(&mount.mount_point))
        .max_by_key(|mount| mount.mount_point.components().count())?;
    let mut options: Vec<String> =
        words(&mount.mount_options).chain(words(&mount.super_options)).collect();
    options.sort();
    options.dedup();
    Some((mount.fs_type, options))
}

fn words(options: &HashMap<String, Option<String>>) -> impl Iterator<Item = String> + '_ {
    options.iter().map(|(key, value)| match value {
        Some(value) => format!("{key}={value}"),
        None => key.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_is_found_to_be_proc() {
        let environment = Environment::at(Path::new("/proc/self"));
        assert_eq!(environment.file_system, "proc");
        assert!(environment.mount_options.contains(&"rw".to_owned()));
        assert!(!environment.kernel.is_empty());
    }
}
