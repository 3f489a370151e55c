use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::descriptor::{Descriptor, Found};
use super::pass::scan;
use super::scan::Scan;
use super::sight::{Sight, is_denied};
use super::target::Target;
use super::{Survey, SurveyError, SurveyedImage};
use crate::lock_table::{AnyLine, FileKey, lines_of};
use crate::reach::Mounts;
use crate::served::ClientList;
use crate::users::{KnownFile, KnownOpener, users};
use imglock_core::Access;

/// The maximum number of passes while locks change.
const MOST_LOOKS: usize = 5;

/// Surveys the same files repeatedly, also after a path has come to lead elsewhere.
#[derive(Debug)]
pub struct Surveyor {
    targets: Vec<Target>,
    mounts: Mounts,
}

/// The path of a surveyed file has come to lead elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathChange {
    /// The file to which it led, as an index into [`Survey::images`].
    pub image: usize,
    /// The file to which it leads now, which is surveyed too from now on. `None` if it leads to no
    /// image.
    pub now: Option<usize>,
}

impl Surveyor {
    /// Finds the files. They are kept, so that they can be surveyed after their names are gone.
    ///
    /// # Errors
    /// If a path does not lead to a regular file or a block device.
    pub fn new<P: AsRef<Path>>(paths: &[P]) -> Result<Surveyor, SurveyError> {
        let mut mounts = Mounts::default();
        let targets = paths.iter().map(|path| find(path.as_ref(), &mut mounts));
        let targets = targets.collect::<Result<Vec<_>, _>>()?;
        Ok(Surveyor { targets, mounts })
    }

    /// Looks where the paths lead now. A path that leads to another file than before adds that file,
    /// behind the other images. Each change is returned once.
    pub fn follow_paths(&mut self) -> Vec<PathChange> {
        let mut changes = Vec::new();
        for image in 0..self.targets.len() {
            if self.targets[image].replaced {
                continue;
            }
            let path = self.targets[image].path.clone();
            let found = find(&path, &mut self.mounts).ok();
            let now = match found {
                Some(found) if found.stat == self.targets[image].stat => {
                    self.targets[image].is_lost = false;
                    continue;
                }
                None if self.targets[image].is_lost => continue,
                None => {
                    self.targets[image].is_lost = true;
                    None
                }
                Some(found) => {
                    self.targets[image].replaced = true;
                    self.targets.push(found);
                    Some(self.targets.len() - 1)
                }
            };
            changes.push(PathChange { image, now });
        }
        changes
    }

    /// Surveys the files, and leaves [`SurveyedImage::users`] empty: the users of the same bytes take
    /// longer to find than the locks.
    ///
    /// # Errors
    /// If /proc cannot be read.
    pub fn survey(&self) -> Result<Survey, SurveyError> {
        self.looked().map(|(survey, _)| survey)
    }

    /// Surveys the files, and finds the users of the same bytes.
    ///
    /// # Errors
    /// If /proc cannot be read.
    pub fn survey_with_users(&self) -> Result<Survey, SurveyError> {
        let (mut survey, openers) = self.looked()?;
        let seen = self.targets.iter().zip(&survey.images).zip(openers);
        let files = seen.map(|((target, image), openers)| {
            let identity = target.identity(image.key).map_err(SurveyError::Proc)?;
            Ok(KnownFile { identity, openers })
        });
        let files = files.collect::<Result<Vec<_>, SurveyError>>()?;
        for (image, users) in survey.images.iter_mut().zip(users(&files)) {
            image.users = users;
        }
        Ok(survey)
    }

    /// The survey, and the processes that have each file open.
    fn looked(&self) -> Result<(Survey, Vec<Vec<KnownOpener>>), SurveyError> {
        let mut last: Option<(Survey, Vec<Vec<KnownOpener>>)> = None;
        for _ in 0..MOST_LOOKS {
            let (mut seen, openers) = look(&self.targets).map_err(SurveyError::Proc)?;
            let explained = seen.images.iter().all(is_explained);
            // A lock that remains unexplained is really there. A result that does not change is
            // correct.
            let confirmed = last.as_ref().is_some_and(|(last, _)| last.images == seen.images);
            if (seen.settled && explained) || confirmed {
                seen.settled = true;
                return Ok((seen, openers));
            }
            last = Some((Survey { settled: false, ..seen }, openers));
        }
        last.ok_or_else(|| SurveyError::Proc(io::Error::other("no pass was made")))
    }
}

fn find(path: &Path, mounts: &mut Mounts) -> Result<Target, SurveyError> {
    let target = Target::find(path, mounts)
        .map_err(|source| SurveyError::Image { path: path.to_owned(), source })?;
    match target.not_an_image {
        Some(what) => Err(SurveyError::NotAnImage { path: path.to_owned(), what }),
        None => Ok(target),
    }
}

/// Returns whether tables and answers agree, and every lock has a known owner.
fn is_explained(image: &SurveyedImage) -> bool {
    let denied = image.asked.as_ref().is_ok_and(|inquiry| {
        let holders = image.holders.iter().flat_map(|holder| &holder.locks);
        holders.clone().any(|lock| is_denied(inquiry, lock))
    });
    image.unexplained.is_empty() && image.hidden.is_none() && !denied
}

/// One pass, and the processes that have each file open.
fn look(targets: &[Target]) -> io::Result<(Survey, Vec<Vec<KnownOpener>>)> {
    // The kernel makes the first reader of /proc/locks wait, so it is read beside the scan.
    let (scanned, table) = std::thread::scope(|scope| {
        let read = || lines_of(|file| targets.iter().any(|target| target.may_be(file)));
        let table = std::thread::Builder::new().spawn_scoped(scope, read);
        let scanned = scan(targets);
        let table = match table.map(|thread| thread.join()) {
            Ok(Ok(table)) => table,
            // Where no thread can be started, this one reads the table.
            Err(_) | Ok(Err(_)) => read(),
        };
        (scanned, table)
    });
    let Scan { found, unseen, bare, mut facts } = scanned?;
    let keys: Vec<FileKey> =
        targets.iter().zip(&found).map(|(target, found)| key(target, found)).collect();
    let mut lines: HashMap<FileKey, Vec<AnyLine>> = HashMap::new();
    let known = targets.iter().zip(&keys).all(|(target, key)| target.may_be(*key));
    let table = if known { table? } else { lines_of(|file| keys.contains(&file))? };
    for line in table {
        lines.entry(line.file).or_default().push(line);
    }
    let listed = ClientList::read(&keys);
    let mut survey = Survey { images: Vec::new(), unseen, nested: is_nested(), settled: true };
    for ((target, found), key) in targets.iter().zip(&found).zip(keys) {
        let lines = lines.get(&key).map_or(&[][..], Vec::as_slice);
        let (unseen, bare, listed) = (&survey.unseen, &bare[..], &listed);
        let facts = &mut facts;
        let mut sight = Sight { target, key, found, unseen, bare, listed, facts, settled: true };
        let image = sight.image(lines);
        survey.settled &= sight.settled;
        survey.images.push(image);
    }
    Ok((survey, found.iter().map(openers).collect()))
}

/// The processes with a descriptor that can read or write.
fn openers(found: &Found) -> Vec<KnownOpener> {
    let opener = |descriptor: &Descriptor| {
        let writable = descriptor.access? != Access::ReadOnly;
        Some(KnownOpener { pid: descriptor.task.pid, writable })
    };
    found.own.iter().filter_map(opener).collect()
}

/// The name of the file in /proc/locks. It is certain if the fdinfo of a descriptor shows one of
/// its locks.
fn key(target: &Target, found: &Found) -> FileKey {
    let shown = found.own.iter().flat_map(|descriptor| &descriptor.lines).next();
    shown.map_or(target.key, |line| line.file)
}

/// The inode number of the initial pid namespace (`PROC_PID_INIT_INO`, include/linux/proc_ns.h).
const INITIAL_PID_NAMESPACE: &str = "pid:[4026531836]";

/// Returns whether this process is in a pid namespace below the initial one.
fn is_nested() -> bool {
    let namespace = std::fs::read_link("/proc/self/ns/pid");
    namespace.is_ok_and(|namespace| namespace.as_os_str() != INITIAL_PID_NAMESPACE)
}
