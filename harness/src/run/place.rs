use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Environment;
use crate::step::FileSystem;

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
    pub fate: Fate,
    /// How its kernel was booted; `None` for the kernel that is running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<Boot>,
}

impl Place {
    /// The place called `name` that has been reached.
    pub fn reached(name: &str, environment: Environment) -> Place {
        Place { name: name.to_owned(), environment, fate: Fate::Reached, boot: None }
    }

    /// The file system that was made for it, if one was.
    pub fn made(&self) -> Option<FileSystem> {
        made_at(&self.name)
    }

    /// Whether scenarios could be run there to the end.
    pub fn is_reached(&self) -> bool {
        self.fate == Fate::Reached
    }

    /// Whether it was there, or should have been, and was lost.
    pub fn is_lost(&self) -> bool {
        matches!(self.fate, Fate::Lost { .. })
    }
}

/// The file system that was made for the place of this name, if one was.
pub fn made_at(name: &str) -> Option<FileSystem> {
    name.rsplit('/').next().and_then(|part| part.parse().ok())
}

/// What became of a place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "kebab-case")]
pub enum Fate {
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
