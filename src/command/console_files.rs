use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Written};

/// The files for the console output of the kernels.
pub struct ConsoleFiles(Vec<(PathBuf, File)>);

impl ConsoleFiles {
    /// Creates one file per kernel. For a single kernel, `target` is the file,
    /// unless it is a folder. Otherwise `target` is a folder, created if
    /// missing, and each file is named after its kernel. Without a target there
    /// are no files.
    ///
    /// # Errors
    /// A file or the folder cannot be created.
    pub fn create(target: Option<&Path>, kernels: &[String]) -> Result<ConsoleFiles, Failure> {
        let Some(target) = target else { return Ok(ConsoleFiles(Vec::new())) };
        if kernels.len() == 1 && !target.is_dir() {
            let file =
                File::create(target).map_err(Failure::unwritable(Written::Console, target))?;
            return Ok(ConsoleFiles(vec![(target.to_owned(), file)]));
        }
        std::fs::create_dir_all(target).map_err(Failure::unwritable(Written::Console, target))?;
        let make = |kernel: &String| {
            let path = target.join(format!("{kernel}.log"));
            let file = File::create(&path).map_err(Failure::unwritable(Written::Console, &path))?;
            Ok((path, file))
        };
        Ok(ConsoleFiles(kernels.iter().map(make).collect::<Result<_, Failure>>()?))
    }

    /// Appends to the file of a kernel.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, kernel: usize, bytes: &[u8]) -> Result<(), Failure> {
        let Some((path, file)) = self.0.get_mut(kernel) else { return Ok(()) };
        file.write_all(bytes).map_err(Failure::unwritable(Written::Console, path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("6.{number}")).collect()
    }

    #[test]
    fn one_kernel_uses_the_file_and_several_use_a_folder() {
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
    fn without_a_target_nothing_is_written() {
        let mut files = ConsoleFiles::create(None, &names(2)).expect("nothing");
        files.write(0, b"a").expect("nothing");
        assert!(ConsoleFiles::create(Some(Path::new("/proc/none/x")), &names(1)).is_err());
    }
}
