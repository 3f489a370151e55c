use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use rustix::fs::{MemfdFlags, memfd_create};

/// A file in memory that another program can open by name.
#[derive(Debug)]
pub(crate) struct Memory {
    file: File,
    length: usize,
}

impl Memory {
    /// A file with these parts, one after the other.
    pub(crate) fn of(parts: &[&[u8]]) -> std::io::Result<Memory> {
        let mut file = File::from(memfd_create("imglock-vm", MemfdFlags::CLOEXEC)?);
        for part in parts {
            file.write_all(part)?;
        }
        Ok(Memory { file, length: parts.iter().map(|part| part.len()).sum() })
    }

    /// Its size in bytes.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Its name while this value lives.
    pub(crate) fn path(&self) -> PathBuf {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd()).into()
    }
}
