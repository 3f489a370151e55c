//! The messages between a test and the agent in a guest: JSON, one a line.

use std::path::PathBuf;

use imglock_core::LockType;
use imglock_locks::LockClass;
use serde::{Deserialize, Serialize};

/// The version of these messages. Both ends are the same program in a test that
/// packs itself, and may differ in one that packs another.
pub(super) const VERSION: u32 = 1;

/// A request with its number, which the answer repeats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    /// The number, different for each request to a guest.
    pub(super) id: u64,
    /// The request.
    pub(super) request: Request,
}

/// An action in a guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Request {
    /// Runs a program to its end: [`Answer::Ran`].
    Run(Program),
    /// Starts a program in the background. Its number is that of the request.
    Start(Program),
    /// Writes a line to the standard input of a background program.
    Say {
        /// The program's number.
        process: u64,
        /// The line, without its end.
        line: String,
    },
    /// Sends a signal to a background program.
    Signal {
        /// The program's number.
        process: u64,
        /// The signal's number (signal(7)).
        signal: i32,
    },
    /// mount(2).
    Mount(GuestMount),
    /// umount(2).
    Unmount(PathBuf),
    /// Writes a text into a file by one write(2), and creates the file and the
    /// directories above it if they are missing.
    Write {
        /// The file.
        path: PathBuf,
        /// Its new content.
        text: String,
    },
    /// Makes a file of zeros that occupies no space, and the directories above
    /// it.
    Allocate {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        length: u64,
    },
    /// Reads a file: [`Answer::Text`].
    Read(PathBuf),
    /// Makes a directory and those above it.
    MakeFolder(PathBuf),
    /// The names in a directory: [`Answer::Names`].
    List(PathBuf),
    /// Tests for a lock, and acquires none: [`Answer::Lock`].
    TestLock(GuestLock),
    /// Starts a process that acquires a lock and holds it. Its number is that of
    /// the request, and its first line is a [`LockAnswer`].
    HoldLock(GuestLock),
    /// Serves the MOUNT protocol of NFSv3 on this UDP port: each request
    /// receives this file handle (RFC 1813, appendix I).
    ServeMounts {
        /// The port.
        port: u16,
        /// The file handle of the export's root.
        handle: Vec<u8>,
    },
    /// Starts the kernel's SMB server, ksmbd, and serves its questions.
    ServeSmb {
        /// The name of the only share.
        share: String,
        /// Its directory.
        folder: String,
    },
}

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Program {
    /// Its path, or its name in `PATH`.
    pub(super) program: String,
    /// Its arguments.
    pub(super) arguments: Vec<String>,
}

/// The arguments of mount(2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestMount {
    /// The source, such as `10.0.0.1:/`.
    pub source: String,
    /// The mount point, which is made if it is missing.
    pub point: PathBuf,
    /// The type of the file system, such as `nfs`; `bind` for a bind mount.
    pub kind: String,
    /// The options of the file system, separated by commas.
    pub options: String,
}

/// A lock to acquire (`F_SETLK`, `F_OFD_SETLK`, flock(2)), or to ask for whether another
/// owner has one that conflicts with it (`F_GETLK`, `F_OFD_GETLK`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestLock {
    /// The file, which is opened for it.
    pub file: PathBuf,
    /// Whether it is opened for reading and writing (`O_RDWR`) instead of for
    /// reading (`O_RDONLY`).
    pub writable: bool,
    /// The kind of the lock: OFD, POSIX or flock(2).
    pub class: LockClass,
    /// The type of the lock.
    pub lock: LockType,
    /// Its first byte. A flock(2) lock covers the whole file.
    pub start: i64,
    /// The number of its bytes; 0 reaches to the end of the file.
    pub length: i64,
}

/// The outcome of a try to acquire a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LockAnswer {
    /// The process holds it.
    Acquired,
    /// The kernel refused it.
    Refused(GuestRefusal),
}

/// A conflicting lock as the kernel reports it in `struct flock`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundLock {
    /// Its type.
    pub lock: LockType,
    /// `l_start`: its first byte.
    pub start: i64,
    /// `l_len`: the number of its bytes; 0 reaches to the end of the file.
    pub length: i64,
    /// `l_pid` as it is: -1 for an OFD lock of this kernel; file systems of the
    /// network fill in values of their own.
    pub pid: i32,
}

/// The end of a program that was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// The exit status, as a shell reports it: 128 and the signal if a signal
    /// killed it.
    pub status: i32,
    /// The start of its standard output, at most 64 KiB.
    pub stdout: String,
    /// The start of its standard error, at most 64 KiB.
    pub stderr: String,
}

/// The reason why a guest's kernel or its agent refused a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestRefusal {
    /// The error number of the system call, if one failed.
    pub errno: Option<i32>,
    /// The reason in words.
    pub why: String,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    /// It is done.
    Done,
    /// The program has ended.
    Ran(Ran),
    /// The content of the file; invalid UTF-8 is replaced.
    Text(String),
    /// The names in the directory, in order.
    Names(Vec<String>),
    /// The conflicting lock, if there is one.
    Lock(Option<FoundLock>),
}

/// An output of a background program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Stream {
    /// Its standard output.
    Stdout,
    /// Its standard error.
    Stderr,
}

/// A message of a guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Told {
    /// The first message: the guest executes requests from now on.
    Hello {
        /// The version of its messages.
        version: u32,
        /// The kernel's release, from uname(2).
        release: String,
    },
    /// Init cannot prepare the guest, for this reason.
    Failed(String),
    /// The result of a request.
    Answer {
        /// The number of the request.
        id: u64,
        /// The result.
        answer: Result<Answer, GuestRefusal>,
    },
    /// A line of a background program, without its end.
    Line {
        /// The program's number.
        process: u64,
        /// The output that it comes from.
        stream: Stream,
        /// The line.
        line: String,
    },
    /// An output of a background program is closed.
    Closed {
        /// The program's number.
        process: u64,
        /// The output.
        stream: Stream,
    },
    /// A background program has ended.
    Ended {
        /// The program's number.
        process: u64,
        /// Its exit status, as a shell reports it.
        status: i32,
    },
}
