use std::sync::Arc;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use super::{QemuIoSubject, QemuSubject};
use crate::qemu::{QemuBinaries, QemuProgram};
use imglock_engine::{Absent, Builtin, Subject};

/// The available subjects, by the words that flags use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(Display, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum SubjectKind {
    /// imglock's own worker processes.
    Builtin,
    /// QEMU's block layer as a daemon.
    QemuStorageDaemon,
    /// The emulator; no guest code runs.
    QemuSystem,
    /// QEMU's tool that reads and writes an image at a prompt.
    QemuIo,
}

impl SubjectKind {
    /// All subjects.
    pub const ALL: &[SubjectKind] = SubjectKind::VARIANTS;

    /// The word for it.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The QEMU program that plays; `None` for imglock's own workers.
    pub fn program(self) -> Option<QemuProgram> {
        match self {
            SubjectKind::Builtin => None,
            SubjectKind::QemuStorageDaemon => Some(QemuProgram::StorageDaemon),
            SubjectKind::QemuSystem => Some(QemuProgram::System),
            SubjectKind::QemuIo => Some(QemuProgram::Io),
        }
    }

    /// The subject, played by the preferred binary. If the program is not
    /// installed, the subject reports this for every action.
    pub fn subject(self, binaries: &QemuBinaries) -> Arc<dyn Subject> {
        let Some(program) = self.program() else { return Arc::new(Builtin) };
        let binary = binaries.first(program).cloned();
        let subject: Option<Arc<dyn Subject>> = match self {
            SubjectKind::QemuIo => {
                binary.and_then(QemuIoSubject::new).map(|one| Arc::new(one) as _)
            }
            _ => binary.and_then(QemuSubject::new).map(|one| Arc::new(one) as _),
        };
        match subject {
            Some(subject) => subject,
            None => {
                let file = program.file_name();
                let why =
                    format!("is not installed: no directory that was searched contains {file}");
                Arc::new(Absent::new(self.name(), why))
            }
        }
    }
}
