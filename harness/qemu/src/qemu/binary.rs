use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use imglock_engine::SubjectProgram;

/// A QEMU program that opens images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, VariantArray)]
#[derive(Serialize, Deserialize)]
pub enum QemuProgram {
    /// The block layer alone, as a daemon with QMP (qemu-storage-daemon(1)).
    #[serde(rename = "qemu-storage-daemon")]
    StorageDaemon,
    /// The emulator for this machine's architecture.
    #[serde(rename = "qemu-system")]
    System,
    /// Reads and writes an image at a prompt.
    #[serde(rename = "qemu-io")]
    Io,
    /// Creates and changes images (qemu-img(1)).
    #[serde(rename = "qemu-img")]
    Img,
}

impl QemuProgram {
    /// All programs.
    pub const ALL: &[QemuProgram] = QemuProgram::VARIANTS;

    /// Its name in reports, such as `qemu-system`.
    pub fn name(self) -> &'static str {
        match self {
            QemuProgram::StorageDaemon => "qemu-storage-daemon",
            QemuProgram::System => "qemu-system",
            QemuProgram::Io => "qemu-io",
            QemuProgram::Img => "qemu-img",
        }
    }

    /// Its file name, such as `qemu-system-x86_64`.
    pub fn file_name(self) -> String {
        match self {
            QemuProgram::StorageDaemon => "qemu-storage-daemon".to_owned(),
            QemuProgram::System => format!("qemu-system-{}", std::env::consts::ARCH),
            QemuProgram::Io => "qemu-io".to_owned(),
            QemuProgram::Img => "qemu-img".to_owned(),
        }
    }
}

/// A version of QEMU, such as 7.2.22.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct QemuVersion {
    /// The major version.
    pub major: u32,
    /// The minor version.
    pub minor: u32,
    /// The micro version of a stable branch.
    pub micro: u32,
}

impl QemuVersion {
    /// A version with micro 0.
    pub const fn new(major: u32, minor: u32) -> QemuVersion {
        QemuVersion { major, minor, micro: 0 }
    }

    /// Finds the version in the output of `--version`.
    fn parse(text: &str) -> Option<QemuVersion> {
        let (_, rest) = text.split_once("version ")?;
        let word = rest.split(|letter: char| letter != '.' && !letter.is_ascii_digit()).next()?;
        let mut numbers = word.split('.').map(|number| number.parse().ok());
        Some(QemuVersion {
            major: numbers.next()??,
            minor: numbers.next()??,
            micro: numbers.next().flatten().unwrap_or(0),
        })
    }
}

impl fmt::Display for QemuVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}.{}", self.major, self.minor, self.micro))
    }
}

impl From<QemuVersion> for String {
    fn from(version: QemuVersion) -> String {
        version.to_string()
    }
}

impl TryFrom<String> for QemuVersion {
    type Error = String;

    fn try_from(text: String) -> Result<QemuVersion, String> {
        QemuVersion::parse(&format!("version {text}"))
            .ok_or_else(|| format!("`{text}` is not a version"))
    }
}

/// One program of one QEMU installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QemuBinary {
    /// The program.
    pub program: QemuProgram,
    /// Its path.
    pub path: PathBuf,
    /// The version that it prints.
    pub version: QemuVersion,
}

impl fmt::Display for QemuBinary {
    /// For example `qemu-io 10.0.2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.program.file_name(), self.version)
    }
}

impl From<&QemuBinary> for SubjectProgram {
    fn from(binary: &QemuBinary) -> SubjectProgram {
        SubjectProgram {
            name: binary.program.name().to_owned(),
            path: binary.path.clone(),
            version: binary.version.to_string(),
        }
    }
}

/// A file with the name of one of QEMU's programs.
#[derive(Debug, Clone)]
struct Candidate {
    program: QemuProgram,
    path: PathBuf,
    /// The program, after it reported its version; an inner `None` if it reported none.
    binary: OnceLock<Option<QemuBinary>>,
}

impl Candidate {
    /// The files in a directory, without links in their paths.
    fn within(directory: &Path) -> impl Iterator<Item = Candidate> {
        QemuProgram::ALL.iter().filter_map(|program| {
            let path = directory.join(program.file_name()).canonicalize().ok()?;
            let binary = OnceLock::new();
            path.is_file().then_some(Candidate { program: *program, path, binary })
        })
    }

    /// Runs the program to read its version, the first time.
    fn binary(&self) -> Option<&QemuBinary> {
        let ask = || {
            let said = Command::new(&self.path).arg("--version").output().ok()?;
            let version = QemuVersion::parse(&String::from_utf8_lossy(&said.stdout))?;
            Some(QemuBinary { program: self.program, path: self.path.clone(), version })
        };
        self.binary.get_or_init(ask).as_ref()
    }
}

/// The available QEMU programs, preferred ones first. A program starts only when it is
/// needed, and reports its version once.
#[derive(Debug, Clone, Default)]
pub struct QemuBinaries(Vec<Candidate>);

impl FromIterator<QemuBinary> for QemuBinaries {
    /// These programs, preferred ones first.
    fn from_iter<I: IntoIterator<Item = QemuBinary>>(binaries: I) -> QemuBinaries {
        let candidate = |binary: QemuBinary| Candidate {
            program: binary.program,
            path: binary.path.clone(),
            binary: OnceLock::from(Some(binary)),
        };
        QemuBinaries(binaries.into_iter().map(candidate).collect())
    }
}

impl QemuBinaries {
    /// Searches `directories`, in this order, and then those of `PATH`. A
    /// program that prints no version is ignored.
    pub fn find(directories: &[PathBuf]) -> QemuBinaries {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> =
            directories.iter().cloned().chain(std::env::split_paths(&path)).collect();
        QemuBinaries::in_folders(&folders)
    }

    /// The programs in one directory.
    pub fn within(directory: &Path) -> QemuBinaries {
        QemuBinaries::in_folders(&[directory.to_owned()])
    }

    fn in_folders(folders: &[PathBuf]) -> QemuBinaries {
        let mut found: Vec<Candidate> = Vec::new();
        for candidate in folders.iter().flat_map(|folder| Candidate::within(folder)) {
            if !found.iter().any(|other| other.path == candidate.path) {
                found.push(candidate);
            }
        }
        QemuBinaries(found)
    }

    /// Whether no program was found.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|candidate| candidate.binary().is_none())
    }

    /// Whether one of the programs is in a directory.
    pub fn has_one_in(&self, directory: &Path) -> bool {
        let there: Vec<PathBuf> =
            Candidate::within(directory).map(|candidate| candidate.path).collect();
        let found = self.0.iter().filter(|candidate| there.contains(&candidate.path));
        // Usually one has reported its version before, and no other starts.
        let is_known = |candidate: &Candidate| matches!(candidate.binary.get(), Some(Some(_)));
        found.clone().any(is_known) || found.clone().any(|found| found.binary().is_some())
    }

    /// Whether a directory has a file with the name of one of the programs. The file is
    /// not started, so it may be something else.
    pub fn may_be_in(directory: &Path) -> bool {
        Candidate::within(directory).next().is_some()
    }

    /// The preferred binary of a program.
    pub fn first(&self, program: QemuProgram) -> Option<&QemuBinary> {
        self.all(program).next()
    }

    /// All binaries of a program, the preferred one first.
    pub fn all(&self, program: QemuProgram) -> impl Iterator<Item = &QemuBinary> {
        let of_program = self.0.iter().filter(move |candidate| candidate.program == program);
        of_program.filter_map(Candidate::binary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("qemu-io version 10.0.2 (Debian 1:10.0.2+ds-2)\nCopyright", Some("10.0.2"))]
    #[case("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg)", Some("7.2.22"))]
    #[case("QEMU emulator version 9.1", Some("9.1.0"))]
    #[case("bash, version five", None)]
    #[case("", None)]
    fn a_version_is_found_in_what_a_program_says(
        #[case] said: &str,
        #[case] version: Option<&str>,
    ) {
        assert_eq!(QemuVersion::parse(said).map(|found| found.to_string()).as_deref(), version);
    }

    #[test]
    fn versions_are_ordered_by_number_and_not_by_letter() {
        assert!(QemuVersion::new(7, 2) < QemuVersion::new(10, 0));
    }

    #[test]
    fn what_is_not_qemu_is_not_found() {
        let folder = tempfile::tempdir().expect("a directory");
        std::os::unix::fs::symlink("/bin/true", folder.path().join("qemu-io")).expect("a link");
        assert!(QemuBinaries::within(folder.path()).is_empty());
    }
}
