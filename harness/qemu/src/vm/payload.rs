use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lddtree::DependencyAnalyzer;
use object::elf::FileHeader64;
use object::pod::bytes_of;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, U16, U64};

use super::initramfs::Initramfs;
use imglock_engine::describe;

/// Where a guest finds this program, which is its first.
pub(super) const INIT: &str = "/init";

/// What goes into every guest: this very program, others that it may call, and
/// files of the user's, with the shared libraries that they need.
#[derive(Debug)]
pub struct GuestPayload {
    /// As an archive that a kernel unpacks.
    pub(super) archive: Vec<u8>,
    /// Where the programs are, as `PATH` has it.
    pub(super) path: String,
    /// Where the libraries are, as `LD_LIBRARY_PATH` has it.
    pub(super) libraries: String,
    /// The user's files: where each is, and where it is to be put.
    pub(super) files: Vec<(PathBuf, PathBuf)>,
    /// The directory that this command runs in.
    pub(super) directory: PathBuf,
}

/// Why something cannot be taken along.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be taken into a guest: {why}", path.display())]
pub struct PayloadError {
    /// What.
    pub path: PathBuf,
    /// Why not.
    pub why: String,
}

impl GuestPayload {
    /// Packs this program, those of `programs` that are installed, and
    /// `files`, each under the path that it has here.
    ///
    /// # Errors
    /// When one cannot be read, or needs a library that is not there.
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
        // Where they are to be, something may be mounted first.
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

/// Folders, once each, with colons between.
fn joined<'a>(folders: impl Iterator<Item = &'a Path>) -> String {
    let once: BTreeSet<String> = folders.map(|folder| folder.display().to_string()).collect();
    once.into_iter().collect::<Vec<_>>().join(":")
}

/// Where a program is: in `PATH`, or where a root's programs are.
fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    let folders = std::env::split_paths(&path).chain(more);
    folders.map(|folder| folder.join(name)).find(|path| path.is_absolute() && path.is_file())
}

/// The shared libraries of a program: the path by which each is looked for,
/// and where it is here. None for a program that is linked statically.
fn libraries_of(program: &Path) -> Result<BTreeMap<PathBuf, PathBuf>, PayloadError> {
    let failed = |why: String| PayloadError { path: program.to_owned(), why };
    let tree = DependencyAnalyzer::default()
        .analyze(program)
        .map_err(|error| failed(format!("its libraries cannot be found out: {error}")))?;
    let mut found = BTreeMap::new();
    // The kernel looks for it by exactly this name.
    found.extend(tree.interpreter.map(PathBuf::from).map(|path| (path.clone(), path)));
    for library in tree.libraries.into_values() {
        match library.realpath {
            Some(real) => found.insert(library.path, real),
            None => return Err(failed(format!("it needs {}, which is not there", library.name))),
        };
    }
    Ok(found)
}

/// What of an ELF file is loaded to run it: all but its sections, most of
/// which a debugger would want. A debug build is five times as large with them.
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
