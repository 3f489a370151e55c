use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A program that plays processes and is not part of this harness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectProgram {
    /// Its name, such as `qemu-io`.
    #[serde(rename = "program")]
    pub name: String,
    /// The path of its file.
    pub path: PathBuf,
    /// Its version as it prints it, such as `10.0.2`.
    pub version: String,
}

impl SubjectProgram {
    /// The name of its file, such as `qemu-system-x86_64`.
    pub fn file_name(&self) -> String {
        self.path.file_name().map_or(self.name.clone(), |file| file.display().to_string())
    }
}

impl fmt::Display for SubjectProgram {
    /// The name of its file and its version: `qemu-system-x86_64 10.0.2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.file_name(), self.version)
    }
}
