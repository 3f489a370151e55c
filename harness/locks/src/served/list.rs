use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use super::state::StateLine;
use super::{ServedClient, ServedGap, ServedState};
use crate::lock_table::FileKey;

/// The maximum number of bytes of all `states` together that are read.
const MOST_BYTES: u64 = 64 << 20;
/// The maximum length of a line of `states`: two names of 255 bytes, and an owner of 1024 bytes, of
/// each of which the kernel prints four characters.
const LONGEST_LINE: u64 = 16 << 10;
/// The maximum length of `info`, which has some 20 short lines and three names.
const LONGEST_INFO: u64 = 32 << 10;

/// The clients of nfsd that have states on some files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ClientList {
    clients: BTreeMap<FileKey, Vec<ServedClient>>,
    /// Why there can be other clients.
    pub(crate) gap: Option<ServedGap>,
}

impl ClientList {
    /// Reads the states of each client of this machine's NFS server on the files in `keys`.
    ///
    /// A client that goes meanwhile has none. A machine on which nfsd does not serve has no client. nfsd
    /// in another network namespace is not looked at.
    pub(crate) fn read(keys: &[FileKey]) -> ClientList {
        ClientList::read_below(Path::new("/proc"), keys)
    }

    fn read_below(proc: &Path, keys: &[FileKey]) -> ClientList {
        let nfsd = proc.join("fs/nfsd");
        let mut list = ClientList::default();
        match clients(&nfsd.join("clients")) {
            Ok(ids) => list.add(&nfsd.join("clients"), &ids, keys),
            Err(error) => list.gap = gap(&error, &nfsd),
        }
        if list.gap.is_some_and(|gap| !may_serve(gap, &proc.join("net/rpc/nfsd"))) {
            list.gap = None;
        }
        list
    }

    fn add(&mut self, folder: &Path, ids: &[u32], keys: &[FileKey]) {
        let mut left = MOST_BYTES;
        let mut incomplete = 0;
        for id in ids {
            let folder = folder.join(id.to_string());
            let (states, whole) = match states(&folder.join("states"), keys, &mut left) {
                Ok(read) => read,
                // It has gone.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(_) => (BTreeMap::new(), false),
            };
            incomplete += usize::from(!whole);
            if states.is_empty() {
                continue;
            }
            let mut info = String::new();
            let file = File::open(folder.join("info"));
            let read = file.and_then(|file| file.take(LONGEST_INFO).read_to_string(&mut info));
            // What is missing in it is unknown.
            let _ = read;
            for (key, states) in states {
                let client = ServedClient::new(*id, states).with_info(&info);
                self.clients.entry(key).or_default().push(client);
            }
        }
        self.gap = (incomplete > 0).then_some(ServedGap::Incomplete(incomplete));
    }

    /// The clients with a state on this file, by their folders.
    pub(crate) fn on(&self, key: FileKey) -> Vec<ServedClient> {
        self.clients.get(&key).cloned().unwrap_or_default()
    }
}

/// The numbers of the folders of clients, in ascending order.
fn clients(folder: &Path) -> io::Result<Vec<u32>> {
    let mut ids = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        ids.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    ids.sort_unstable();
    Ok(ids)
}

/// Why there is no list of clients. `None` if the kernel was built without an NFS server: it makes the
/// folder, as a mount point (fs/proc/root.c).
fn gap(error: &io::Error, nfsd: &Path) -> Option<ServedGap> {
    match error.kind() {
        ErrorKind::NotFound if nfsd.join("threads").exists() => Some(ServedGap::OldKernel),
        ErrorKind::NotFound if nfsd.exists() => Some(ServedGap::NotMounted),
        ErrorKind::NotFound => None,
        _ => Some(ServedGap::Unreadable(error.into())),
    }
}

/// Returns whether nfsd may have clients although the list has this gap. The line `th` of
/// /proc/net/rpc/nfsd has the number of its threads (`nfsd_show` in fs/nfsd/stats.c). nfsd makes the
/// file when it is loaded.
fn may_serve(gap: ServedGap, statistics: &Path) -> bool {
    let text = std::fs::read_to_string(statistics).unwrap_or_default();
    let threads = text.lines().find_map(|line| line.strip_prefix("th "));
    match threads.and_then(|line| line.split(' ').next()) {
        Some(number) => number != "0",
        None => gap != ServedGap::NotMounted,
    }
}

/// The states of one client on the files in `keys`, and whether all of its states were read and
/// understood. `left` is the number of bytes that may be read.
fn states(
    file: &Path,
    keys: &[FileKey],
    left: &mut u64,
) -> io::Result<(BTreeMap<FileKey, Vec<ServedState>>, bool)> {
    let mut text = BufReader::new(File::open(file)?);
    let mut states: BTreeMap<FileKey, Vec<ServedState>> = BTreeMap::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = (&mut text).take(LONGEST_LINE).read_until(b'\n', &mut line);
        let Ok(length) = length else { return Ok((states, false)) };
        if length == 0 {
            return Ok((states, true));
        }
        *left = left.saturating_sub(length as u64);
        let words = line.strip_suffix(b"\n").map(String::from_utf8_lossy);
        match words.as_deref().and_then(StateLine::parse) {
            _ if *left == 0 => return Ok((states, false)),
            Some(StateLine::On(key, state)) if keys.contains(&key) => {
                states.entry(key).or_default().push(state);
            }
            Some(_) => {}
            // The name of a file has broken the line, and can look like a line of its own.
            None => return Ok((states, false)),
        }
    }
}

#[cfg(test)]
mod tests;
