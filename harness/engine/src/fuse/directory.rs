use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use fuser::{FileType, INodeNo};
use rustix::fs::Dir;
use rustix::io::Result;

use super::attributes::kind;

/// A directory that is being read, with its entries as of the first read.
#[derive(Debug)]
pub(super) struct Listing {
    descriptor: OwnedFd,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub number: INodeNo,
    pub kind: FileType,
    pub name: OsString,
}

impl Listing {
    pub fn of(descriptor: OwnedFd) -> Listing {
        Listing { descriptor, entries: Vec::new() }
    }

    /// The entries from a position on, each with the position after it.
    /// Position 0 reads the directory again.
    pub fn from(&mut self, position: u64) -> Result<impl Iterator<Item = (u64, &Entry)>> {
        if position == 0 {
            self.entries = read(&self.descriptor)?;
        }
        let skipped = usize::try_from(position).unwrap_or(usize::MAX);
        Ok((1..).zip(&self.entries).skip(skipped))
    }
}

fn read(descriptor: &OwnedFd) -> Result<Vec<Entry>> {
    let entry = |entry: Result<rustix::fs::DirEntry>| {
        let entry = entry?;
        let name = std::ffi::OsStr::from_bytes(entry.file_name().to_bytes()).to_owned();
        Ok(Entry { number: INodeNo(entry.ino()), kind: kind(entry.file_type()), name })
    };
    Dir::read_from(descriptor)?.map(entry).collect()
}
