use std::fs::Permissions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A file that each write replaces as a whole: a temporary file beside it, then
/// a rename. A reader never sees half of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplacedFile(PathBuf);

impl ReplacedFile {
    /// The file at `path`. Does not write yet.
    ///
    /// # Errors
    /// When the directory does not exist, or the path is not a regular file.
    pub fn at(path: &Path) -> Result<ReplacedFile, Failure> {
        let failed = |source| Failure::Report { path: path.to_owned(), source };
        resolve(path).map(ReplacedFile).map_err(failed)
    }

    /// Its path, with symbolic links resolved.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Replaces the file.
    ///
    /// # Errors
    /// When it cannot be written; the old file then stays.
    pub fn replace(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        replace(&self.0, write).map_err(|source| Failure::Report { path: self.0.clone(), source })
    }
}

/// Resolves `path`: a symbolic link stays, and a device is never replaced.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Ok(existing) if existing.is_file() => Ok(existing),
        Ok(_) => Err(io::Error::other("it exists and is not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let name = path.file_name().ok_or(error)?;
            Ok(folder(path).canonicalize()?.join(name))
        }
        Err(error) => Err(error),
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let file = tempfile::Builder::new()
        .prefix(".imglock-report-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder(path))?;
    let mut out = BufWriter::new(file);
    write(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
