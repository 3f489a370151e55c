use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::Endianness;
use object::elf::FileHeader64;
use object::read::elf::{FileHeader, ProgramHeader};

use imglock_engine::describe;

/// The shared libraries of a program, as its own dynamic loader finds them. Empty for a
/// statically linked program. `content` is the program's file, and `folders` are directories to
/// search first, in the format of `LD_LIBRARY_PATH`.
///
/// # Errors
/// In words, if a library is missing or the loader cannot be asked.
pub(super) fn libraries_of(
    program: &Path,
    content: &[u8],
    folders: Option<&OsStr>,
) -> Result<BTreeSet<PathBuf>, String> {
    let unknown = |why: String| format!("its libraries cannot be determined: {why}");
    let loader = loader_of(content).map_err(|error| unknown(error.to_string()))?;
    let Some(loader) = loader else { return Ok(BTreeSet::new()) };
    // The loaders of glibc and of musl list the libraries without a start of the program.
    let mut command = Command::new(&loader);
    if let Some(folders) = folders {
        command.arg("--library-path").arg(folders);
    }
    let listed = command
        .arg("--list")
        .arg(program)
        .env_remove("LD_PRELOAD")
        .env("LC_ALL", "C")
        .output()
        .map_err(|error| unknown(format!("{}: {}", loader.display(), describe(&error))))?;
    let printed = String::from_utf8_lossy(&listed.stdout);
    let mut found =
        listed_libraries(&printed).map_err(|name| format!("it needs {name}, which is missing"))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_needs_its_loader_and_its_libraries() {
        let this = std::env::current_exe().expect("this program");
        let libraries = libraries_of(&this, &std::fs::read(&this).expect("this program"), None);
        let libraries = libraries.expect("libraries");
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
        assert!(libraries_of(Path::new("text"), b"text", None).is_err());
    }
}
