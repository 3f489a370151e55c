use super::{DataProcess, DataUser, DataUserKind};

/// The most processes in a phrase.
const MOST_PROCESSES: usize = 3;

impl DataUser {
    /// A phrase that names this user, without the layers below it: `loop device /dev/loop0`, `file
    /// system at /mnt`, `pid 812 cat, through /tmp/node`. Names are as the kernel prints them, with
    /// all their bytes.
    pub fn phrase(&self) -> String {
        let name = &self.name;
        let of = match self.processes.is_empty() {
            true => String::new(),
            false => processes(&self.processes),
        };
        match self.kind {
            DataUserKind::LoopDevice => format!("loop device {name}"),
            DataUserKind::Partition => format!("partition {name}"),
            DataUserKind::MappedDevice => format!("mapped device {name}"),
            DataUserKind::Raid => format!("RAID array {name}"),
            DataUserKind::NetworkBlockDevice => format!("network block device {name} of {of}"),
            DataUserKind::UserBlockDevice => format!("block device {name} of {of}"),
            DataUserKind::CompressedMemory => format!("compressed memory {name}"),
            DataUserKind::BlockDevice => format!("block device {name}"),
            DataUserKind::FileSystem if of.is_empty() => format!("file system at {name}"),
            DataUserKind::FileSystem => {
                format!("file system at {name}, also in the mount namespace of {of}")
            }
            DataUserKind::FileSystemElsewhere => {
                format!("file system at {name} in the mount namespace of {of}")
            }
            DataUserKind::FileSystemUnseen => format!("file system {name}, mounted out of sight"),
            DataUserKind::Swap => format!("swap area {name}"),
            DataUserKind::ScsiTarget => format!("SCSI target {name}"),
            DataUserKind::NvmeTarget => format!("NVMe target {name}"),
            DataUserKind::DeviceOpener => format!("{of}, through {name}"),
            DataUserKind::Mapping => format!("{of}, through a mapping of {name}"),
            DataUserKind::OverlayOpener => format!("{of}, through {name} of an overlay"),
        }
    }
}

/// `pid 812 cat`, `pid 812 cat, pid 813 sh and 7 more`.
fn processes(all: &[DataProcess]) -> String {
    let name = |process: &DataProcess| match process.comm.as_str() {
        "" => format!("pid {}", process.pid),
        comm => format!("pid {} {comm}", process.pid),
    };
    let mut names: Vec<String> = all.iter().take(MOST_PROCESSES).map(name).collect();
    let last = match all.len().saturating_sub(MOST_PROCESSES) {
        0 => names.pop().unwrap_or_default(),
        more => format!("{more} more"),
    };
    if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_processes_are_counted() {
        let process = |pid| DataProcess { pid, comm: "sh".to_owned(), command: Vec::new() };
        let names = |count| processes(&(1..=count).map(process).collect::<Vec<_>>());
        assert_eq!(names(1), "pid 1 sh");
        assert_eq!(names(3), "pid 1 sh, pid 2 sh and pid 3 sh");
        assert_eq!(names(10), "pid 1 sh, pid 2 sh, pid 3 sh and 7 more");
        assert_eq!(processes(&[DataProcess { comm: String::new(), ..process(4) }]), "pid 4");
    }
}
