use std::path::{Path, PathBuf};

use imglock_harness::file_system::{Made, PrivateMounts, Site};
use imglock_harness::process::LauncherOptions;
use imglock_harness::run::{Environment, Fate, Place};
use imglock_harness::scenario::Scenario;
use imglock_harness::step::FileSystem;

use super::place;
use crate::failure::Failure;

/// The places of the runs of one command under the running kernel.
pub struct Grounds {
    /// The prefix of the place names, if the same command also runs under other
    /// kernels.
    kernel: Option<String>,
    there: There,
}

enum There {
    /// An existing directory.
    Directory(PathBuf),
    /// File systems to make, one after the other.
    Made(Site, Vec<FileSystem>),
}

/// One place and its directory, which exists while this value lives. Without a
/// directory, nothing can run there.
pub struct Ground {
    pub place: Place,
    directory: Option<PathBuf>,
    _made: Option<Made>,
}

impl Grounds {
    /// The directory itself, or the file systems `kinds`, made in it.
    ///
    /// Call this in the main thread before other threads are started: to make
    /// file systems, it enters a private mount namespace.
    ///
    /// # Errors
    /// File systems are requested and nothing can be mounted.
    pub fn new(kinds: Vec<FileSystem>, options: LauncherOptions) -> Result<Grounds, Failure> {
        let there = match kinds.as_slice() {
            [] => There::Directory(options.directory),
            _ => There::Made(Site::open(&options)?, kinds),
        };
        Ok(Grounds { kernel: None, there })
    }

    /// Adds the name of the kernel before the names of the places.
    pub fn under(self, kernel: String) -> Grounds {
        Grounds { kernel: Some(kernel), ..self }
    }

    /// The file system to make at each place; `None` for an existing directory.
    pub fn kinds(&self) -> Vec<Option<FileSystem>> {
        match &self.there {
            There::Directory(_) => vec![None],
            There::Made(_, kinds) => kinds.iter().copied().map(Some).collect(),
        }
    }

    /// The private mount namespace for these scenarios, if one of them mounts
    /// something. Call this early, as [`Grounds::new`].
    pub fn mounts<'s>(
        &self,
        scenarios: impl IntoIterator<Item = &'s Scenario>,
    ) -> Option<PrivateMounts> {
        match &self.there {
            There::Directory(_) => place::mounts(scenarios),
            There::Made(site, _) => Some(site.private().clone()),
        }
    }

    /// Prepares each place, one after the other.
    pub fn each(&self, environment: impl Fn(&Path) -> Environment) -> impl Iterator<Item = Ground> {
        let (directory, made) = match &self.there {
            There::Directory(directory) => (Some(directory), None),
            There::Made(site, kinds) => (None, Some((site, kinds))),
        };
        let there = directory.map(|directory| (directory, environment(directory)));
        let there = there.map(|(directory, environment)| Ground {
            place: Place::reached(&self.name(None), environment),
            directory: Some(directory.clone()),
            _made: None,
        });
        let kinds =
            made.into_iter().flat_map(|(site, kinds)| kinds.iter().map(move |kind| (site, *kind)));
        there.into_iter().chain(kinds.map(move |(site, kind)| self.make(site, kind, &environment)))
    }

    fn name(&self, kind: Option<FileSystem>) -> String {
        let parts = [self.kernel.as_deref(), kind.map(FileSystem::name)];
        parts.into_iter().flatten().collect::<Vec<_>>().join("/")
    }

    fn make(
        &self,
        site: &Site,
        kind: FileSystem,
        environment: &impl Fn(&Path) -> Environment,
    ) -> Ground {
        let name = self.name(Some(kind));
        match site.make(kind) {
            Ok(made) => {
                let directory = made.directory().to_owned();
                let place = Place::reached(&name, environment(&directory));
                Ground { place, directory: Some(directory), _made: Some(made) }
            }
            Err(why) => {
                // The kernel and host are known without the file system.
                let known = environment(Path::new("/proc/self"));
                let environment = Environment {
                    file_system: kind.name().to_owned(),
                    mount_options: Vec::new(),
                    ..known
                };
                let fate = Fate::Skipped { why: why.to_string() };
                let place = Place { fate, ..Place::reached(&name, environment) };
                Ground { place, directory: None, _made: None }
            }
        }
    }
}

impl Ground {
    /// The directory to run in, if the place could be prepared.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }
}
