use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lddtree::DependencyAnalyzer;
use object::elf::FileHeader64;
use object::pod::bytes_of;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, U16, U64};

use super::initramfs::Initramfs;
use imglock_engine::describe;

/// The path of this program in a guest: its init.
pub(super) const INIT: &str = "/init";

/// The contents of every guest: this program, other programs that it may call,
/// and the user's files, with the shared libraries that they need.
#[derive(Debug)]
pub struct GuestPayload {
    /// An archive that a kernel unpacks.
    pub(super) archive: Vec<u8>,
    /// The directories of the programs, in the format of `PATH`.
    pub(super) path: String,
    /// The directories of the libraries, in the format of `LD_LIBRARY_PATH`.
    pub(super) libraries: String,
    /// The user's files: the current and the final path of each.
    pub(super) files: Vec<(PathBuf, PathBuf)>,
    /// The working directory of this command.
    pub(super) directory: PathBuf,
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
        let packed = |error: std::io::Error| PayloadError {
            path: PathBuf::from(INIT),
            why: describe(&error),
        };
        let mut initramfs = Initramfs::new().map_err(packed)?;
        let this = Path::new("/proc/self/exe");
        let content = read(this)?;
        let content = loaded_part(&content).unwrap_or(content);
        initramfs.program(Path::new(INIT), &content).map_err(packed)?;
        let mut libraries = libraries_of(this)?;
        let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
        for program in programs.iter().filter_map(|name| installed(name)) {
            initramfs.program(&program, &read(&program)?).map_err(packed)?;
            libraries.append(&mut libraries_of(&program)?);
            folders.extend(program.parent().map(Path::to_owned));
        }
        for (inside, outside) in &libraries {
            initramfs.program(inside, &read(outside)?).map_err(packed)?;
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
        let library_folders = libraries.keys().filter_map(|library| library.parent());
        Ok(GuestPayload {
            archive: initramfs.finish().map_err(packed)?,
            path: joined(folders.iter().map(PathBuf::as_path)),
            libraries: joined(library_folders),
            files: put,
            directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, PayloadError> {
    let failed = |error| PayloadError { path: path.to_owned(), why: describe(&error) };
    std::fs::read(path).map_err(failed)
}

/// Directories without duplicates, separated by colons.
fn joined<'a>(folders: impl Iterator<Item = &'a Path>) -> String {
    let once: BTreeSet<String> = folders.map(|folder| folder.display().to_string()).collect();
    once.into_iter().collect::<Vec<_>>().join(":")
}

/// The path of a program: in `PATH`, or in the system administrator's
/// directories.
fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    let folders = std::env::split_paths(&path).chain(more);
    folders.map(|folder| folder.join(name)).find(|path| path.is_absolute() && path.is_file())
}

/// The shared libraries of a program: the path by which each is searched, and
/// its path here. Empty for a statically linked program.
fn libraries_of(program: &Path) -> Result<BTreeMap<PathBuf, PathBuf>, PayloadError> {
    let failed = |why: String| PayloadError { path: program.to_owned(), why };
    let tree = DependencyAnalyzer::default()
        .analyze(program)
        .map_err(|error| failed(format!("its libraries cannot be determined: {error}")))?;
    let mut found = BTreeMap::new();
    // The kernel searches the interpreter by exactly this name.
    found.extend(tree.interpreter.map(PathBuf::from).map(|path| (path.clone(), path)));
    for library in tree.libraries.into_values() {
        match library.realpath {
            Some(real) => found.insert(library.path, real),
            None => return Err(failed(format!("it needs {}, which is missing", library.name))),
        };
    }
    Ok(found)
}

/// The parts of an ELF file that are loaded to run it. Its sections, mostly for
/// debuggers, are left out; with them, a debug build is five times as large.
fn loaded_part(program: &[u8]) -> Option<Vec<u8>> {
    let header = FileHeader64::<Endianness>::parse(program).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, program).ok()?;
    let end = |segment: &object::elf::ProgramHeader64<Endianness>| {
        segment.p_offset(endian).checked_add(segment.p_filesz(endian))
    };
    let end = segments.iter().filter_map(end).max()?;
    let mut part = program.get(..usize::try_from(end).ok()?)?.to_vec();
    let mut header = *header;
    header.e_shoff = U64::new(endian, 0);
    header.e_shnum = U16::new(endian, 0);
    header.e_shstrndx = U16::new(endian, object::elf::SymbolSection(0));
    let header = bytes_of(&header);
    part.get_mut(..header.len())?.copy_from_slice(header);
    Some(part)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn the_loaded_part_of_a_program_runs() {
        let program = installed("cat").expect("cat");
        let this = std::fs::read("/proc/self/exe").expect("this program");
        let part = loaded_part(&this).expect("an ELF file");
        assert!(part.len() < this.len(), "{} of {}", part.len(), this.len());
        let part = loaded_part(&std::fs::read(program).expect("cat")).expect("an ELF file");
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("cat");
        std::fs::write(&path, part).expect("writable");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("writable");
        let said = Command::new(&path).arg("/proc/self/comm").output().expect("it runs");
        assert_eq!(String::from_utf8_lossy(&said.stdout), "cat\n");
    }

    #[test]
    fn a_program_needs_its_loader_and_its_libraries() {
        let libraries = libraries_of(Path::new("/proc/self/exe")).expect("libraries");
        let names: Vec<String> =
            libraries.keys().map(|library| library.display().to_string()).collect();
        if !names.is_empty() {
            assert!(names.iter().any(|name| name.contains("libc.so")), "{names:?}");
            assert!(names.iter().any(|name| name.contains("ld-linux")), "{names:?}");
        }
    }

    #[test]
    fn what_is_no_program_is_told() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "text").expect("writable");
        assert!(libraries_of(file.path()).is_err());
        assert!(GuestPayload::pack(&[], &[PathBuf::from("/nowhere.kdl")]).is_err());
    }
}
