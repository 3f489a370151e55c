use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Environment;
use imglock_core::PlaceName;

/// One file system under one kernel: where scenarios are run, and whether
/// that came about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    /// The name by which results refer to it.
    #[serde(default)]
    pub name: PlaceName,
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
    /// The place called `name`, reached.
    pub fn reached(name: PlaceName, environment: Environment) -> Place {
        Place { name, environment, fate: PlaceFate::Reached, boot: None }
    }

    /// Whether scenarios could be run there to the end.
    pub fn is_reached(&self) -> bool {
        self.fate == PlaceFate::Reached
    }

    /// Its file system: the name in `--fs` where it was made for the run
    /// (`fuse-locks`), and otherwise the kernel's name; empty where neither is
    /// known.
    pub fn file_system(&self) -> &str {
        match self.name.file_system {
            Some(made) => made.name(),
            None => &self.environment.file_system,
        }
    }

    /// The release of its kernel; where the kernel never came up, the one in
    /// the place's name.
    pub fn kernel(&self) -> &str {
        match (self.environment.kernel.as_str(), &self.name.kernel) {
            ("", Some(named)) => named,
            (kernel, _) => kernel,
        }
    }

    /// Whether scenarios were to run there and its kernel, or its file system,
    /// was lost.
    pub fn is_lost(&self) -> bool {
        matches!(self.fate, PlaceFate::Lost { .. })
    }
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
    #[case::a_directory("", ("6.1.0", "ext4"), ("6.1.0", "ext4"))]
    #[case::made_for_the_run("fuse-locks", ("6.1.0", "fuse"), ("6.1.0", "fuse-locks"))]
    #[case::under_a_booted_kernel("6.1.0/fuse-locks", ("6.1.0", "fuse"), ("6.1.0", "fuse-locks"))]
    #[case::where_its_init_ran("6.1.0", ("6.1.0", "tmpfs"), ("6.1.0", "tmpfs"))]
    #[case::one_that_never_came_up("6.1.0/xfs", ("", ""), ("6.1.0", "xfs"))]
    #[case::with_nothing_made("6.1.0", ("", ""), ("6.1.0", ""))]
    fn kernel_and_file_system_are_known(
        #[case] name: &str,
        #[case] (kernel, file_system): (&str, &str),
        #[case] expected: (&str, &str),
    ) {
        let environment = Environment {
            kernel: kernel.to_owned(),
            file_system: file_system.to_owned(),
            ..Environment::default()
        };
        let place = Place::reached(name.into(), environment);
        assert_eq!((place.kernel(), place.file_system()), expected);
    }
}
