use std::path::{Path, PathBuf};

use imglock_core::{FileSystem, PlaceName};

use crate::file_system::{MadeFileSystem, Site};
use crate::run::{Environment, Place, PlaceFate};

/// The places of a tour under the running kernel.
#[derive(Debug)]
pub(super) enum Places {
    /// An existing directory.
    Directory(PathBuf),
    /// File systems to make, one after the other.
    Made(Site, Vec<FileSystem>),
}

/// One of them, not prepared yet.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spot<'p> {
    Directory(&'p Path),
    Made(&'p Site, FileSystem),
}

/// One place and its directory, which exists while this value lives. Without a
/// directory, nothing can run there.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) place: Place,
    pub(super) directory: Option<PathBuf>,
    _made: Option<MadeFileSystem>,
}

impl Places {
    /// The places, in their order.
    pub(super) fn spots(&self) -> Vec<Spot<'_>> {
        match self {
            Places::Directory(directory) => vec![Spot::Directory(directory)],
            Places::Made(site, kinds) => kinds.iter().map(|kind| Spot::Made(site, *kind)).collect(),
        }
    }
}

impl Spot<'_> {
    /// The name of the place, without a kernel.
    pub(super) fn name(self) -> PlaceName {
        match self {
            Spot::Directory(_) => PlaceName::HERE,
            Spot::Made(_, kind) => PlaceName::made(kind),
        }
    }

    /// Makes its file system, if it needs one, and calls it `name`.
    pub(super) fn prepare(
        self,
        name: PlaceName,
        environment: impl Fn(&Path) -> Environment,
    ) -> Ground {
        let reached = |directory: &Path, made| Ground {
            place: Place::reached(name.clone(), environment(directory)),
            directory: Some(directory.to_owned()),
            _made: made,
        };
        let (site, kind) = match self {
            Spot::Directory(directory) => return reached(directory, None),
            Spot::Made(site, kind) => (site, kind),
        };
        match site.make(kind) {
            Ok(made) => reached(&made.directory().to_owned(), Some(made)),
            Err(why) => {
                // The kernel is known without the file system, the mount is not.
                let environment = Environment {
                    file_system: kind.name().to_owned(),
                    mount_options: Vec::new(),
                    ..environment(Path::new("/proc/self"))
                };
                let fate = PlaceFate::Skipped { why: why.to_string() };
                let place = Place { fate, ..Place::reached(name, environment) };
                Ground { place, directory: None, _made: None }
            }
        }
    }
}
