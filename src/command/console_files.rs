use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The files that keep what kernels say on their consoles.
pub struct ConsoleFiles(Vec<(PathBuf, File)>);

impl ConsoleFiles {
    /// Makes them, one for each of the kernels: `target` itself for a single
    /// one, and files named after them in it where it is a folder, or is to be
    /// one for several. None without a target.
    ///
    /// # Errors
    /// When one cannot be made.
    pub fn create(target: Option<&Path>, kernels: &[String]) -> Result<ConsoleFiles, Failure> {
        let Some(target) = target else { return Ok(ConsoleFiles(Vec::new())) };
        let failed = |path: &Path, source| Failure::Console { path: path.to_owned(), source };
        if kernels.len() == 1 && !target.is_dir() {
            let file = File::create(target).map_err(|source| failed(target, source))?;
            return Ok(ConsoleFiles(vec![(target.to_owned(), file)]));
        }
        std::fs::create_dir_all(target).map_err(|source| failed(target, source))?;
        let make = |kernel: &String| {
            let path = target.join(format!("{kernel}.log"));
            let file = File::create(&path).map_err(|source| failed(&path, source))?;
            Ok((path, file))
        };
        Ok(ConsoleFiles(kernels.iter().map(make).collect::<Result<_, Failure>>()?))
    }

    /// Adds to that of a kernel.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, kernel: usize, bytes: &[u8]) -> Result<(), Failure> {
        let Some((path, file)) = self.0.get_mut(kernel) else { return Ok(()) };
        let failed = |source| Failure::Console { path: path.clone(), source };
        file.write_all(bytes).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("6.{number}")).collect()
    }

    #[test]
    fn one_kernel_has_the_file_and_several_have_a_folder() {
        let folder = tempfile::tempdir().expect("a directory");
        let (one, several) = (folder.path().join("one"), folder.path().join("several"));
        let mut files = ConsoleFiles::create(Some(&one), &names(1)).expect("writable");
        files.write(0, b"a").and_then(|()| files.write(0, b"b")).expect("writable");
        assert_eq!(std::fs::read_to_string(&one).expect("a file"), "ab");
        let mut files = ConsoleFiles::create(Some(&several), &names(2)).expect("writable");
        files.write(1, b"c").expect("writable");
        assert_eq!(std::fs::read_to_string(several.join("6.1.log")).expect("a file"), "c");
        assert!(several.join("6.0.log").exists());
    }

    #[test]
    fn nobody_has_to_keep_them() {
        let mut files = ConsoleFiles::create(None, &names(2)).expect("nothing");
        files.write(0, b"a").expect("nothing");
        assert!(ConsoleFiles::create(Some(Path::new("/proc/none/x")), &names(1)).is_err());
    }
}
