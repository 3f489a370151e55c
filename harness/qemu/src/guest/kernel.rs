use std::path::{Path, PathBuf};

use super::deb::{Package, is_package};
use super::image::{KernelImage, NoKernel};
use super::modules::{Module, ModuleError, Modules};

/// A kernel read from a file, with the modules that it needs.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// The file.
    pub file: PathBuf,
    /// The kernel.
    pub image: KernelImage,
    /// The modules to load, in order.
    pub modules: Vec<Module>,
}

/// The reasons why a kernel cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// A file cannot be read.
    #[error("cannot read {}: {why}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's error.
        why: String,
    },
    /// A file is not a kernel.
    #[error("{} cannot be booted: {error}", file.display())]
    NoKernel {
        /// The file.
        file: PathBuf,
        /// The reason.
        error: NoKernel,
    },
    /// A package cannot be unpacked.
    #[error("{} cannot be unpacked: {why}", file.display())]
    Package {
        /// The file.
        file: PathBuf,
        /// The reason.
        why: String,
    },
    /// A package contains no kernel.
    #[error("{} contains no kernel", file.display())]
    NoImage {
        /// The file.
        file: PathBuf,
    },
    /// The modules of this kernel are missing.
    #[error("{} contains no modules of {release}{}", directory.display(), others(.there))]
    NoModules {
        /// The directory.
        directory: PathBuf,
        /// The kernel's release.
        release: String,
        /// The releases with modules in the directory.
        there: Vec<String>,
    },
    /// Modules cannot be loaded.
    #[error("modules of {}: {error}", file.display())]
    Modules {
        /// The kernel's file.
        file: PathBuf,
        /// The reason.
        error: ModuleError,
    },
}

fn others(there: &[String]) -> String {
    match there {
        [] => String::new(),
        names => format!(" (but of {})", names.join(", ")),
    }
}

impl Kernel {
    /// Reads the kernel in `file`, and those of its modules that are `wanted`:
    /// from its package, or from the first of `folders` that has modules for
    /// it.
    ///
    /// # Errors
    /// If the file contains no kernel, or needed modules are missing.
    pub fn open(
        file: &Path,
        folders: &[PathBuf],
        wanted: &[String],
    ) -> Result<Kernel, KernelError> {
        let to_owned = || file.to_owned();
        let bytes = std::fs::read(file).map_err(|error| KernelError::Unreadable {
            file: to_owned(),
            why: imglock_engine::describe(&error),
        })?;
        let (bytes, packed) = if is_package(&bytes) {
            let package = Package::read(&bytes, !wanted.is_empty())
                .map_err(|why| KernelError::Package { file: to_owned(), why })?;
            let image = package.image.ok_or_else(|| KernelError::NoImage { file: to_owned() })?;
            (image, Some(package.modules))
        } else {
            (bytes, None)
        };
        let image = KernelImage::read(bytes)
            .map_err(|error| KernelError::NoKernel { file: to_owned(), error })?;
        let modules = match packed {
            Some(modules) => Some(modules),
            None if wanted.is_empty() => None,
            None => in_folders(folders, image.release())?,
        };
        let modules = match modules {
            Some(modules) => modules
                .in_order(wanted)
                .map_err(|error| KernelError::Modules { file: to_owned(), error })?,
            None => Vec::new(),
        };
        Ok(Kernel { file: to_owned(), image, modules })
    }

    /// The output of `uname -r` under this kernel.
    pub fn release(&self) -> &str {
        self.image.release()
    }
}

/// The modules of `release` in one of these directories; `None` without
/// directories.
fn in_folders(folders: &[PathBuf], release: &str) -> Result<Option<Modules>, KernelError> {
    let candidates = folders.iter().flat_map(|folder| {
        let below =
            ["", "lib/modules", "usr/lib/modules"].map(|part| folder.join(part).join(release));
        let itself = folder.file_name().is_some_and(|name| name == release).then(|| folder.clone());
        itself.into_iter().chain(below)
    });
    if let Some(found) = candidates.into_iter().find(|folder| folder.join("kernel").is_dir()) {
        return read_folder(&found).map(Some);
    }
    match folders.first() {
        None => Ok(None),
        Some(directory) => Err(KernelError::NoModules {
            directory: directory.clone(),
            release: release.to_owned(),
            there: releases_in(directory),
        }),
    }
}

/// All modules of `/lib/modules/RELEASE`.
fn read_folder(folder: &Path) -> Result<Modules, KernelError> {
    let mut modules = Modules::default();
    let unreadable = |file: &Path, error: &std::io::Error| KernelError::Unreadable {
        file: file.to_owned(),
        why: imglock_engine::describe(error),
    };
    let list = folder.join("modules.builtin");
    match std::fs::read_to_string(&list) {
        Ok(list) => modules.add_builtin(&list),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(unreadable(&list, &error)),
    }
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, &error))?;
            let path = entry.path();
            // `build` and `source` are links to whole trees.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(kind) if kind.is_file() => modules.add(&path, None),
                _ => {}
            }
        }
    }
    Ok(modules)
}

/// The releases with modules in a directory.
fn releases_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let with_modules = entries.filter(|entry| entry.path().join("kernel").is_dir());
    let mut names: Vec<String> =
        with_modules.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let itself = directory.join("kernel").is_dir().then(|| directory.file_name()).flatten();
    names.extend(itself.map(|name| name.to_string_lossy().into_owned()));
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::super::image::tests::made_up as made_up_image;
    use super::*;
    use crate::guest::modules::made_up;

    struct Made {
        folder: tempfile::TempDir,
        image: PathBuf,
    }

    /// A kernel with a module below `modules/RELEASE`.
    fn made(release: &str) -> Made {
        let folder = tempfile::tempdir().expect("a directory");
        let image = folder.path().join("bzImage");
        std::fs::write(&image, made_up_image(&format!("{release} #1"))).expect("writable");
        let modules = folder.path().join("modules").join(release);
        std::fs::create_dir_all(modules.join("kernel/fs")).expect("writable");
        std::fs::write(modules.join("kernel/fs/xfs.ko"), made_up("depends=")).expect("writable");
        std::fs::write(modules.join("modules.builtin"), "kernel/fs/ext4.ko\n").expect("writable");
        Made { folder, image }
    }

    fn wanted(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[rstest::rstest]
    #[case::parent("modules")]
    #[case::itself("modules/6.9.1")]
    fn modules_are_found_by_release(#[case] folder: &str) {
        let made = made("6.9.1");
        let folders = [made.folder.path().join(folder)];
        let wanted = wanted(&["xfs", "ext4", "btrfs"]);
        let kernel = Kernel::open(&made.image, &folders, &wanted).expect("a kernel");
        assert_eq!(kernel.release(), "6.9.1");
        let names: Vec<_> = kernel.modules.iter().map(|module| module.name.as_str()).collect();
        assert_eq!(names, ["xfs"]);
    }

    #[test]
    fn modules_of_another_kernel_are_refused() {
        let (made, other) = (made("6.9.1"), made("6.8.0"));
        let folders = [other.folder.path().join("modules")];
        let error = Kernel::open(&made.image, &folders, &wanted(&["xfs"])).expect_err("no modules");
        let text = error.to_string();
        assert!(text.contains("no modules of 6.9.1 (but of 6.8.0)"), "{text}");
    }

    #[test]
    fn a_kernel_without_modules_is_taken_as_it_is() {
        let made = made("6.9.1");
        let kernel = Kernel::open(&made.image, &[], &wanted(&["xfs"])).expect("a kernel");
        assert_eq!(kernel.modules, []);
    }
}
