use std::path::{Path, PathBuf};

use imglock_harness::file_system::{Made, PrivateMounts, Site};
use imglock_harness::process::LauncherOptions;
use imglock_harness::run::{Environment, Fate, Place};
use imglock_harness::scenario::Scenario;
use imglock_harness::step::FileSystem;

use super::place;
use crate::failure::Failure;

/// Where the runs of one command take place under the kernel that is running.
pub struct Grounds {
    /// Before the names of the places, where others are run under other
    /// kernels.
    kernel: Option<String>,
    there: There,
}

enum There {
    /// A directory that is there.
    Directory(PathBuf),
    /// File systems that are made, one after the other.
    Made(Site, Vec<FileSystem>),
}

/// One of the grounds: a place, and the directory that is to be run in while
/// this lives. Nothing can be run where there is none.
pub struct Ground {
    pub place: Place,
    directory: Option<PathBuf>,
    _made: Option<Made>,
}

impl Grounds {
    /// The directory, or file systems that are made in it.
    ///
    /// To be called in the main thread before it starts others: where file
    /// systems are made, it goes into a mount namespace of its own.
    ///
    /// # Errors
    /// When file systems are asked for and nothing can be mounted.
    pub fn new(kinds: Vec<FileSystem>, options: LauncherOptions) -> Result<Grounds, Failure> {
        let there = match kinds.as_slice() {
            [] => There::Directory(options.directory),
            _ => There::Made(Site::open(&options)?, kinds),
        };
        Ok(Grounds { kernel: None, there })
    }

    /// With the name of the kernel before those of the places.
    pub fn under(self, kernel: String) -> Grounds {
        Grounds { kernel: Some(kernel), ..self }
    }

    /// What they are: file systems that are made, or a directory that is there.
    pub fn kinds(&self) -> Vec<Option<FileSystem>> {
        match &self.there {
            There::Directory(_) => vec![None],
            There::Made(_, kinds) => kinds.iter().copied().map(Some).collect(),
        }
    }

    /// That something may be mounted while these scenarios run, if one of them
    /// mounts anything. As [`Grounds::new`], to be called early.
    pub fn mounts<'s>(
        &self,
        scenarios: impl IntoIterator<Item = &'s Scenario>,
    ) -> Option<PrivateMounts> {
        match &self.there {
            There::Directory(_) => place::mounts(scenarios),
            There::Made(site, _) => Some(site.private().clone()),
        }
    }

    /// Goes to each, one after the other.
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
                // What is known without it.
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
    /// Where to run, if that is possible.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }
}
