use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{FileAttr, FileType, INodeNo, TimeOrNow};
use rustix::fs::{FileType as RustixType, Stat, Timespec, UTIME_NOW, UTIME_OMIT};

/// The attributes of a file for the kernel.
pub(super) fn attributes(number: INodeNo, stat: &Stat) -> FileAttr {
    FileAttr {
        ino: number,
        size: stat.st_size.try_into().unwrap_or(0),
        blocks: stat.st_blocks.try_into().unwrap_or(0),
        atime: time(stat.st_atime, stat.st_atime_nsec),
        mtime: time(stat.st_mtime, stat.st_mtime_nsec),
        ctime: time(stat.st_ctime, stat.st_ctime_nsec),
        crtime: UNIX_EPOCH,
        kind: kind(RustixType::from_raw_mode(stat.st_mode)),
        perm: (stat.st_mode & 0o7777) as u16,
        nlink: stat.st_nlink.try_into().unwrap_or(u32::MAX),
        uid: stat.st_uid,
        gid: stat.st_gid,
        // As the kernel encodes it: FUSE has 32 bits for it.
        rdev: stat.st_rdev.try_into().unwrap_or(0),
        blksize: stat.st_blksize.try_into().unwrap_or(4096),
        flags: 0,
    }
}

/// The type of a file.
pub(super) fn kind(of: RustixType) -> FileType {
    match of {
        RustixType::Directory => FileType::Directory,
        RustixType::Symlink => FileType::Symlink,
        RustixType::Fifo => FileType::NamedPipe,
        RustixType::Socket => FileType::Socket,
        RustixType::CharacterDevice => FileType::CharDevice,
        RustixType::BlockDevice => FileType::BlockDevice,
        _ => FileType::RegularFile,
    }
}

/// A time to set, or the request to leave it.
pub(super) fn timespec(time: Option<TimeOrNow>) -> Timespec {
    match time {
        None => Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        Some(TimeOrNow::Now) => Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
        Some(TimeOrNow::SpecificTime(time)) => {
            let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
            let tv_sec = since.as_secs().try_into().unwrap_or(i64::MAX);
            Timespec { tv_sec, tv_nsec: since.subsec_nanos().into() }
        }
    }
}

fn time(seconds: i64, nanoseconds: impl TryInto<u32>) -> SystemTime {
    let nanoseconds = nanoseconds.try_into().unwrap_or(0);
    UNIX_EPOCH + Duration::new(seconds.try_into().unwrap_or(0), nanoseconds)
}
