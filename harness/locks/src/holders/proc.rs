use std::ffi::CStr;
use std::fmt;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawDir, StatxFlags, openat, statx};
use rustix::io::Errno;

use super::task::Task;

/// Room for one call of getdents64(2): the names of some 1,000 descriptors.
const ENTRIES: usize = 32 * 1024;

/// The directory /proc, with buffers that are used again for each file.
#[derive(Debug)]
pub(super) struct Proc {
    directory: OwnedFd,
    /// The path of the last file, relative to /proc.
    path: String,
    text: Vec<u8>,
}

impl Proc {
    /// # Errors
    /// If /proc is missing.
    pub(super) fn open() -> io::Result<Proc> {
        let directory = openat(CWD, c"/proc", DIRECTORY, Mode::empty())?;
        Ok(Proc { directory, path: String::new(), text: Vec::with_capacity(4096) })
    }

    /// The IDs of all processes.
    ///
    /// # Errors
    /// If /proc cannot be read.
    pub(super) fn pids(&mut self) -> io::Result<Vec<i32>> {
        let directory = openat(&self.directory, c".", DIRECTORY, Mode::empty())?;
        Ok(numbers(&directory)?)
    }

    /// The IDs of the threads of a process, in the kernel's order. A process with one thread has
    /// none but its own, and costs one call of statx(2).
    ///
    /// The kernel ends the list early if the thread at which it stands exits meanwhile
    /// (`next_tid` in fs/proc/base.c), so the list is read again while it is shorter than the number
    /// of threads.
    pub(super) fn threads(&mut self, pid: i32) -> Result<Vec<i32>, Errno> {
        let mut longest = Vec::new();
        for _ in 0..MOST_LISTINGS {
            self.name(format_args!("{pid}/task"));
            let links = self.status(StatxFlags::NLINK)?.stx_nlink;
            // A link for each thread, and two of a directory.
            let threads = usize::try_from(links.saturating_sub(2)).unwrap_or(0);
            if threads <= 1 {
                return Ok(vec![pid]);
            }
            let listed = numbers(&openat(&self.directory, &*self.path, DIRECTORY, Mode::empty())?)?;
            if listed.len() > longest.len() {
                longest = listed;
            }
            if longest.len() >= threads {
                break;
            }
        }
        Ok(longest)
    }

    /// The directory of the descriptors of a task.
    pub(super) fn descriptors(&mut self, task: Task) -> Result<OwnedFd, Errno> {
        self.name(format_args!("{task}/fd"));
        openat(&self.directory, &*self.path, DIRECTORY, Mode::empty())
    }

    /// The effective user ID of a task (`task_dump_owner` in fs/proc/base.c).
    pub(super) fn user(&mut self, task: Task) -> Result<u32, Errno> {
        self.name(format_args!("{task}"));
        Ok(self.status(StatxFlags::UID)?.stx_uid)
    }

    /// The owner of the list of a task's descriptors: its user, or root if the task protects itself.
    pub(super) fn list_owner(&mut self, task: Task) -> Result<u32, Errno> {
        self.name(format_args!("{task}/fd"));
        Ok(self.status(StatxFlags::UID)?.stx_uid)
    }

    /// The text of a file. A later call overwrites it.
    pub(super) fn text(&mut self, file: fmt::Arguments<'_>) -> Result<&[u8], Errno> {
        self.read(file, false)
    }

    /// The text of a file that the kernel writes in one piece, such as `stat` and `fdinfo`
    /// (`single_open` in fs/seq_file.c). A read that leaves room has read all of it, so there is no
    /// second one.
    pub(super) fn record(&mut self, file: fmt::Arguments<'_>) -> Result<&[u8], Errno> {
        self.read(file, true)
    }

    fn read(&mut self, file: fmt::Arguments<'_>, in_one_piece: bool) -> Result<&[u8], Errno> {
        self.name(file);
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = openat(&self.directory, &*self.path, flags, Mode::empty())?;
        self.text.clear();
        loop {
            self.text.reserve(4096);
            let room = self.text.capacity() - self.text.len();
            match rustix::io::read(&file, rustix::buffer::spare_capacity(&mut self.text)) {
                Ok(0) => return Ok(&self.text),
                Ok(length) if in_one_piece && length < room => return Ok(&self.text),
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    fn name(&mut self, path: fmt::Arguments<'_>) {
        use fmt::Write;

        self.path.clear();
        // Writing to a string does not fail.
        let _ = self.path.write_fmt(path);
    }

    fn status(&self, wanted: StatxFlags) -> Result<rustix::fs::Statx, Errno> {
        statx(&self.directory, &*self.path, AtFlags::empty(), wanted)
    }
}

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// How often the threads of a process are listed while threads exit.
const MOST_LISTINGS: usize = 4;

/// Calls `each` with the names in `directory` that are numbers, until it returns an error.
pub(super) fn each_number<E: From<Errno>>(
    directory: impl AsFd,
    mut each: impl FnMut(i32, &CStr) -> Result<(), E>,
) -> Result<(), E> {
    let mut room = [MaybeUninit::uninit(); ENTRIES];
    let mut entries = RawDir::new(directory, &mut room);
    while let Some(entry) = entries.next() {
        match entry {
            Ok(entry) => {
                if let Some(number) = number(entry.file_name()) {
                    each(number, entry.file_name())?;
                }
            }
            Err(Errno::INTR) => {}
            // The process or thread has exited.
            Err(Errno::NOENT | Errno::SRCH) => return Ok(()),
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

fn numbers(directory: impl AsFd) -> Result<Vec<i32>, Errno> {
    let mut all = Vec::new();
    each_number(directory, |number, _| {
        all.push(number);
        Ok::<(), Errno>(())
    })?;
    Ok(all)
}

fn number(name: &CStr) -> Option<i32> {
    let digits = name.to_bytes();
    digits.iter().try_fold(0_i32, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| i32::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_of_digits_is_a_number() {
        assert_eq!(number(c"812"), Some(812));
        assert_eq!(number(c"0"), Some(0));
        for name in [c".", c"self", c"-1", c"8x", c"99999999999"] {
            assert_eq!(number(name), None, "{name:?}");
        }
    }

    #[test]
    fn the_threads_of_this_process_are_listed() {
        let pid = std::process::id() as i32;
        let mut proc = Proc::open().expect("/proc");
        let (tell, told) = std::sync::mpsc::channel();
        let (go_on, go) = std::sync::mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                tell.send(nix::unistd::gettid().as_raw()).expect("a listener");
                let _ = go.recv();
            });
            let tid = told.recv().expect("a thread");
            let threads = proc.threads(pid).expect("our threads");
            assert!(threads.contains(&pid) && threads.contains(&tid), "{threads:?}");
            drop(go_on);
        });
        assert!(proc.pids().expect("/proc").contains(&pid));
        // No process has this number (PID_MAX_LIMIT is 2^22).
        assert_eq!(proc.threads(1 << 23), Err(Errno::NOENT));
    }

    #[test]
    fn a_record_is_longer_than_the_room_for_one_read() {
        use std::os::fd::AsRawFd;

        use imglock_core::{Backend, ByteLocks, LockType, RangeSpec};

        use crate::lock::KernelLocks;

        let file = tempfile::tempfile().expect("a file");
        let mut locks = KernelLocks::new(file.as_fd(), Backend::Ofd);
        for byte in 0..500 {
            locks.set(LockType::Read, RangeSpec::byte(2 * byte)).expect("no conflict");
        }
        let mut proc = Proc::open().expect("/proc");
        let task = Task::main(std::process::id() as i32);
        let text = proc.record(format_args!("{task}/fdinfo/{}", file.as_raw_fd())).expect("fdinfo");
        let shown = crate::lock_table::lines_of_fdinfo(&String::from_utf8_lossy(text));
        assert_eq!(shown.len(), 500);
    }
}
