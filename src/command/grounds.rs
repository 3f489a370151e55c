use std::path::{Path, PathBuf};

use imglock_harness::file_system::{Made, PrivateMounts, Site};
use imglock_harness::process::LauncherOptions;
use imglock_harness::run::{Environment, Fate, Place};
use imglock_harness::scenario::Scenario;
use imglock_harness::step::FileSystem;

use super::place;
use crate::failure::Failure;

/// Where the runs of one command take place.
pub enum Grounds {
    /// In a directory that is there.
    Directory(PathBuf),
    /// On file systems that are made for it, one after the other.
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
    pub fn new(
        file_systems: Vec<FileSystem>,
        options: LauncherOptions,
    ) -> Result<Grounds, Failure> {
        if file_systems.is_empty() {
            return Ok(Grounds::Directory(options.directory));
        }
        Ok(Grounds::Made(Site::open(&options)?, file_systems))
    }

    /// What they are: file systems that are made, or a directory that is there.
    pub fn kinds(&self) -> Vec<Option<FileSystem>> {
        match self {
            Grounds::Directory(_) => vec![None],
            Grounds::Made(_, kinds) => kinds.iter().copied().map(Some).collect(),
        }
    }

    /// That something may be mounted while these scenarios run, if one of them
    /// mounts anything. As [`Grounds::new`], to be called early.
    pub fn mounts<'s>(
        &self,
        scenarios: impl IntoIterator<Item = &'s Scenario>,
    ) -> Option<PrivateMounts> {
        match self {
            Grounds::Directory(_) => place::mounts(scenarios),
            Grounds::Made(site, _) => Some(site.private().clone()),
        }
    }

    /// Goes to each, one after the other.
    pub fn each(&self, environment: impl Fn(&Path) -> Environment) -> impl Iterator<Item = Ground> {
        self.kinds().into_iter().enumerate().map(move |(number, _)| match self {
            Grounds::Directory(directory) => Ground {
                place: Place::reached("", environment(directory)),
                directory: Some(directory.clone()),
                _made: None,
            },
            Grounds::Made(site, kinds) => Ground::make(site, kinds[number], &environment),
        })
    }
}

impl Ground {
    /// Where to run, if that is possible.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    fn make(site: &Site, kind: FileSystem, environment: &impl Fn(&Path) -> Environment) -> Ground {
        match site.make(kind) {
            Ok(made) => {
                let directory = made.directory().to_owned();
                let place = Place::reached(kind.name(), environment(&directory));
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
                let place = Place { fate, ..Place::reached(kind.name(), environment) };
                Ground { place, directory: None, _made: None }
            }
        }
    }
}
