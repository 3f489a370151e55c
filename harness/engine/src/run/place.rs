use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Environment;
use imglock_core::FileSystem;

/// One file system under one kernel: where scenarios are run, and whether
/// that came about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    /// The name by which results refer to it: empty for a directory that was
    /// there, `ext4` for a file system that was made, and with the release of
    /// a kernel that was booted before it, such as `6.12.0-amd64/ext4`.
    pub name: String,
    /// What decides about locks there; only partly known where the place was
    /// never reached.
    pub environment: Environment,
    /// Whether scenarios could be run there.
    #[serde(flatten)]
    pub fate: PlaceFate,
    /// How its kernel was booted; `None` for the kernel that is running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<Boot>,
}

impl Place {
    /// The place called `name` that has been reached.
    pub fn reached(name: &str, environment: Environment) -> Place {
        Place { name: name.to_owned(), environment, fate: PlaceFate::Reached, boot: None }
    }

    /// The file system that was made for it, if one was.
    pub fn made(&self) -> Option<FileSystem> {
        made_at(&self.name)
    }

    /// Whether scenarios could be run there to the end.
    pub fn is_reached(&self) -> bool {
        self.fate == PlaceFate::Reached
    }

    /// The kind of its file system: what it is called where it was made for
    /// the run (`fuse-locks`), and otherwise what the kernel calls it; empty
    /// where that is not known.
    pub fn file_system(&self) -> &str {
        let made = match self.name.rsplit_once('/') {
            Some((_, made)) => made,
            None if self.is_a_kernel() => "",
            None => &self.name,
        };
        if made.is_empty() { &self.environment.file_system } else { made }
    }

    /// The release of its kernel; of one that never came up, as far as the
    /// place's name tells.
    pub fn kernel(&self) -> &str {
        let named = match self.name.split_once('/') {
            Some((kernel, _)) => kernel,
            None if self.is_a_kernel() => &self.name,
            None => "",
        };
        if self.environment.kernel.is_empty() { named } else { &self.environment.kernel }
    }

    /// Whether it is called as a kernel is, since no file system was made.
    fn is_a_kernel(&self) -> bool {
        self.boot.is_some() || self.name == self.environment.kernel
    }

    /// Whether it was there, or should have been, and was lost.
    pub fn is_lost(&self) -> bool {
        matches!(self.fate, PlaceFate::Lost { .. })
    }
}

/// The file system that was made for the place of this name, if one was.
pub fn made_at(name: &str) -> Option<FileSystem> {
    name.rsplit('/').next().and_then(|part| part.parse().ok())
}

/// What became of a place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "kebab-case")]
pub enum PlaceFate {
    /// Scenarios were run there.
    #[default]
    Reached,
    /// It cannot be had here, and nothing was tried.
    Skipped {
        /// Why not, and what to do about it.
        why: String,
    },
    /// Its kernel did not come up, or did not live to the end.
    Lost {
        /// What happened, in one sentence.
        why: String,
        /// The last lines of its console.
        console: Vec<String>,
    },
}

/// How a kernel was booted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// The file that it came from.
    pub image: PathBuf,
    /// What ran the guest, such as `tcg`.
    pub accelerator: String,
    /// What the kernel complained of on its console meanwhile, such as
    /// `WARNING: CPU: 0 PID: 71 at fs/locks.c:2500`, each line once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub complaints: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::a_directory("", false, ("6.1.0", "ext4"), ("6.1.0", "ext4"))]
    #[case::made_for_the_run("fuse-locks", false, ("6.1.0", "fuse"), ("6.1.0", "fuse-locks"))]
    #[case::under_a_booted_kernel("6.1.0/fuse-locks", true, ("6.1.0", "fuse"), ("6.1.0", "fuse-locks"))]
    #[case::where_its_init_ran("6.1.0", true, ("6.1.0", "tmpfs"), ("6.1.0", "tmpfs"))]
    #[case::one_that_never_came_up("6.1.0/xfs", true, ("", ""), ("6.1.0", "xfs"))]
    #[case::with_nothing_made("6.1.0", true, ("", ""), ("6.1.0", ""))]
    fn kernel_and_file_system_are_known(
        #[case] name: &str,
        #[case] booted: bool,
        #[case] (kernel, file_system): (&str, &str),
        #[case] expected: (&str, &str),
    ) {
        let environment = Environment {
            kernel: kernel.to_owned(),
            file_system: file_system.to_owned(),
            ..Environment::default()
        };
        let boot = booted.then(|| Boot {
            image: PathBuf::new(),
            accelerator: String::new(),
            complaints: Vec::new(),
        });
        let place = Place { boot, ..Place::reached(name, environment) };
        assert_eq!((place.kernel(), place.file_system()), expected);
    }
}
