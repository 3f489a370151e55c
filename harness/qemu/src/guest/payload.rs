use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::initramfs::Initramfs;
use super::libraries::libraries_of;
use super::loaded_part::loaded_part;
use super::programs::GuestPrograms;
use imglock_engine::describe;

/// The path of this program in a guest: its init.
pub(crate) const INIT: &str = "/init";

/// The contents of every guest: this program, other programs that it may call,
/// and the user's files, with the shared libraries that they need.
#[derive(Debug)]
pub struct GuestPayload {
    /// An archive that a kernel unpacks.
    pub(crate) archive: Vec<u8>,
    /// The directories of the programs, in the format of `PATH`.
    pub(crate) path: String,
    /// The directories of the libraries, in the format of `LD_LIBRARY_PATH`.
    pub(crate) libraries: String,
    /// The user's files: the current and the final path of each.
    pub(crate) files: Vec<(PathBuf, PathBuf)>,
    /// The working directory of this command.
    pub(crate) directory: PathBuf,
}

/// The reason why a file cannot be put into a guest.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be put into a guest: {why}", path.display())]
pub struct PayloadError {
    /// The file.
    pub path: PathBuf,
    /// The reason.
    pub why: String,
}

impl GuestPayload {
    /// Packs this program, those of `programs` that are installed, and `files`,
    /// each under its path on the host.
    ///
    /// # Errors
    /// If a file cannot be read, or needs a library that is missing.
    pub fn pack(programs: &[&str], files: &[PathBuf]) -> Result<GuestPayload, PayloadError> {
        GuestPayload::pack_for(&this_program(), programs, &GuestPrograms::default(), files)
    }

    /// Like [`GuestPayload::pack`], with the program `init` instead of this one.
    /// `init` calls [`init`](crate::init) first. The programs are searched in
    /// `found`. One that is given by its path can be called by its name.
    ///
    /// # Errors
    /// If a file cannot be read, or needs a library that is missing.
    pub fn pack_for(
        init: &Path,
        programs: &[&str],
        found: &GuestPrograms,
        files: &[PathBuf],
    ) -> Result<GuestPayload, PayloadError> {
        let packed = |error: std::io::Error| PayloadError {
            path: PathBuf::from(INIT),
            why: describe(&error),
        };
        let mut initramfs = Initramfs::new().map_err(packed)?;
        let content = read(init)?;
        let content = loaded_part(&content).unwrap_or(content);
        initramfs.program(Path::new(INIT), &content).map_err(packed)?;
        let needed = |program: &Path, content: &[u8], folders| {
            let failed = |why| PayloadError { path: program.to_owned(), why };
            libraries_of(program, content, folders).map_err(failed)
        };
        let mut libraries = needed(init, &content, None)?;
        let library_path = found.library_path();
        let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
        for name in programs {
            let Some(program) = found.find(name) else { continue };
            let content = read(&program)?;
            let inside = place(name, found.inside(&program));
            initramfs.program(&inside, &content).map_err(packed)?;
            libraries.append(&mut needed(&program, &content, library_path.as_deref())?);
            folders.extend(inside.parent().map(Path::to_owned));
        }
        let mut library_folders: BTreeSet<PathBuf> = BTreeSet::new();
        for library in &libraries {
            let inside = found.inside(library);
            initramfs.program(&inside, &read(library)?).map_err(packed)?;
            library_folders.extend(inside.parent().map(Path::to_owned));
        }
        // The final paths may first need a mount.
        let mut put = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let inside = PathBuf::from(format!("/imglock/files/{number}"));
            initramfs.plain(&inside, &read(file)?).map_err(packed)?;
            put.push((inside, std::path::absolute(file).map_err(packed)?));
        }
        for folder in ["/dev", "/proc", "/sys", "/run", "/tmp"] {
            initramfs.folder(Path::new(folder)).map_err(packed)?;
        }
        Ok(GuestPayload {
            archive: initramfs.finish().map_err(packed)?,
            path: joined(&folders),
            libraries: joined(&library_folders),
            files: put,
            directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
        })
    }
}

/// The path in a guest of the program `name`, which has this path otherwise. A program of the tests
/// can be in a directory that guests cover by a mount, such as /tmp.
fn place(name: &str, otherwise: PathBuf) -> PathBuf {
    match Path::new(name).file_name() {
        Some(file) if name.starts_with('/') => Path::new("/imglock/programs").join(file),
        _ => otherwise,
    }
}

fn read(path: &Path) -> Result<Vec<u8>, PayloadError> {
    let failed = |error| PayloadError { path: path.to_owned(), why: describe(&error) };
    std::fs::read(path).map_err(failed)
}

/// Directories, separated by colons.
fn joined(folders: &BTreeSet<PathBuf>) -> String {
    let names: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    names.join(":")
}

/// The path of this program for other processes. It works even for a deleted file.
fn this_program() -> PathBuf {
    PathBuf::from(format!("/proc/{}/exe", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::by_name("flock", "/usr/bin/flock")]
    #[case::by_path("/tmp/made/monitor-command", "/imglock/programs/monitor-command")]
    fn a_program_has_a_place_that_no_mount_covers(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(place(name, PathBuf::from("/usr/bin").join(name)), Path::new(expected));
    }

    #[test]
    fn what_is_no_program_is_told() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "text").expect("writable");
        let programs = GuestPrograms::default();
        assert!(GuestPayload::pack_for(file.path(), &[], &programs, &[]).is_err());
        assert!(GuestPayload::pack(&[], &[PathBuf::from("/nowhere.kdl")]).is_err());
    }
}
