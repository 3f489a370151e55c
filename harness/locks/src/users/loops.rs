use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::block_devices::BlockDevices;
use super::gap::Gaps;
use super::root::Root;
use super::{DeviceNumber, UserGap};
use crate::lock_table::FileKey;
use crate::raw::{LoopStatus, loop_status};

/// The maximum time to wait for all answers. The kernel asks the file system of each file, whose
/// server may be unreachable.
const PATIENCE: Duration = Duration::from_secs(2);

/// A loop device with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AttachedLoop {
    pub(super) number: DeviceNumber,
    /// The file, as stat(2) names it.
    pub(super) file: FileKey,
    /// The number of the file, if it is a block device.
    pub(super) block: Option<DeviceNumber>,
    /// Whether the kernel named the file by its inode, and not only by its path.
    pub(super) certain: bool,
}

/// Finds the file of each loop device. Only devices with a file are opened, for reading, which
/// changes nothing. losetup(8) does the same.
pub(super) fn attached(root: &Root, block: &BlockDevices, gaps: &mut Gaps) -> Vec<AttachedLoop> {
    let files = block.each().filter_map(|(number, device)| {
        let backing = device.backing_file.clone()?;
        Some(Candidate { number, node: device.node.clone(), name: device.name.clone(), backing })
    });
    let candidates: Vec<Candidate> = files.collect();
    let answers = ask(root, &candidates);
    let mut all = Vec::new();
    let mut unasked = Vec::new();
    for (candidate, answer) in candidates.into_iter().zip(answers) {
        match answer {
            Answer::File(status) => all.push(candidate.of(status)),
            Answer::Detached => {}
            Answer::None => {
                all.extend(candidate.by_path(root));
                unasked.push(candidate.name);
            }
        }
    }
    if !unasked.is_empty() {
        gaps.add(UserGap::LoopDevices { names: unasked });
    }
    all
}

/// A loop device that had a file when sysfs was read.
struct Candidate {
    number: DeviceNumber,
    name: String,
    node: String,
    backing: String,
}

impl Candidate {
    fn of(&self, status: LoopStatus) -> AttachedLoop {
        let (major, minor) = status.device;
        AttachedLoop {
            number: self.number,
            file: FileKey::new(major, minor, status.inode),
            block: status.block.map(|(major, minor)| DeviceNumber { major, minor }),
            certain: true,
        }
    }

    /// The file with the path in sysfs. For a deleted file the kernel appends ` (deleted)` to it.
    fn by_path(&self, root: &Root) -> Option<AttachedLoop> {
        let seen = root.look(Path::new(&self.backing)).ok()?;
        let (file, block) = (seen.file, seen.block);
        Some(AttachedLoop { number: self.number, file, block, certain: false })
    }
}

/// The answer of one loop device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    File(LoopStatus),
    /// Its file was detached meanwhile.
    Detached,
    /// It could not be asked, or did not answer in time.
    None,
}

/// Asks all devices in a thread of their own, since one that does not answer cannot be interrupted.
fn ask(root: &Root, candidates: &[Candidate]) -> Vec<Answer> {
    let mut answers = vec![Answer::None; candidates.len()];
    // A node with another number is not opened.
    let is_its =
        |one: &&Candidate| root.look(&one.node).is_ok_and(|seen| seen.block == Some(one.number));
    let nodes: Vec<Option<PathBuf>> = candidates
        .iter()
        .map(|one| Some(one).filter(is_its).map(|one| root.at(&one.node)))
        .collect();
    if nodes.iter().all(Option::is_none) {
        return answers;
    }
    let (sender, answered) = channel();
    let ask = move || {
        for (index, node) in nodes.into_iter().enumerate() {
            // The receiver is closed if the answers took too long.
            if node.is_some_and(|node| sender.send((index, status(&node))).is_err()) {
                return;
            }
        }
    };
    if std::thread::Builder::new().spawn(ask).is_err() {
        return answers;
    }
    let deadline = Instant::now() + PATIENCE;
    while let Ok((index, answer)) =
        answered.recv_timeout(deadline.saturating_duration_since(Instant::now()))
    {
        answers[index] = answer;
    }
    answers
}

fn status(node: &Path) -> Answer {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let Ok(device) = OpenOptions::new().read(true).custom_flags(flags).open(node) else {
        return Answer::None;
    };
    match loop_status(&device) {
        Ok(status) => Answer::File(status),
        Err(rustix::io::Errno::NXIO) => Answer::Detached,
        Err(_) => Answer::None,
    }
}
