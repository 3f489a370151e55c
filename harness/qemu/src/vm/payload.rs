use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

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
        let this = this_program();
        let content = read(&this)?;
        let content = loaded_part(&content).unwrap_or(content);
        initramfs.program(Path::new(INIT), &content).map_err(packed)?;
        let mut libraries = libraries_of(&this)?;
        let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
        for program in programs.iter().filter_map(|name| installed(name)) {
            initramfs.program(&program, &read(&program)?).map_err(packed)?;
            libraries.append(&mut libraries_of(&program)?);
            folders.extend(program.parent().map(Path::to_owned));
        }
        for library in &libraries {
            initramfs.program(library, &read(library)?).map_err(packed)?;
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
        let library_folders = libraries.iter().filter_map(|library| library.parent());
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

/// The path of this program for other processes. It works even for a deleted file.
fn this_program() -> PathBuf {
    PathBuf::from(format!("/proc/{}/exe", std::process::id()))
}

/// The shared libraries of a program, as its own dynamic loader finds them. Empty for a
/// statically linked program.
fn libraries_of(program: &Path) -> Result<BTreeSet<PathBuf>, PayloadError> {
    let failed = |why: String| PayloadError { path: program.to_owned(), why };
    let unknown = |why: String| failed(format!("its libraries cannot be determined: {why}"));
    let loader = loader_of(&read(program)?).map_err(|error| unknown(error.to_string()))?;
    let Some(loader) = loader else { return Ok(BTreeSet::new()) };
    // The loaders of glibc and of musl list the libraries without a start of the program.
    let listed = Command::new(&loader)
        .arg("--list")
        .arg(program)
        .env_remove("LD_PRELOAD")
        .env("LC_ALL", "C")
        .output()
        .map_err(|error| unknown(format!("{}: {}", loader.display(), describe(&error))))?;
    let printed = String::from_utf8_lossy(&listed.stdout);
    let mut found = listed_libraries(&printed)
        .map_err(|name| failed(format!("it needs {name}, which is missing")))?;
    if !listed.status.success() {
        return Err(unknown(String::from_utf8_lossy(&listed.stderr).trim().to_owned()));
    }
    // The kernel searches the loader by exactly this name.
    found.insert(loader);
    Ok(found)
}

/// The dynamic loader that an ELF file names.
fn loader_of(program: &[u8]) -> object::Result<Option<PathBuf>> {
    let header = FileHeader64::<Endianness>::parse(program)?;
    let endian = header.endian()?;
    for segment in header.program_headers(endian, program)? {
        if let Some(path) = segment.interpreter(endian, program)? {
            return Ok(Some(PathBuf::from(OsStr::from_bytes(path))));
        }
    }
    Ok(None)
}

/// The paths in a loader's list (`libc.so.6 => /lib/libc.so.6 (0x7f...)`), or the name of
/// a missing library. The vDSO has no path.
fn listed_libraries(list: &str) -> Result<BTreeSet<PathBuf>, String> {
    let mut found = BTreeSet::new();
    for line in list.lines().map(str::trim) {
        let (name, path) = line.split_once(" => ").unwrap_or((line, line));
        let path = path.rsplit_once(" (0x").map_or(path, |(path, _)| path);
        if path.starts_with('/') {
            found.insert(PathBuf::from(path));
        } else if path == "not found" {
            return Err(name.to_owned());
        }
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
        let libraries = libraries_of(&this_program()).expect("libraries");
        let names: Vec<String> =
            libraries.iter().map(|library| library.display().to_string()).collect();
        if !names.is_empty() {
            assert!(names.iter().any(|name| name.contains("libc.so")), "{names:?}");
            assert!(names.iter().any(|name| name.contains("ld-linux")), "{names:?}");
        }
    }

    #[rstest::rstest]
    #[case::glibc(
        "\tlinux-vdso.so.1 (0x00007ffc)\n\tlibz.so.1 => /lib/x y/libz.so.1 (0x00007f0c)\n\
         \t/lib64/ld-linux-x86-64.so.2 (0x00007f0d)\n",
        Ok(vec!["/lib/x y/libz.so.1", "/lib64/ld-linux-x86-64.so.2"])
    )]
    #[case::musl(
        "\t/lib/ld-musl-x86_64.so.1 (0x7f)\n\tlibc.so => /lib/ld-musl-x86_64.so.1 (0x7f)\n",
        Ok(vec!["/lib/ld-musl-x86_64.so.1"])
    )]
    #[case::missing("\tlibgone.so.3 => not found\n", Err("libgone.so.3"))]
    #[case::static_pie("\tstatically linked\n", Ok(vec![]))]
    fn a_list_of_libraries_is_read(#[case] list: &str, #[case] expected: Result<Vec<&str>, &str>) {
        let expected = expected.map(|paths| paths.into_iter().map(PathBuf::from).collect());
        assert_eq!(listed_libraries(list), expected.map_err(str::to_owned));
    }

    #[test]
    fn what_is_no_program_is_told() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "text").expect("writable");
        assert!(libraries_of(file.path()).is_err());
        assert!(GuestPayload::pack(&[], &[PathBuf::from("/nowhere.kdl")]).is_err());
    }
}
