use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The places of programs and of their libraries: those that are installed, and
/// before them a directory into which packages were unpacked (`dpkg -x`). An
/// unpacked program starts no service on the machine that tests it.
#[derive(Debug, Clone, Default)]
pub struct GuestPrograms {
    unpacked: Option<PathBuf>,
}

/// The directories of programs below a root.
const FOLDERS: [&str; 4] = ["usr/sbin", "usr/bin", "sbin", "bin"];
/// The directories below which a root has its libraries.
const LIBRARIES: [&str; 4] = ["usr/lib", "lib", "usr/lib64", "lib64"];

impl GuestPrograms {
    /// The installed programs, and before them those below `unpacked`.
    pub fn new(unpacked: Option<PathBuf>) -> GuestPrograms {
        GuestPrograms { unpacked }
    }

    /// The path of a program: in the unpacked directory, in `PATH`, or in the
    /// system administrator's directories.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let unpacked =
            self.unpacked.iter().flat_map(|root| FOLDERS.map(|folder| root.join(folder)));
        let more = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
        let folders = unpacked.chain(std::env::split_paths(&path)).chain(more);
        folders.map(|folder| folder.join(name)).find(|path| path.is_absolute() && path.is_file())
    }

    /// The path in a guest of a file that is at `path` on this machine.
    pub(super) fn inside(&self, path: &Path) -> PathBuf {
        let below = self.unpacked.as_ref().and_then(|root| path.strip_prefix(root).ok());
        below.map_or_else(|| path.to_owned(), |path| Path::new("/").join(path))
    }

    /// The unpacked directories of libraries, in the format of
    /// `LD_LIBRARY_PATH`; `None` if there are none.
    pub(super) fn library_path(&self) -> Option<OsString> {
        let folders = self.library_folders();
        if folders.is_empty() {
            return None;
        }
        std::env::join_paths(folders).ok()
    }

    /// The unpacked directories of libraries.
    pub(crate) fn library_folders(&self) -> Vec<PathBuf> {
        let roots = LIBRARIES.iter().flat_map(|lib| self.unpacked.iter().map(move |r| r.join(lib)));
        let below = |folder: PathBuf| {
            // x86_64-linux-gnu, and below it the libraries of one package.
            let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            let inner = entries.map(|entry| entry.path()).filter(|path| path.is_dir());
            let mut folders: Vec<PathBuf> = inner.collect();
            folders.sort();
            folders.insert(0, folder);
            folders
        };
        roots.flat_map(below).flat_map(below).filter(|path| path.is_dir()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unpacked_comes_first_and_keeps_its_place() {
        let root = tempfile::tempdir().expect("a directory");
        for folder in ["sbin", "usr/lib/x86_64-linux-gnu/samba"] {
            std::fs::create_dir_all(root.path().join(folder)).expect("writable");
        }
        let program = root.path().join("sbin/cat");
        std::fs::write(&program, "").expect("writable");
        let programs = GuestPrograms::new(Some(root.path().to_owned()));
        assert_eq!(programs.find("cat"), Some(program.clone()));
        assert_eq!(programs.inside(&program), Path::new("/sbin/cat"));
        let installed = programs.find("sh").expect("a shell");
        assert_eq!(programs.inside(&installed), installed);
        let libraries = programs.library_path().expect("a directory of libraries");
        let libraries: Vec<PathBuf> = std::env::split_paths(&libraries).collect();
        let expected = ["", "x86_64-linux-gnu", "x86_64-linux-gnu/samba"]
            .map(|folder| root.path().join("usr/lib").join(folder));
        for folder in expected {
            assert!(
                libraries.iter().any(|known| known.components().eq(folder.components())),
                "{libraries:?}"
            );
        }
        assert_eq!(GuestPrograms::default().library_path(), None);
    }
}
