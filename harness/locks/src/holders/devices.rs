use std::collections::{HashMap, HashSet};

use super::proc::Proc;
use super::task::Task;

/// The devices of mounts, by their IDs, which are unique on the machine. The mounts of a process
/// (proc_pid_mountinfo(5)) are read when one of them is first needed.
#[derive(Debug, Default)]
pub(super) struct MountDevices {
    devices: HashMap<u64, (u32, u32)>,
    /// The processes whose mounts are known.
    read: HashSet<i32>,
}

impl MountDevices {
    /// The device of the super block that is mounted there, or `None` if neither the mounts of this
    /// process nor those of the task contain the mount.
    pub(super) fn find(&mut self, mount: u64, task: Task, proc: &mut Proc) -> Option<(u32, u32)> {
        let ours = Task::main(std::process::id().try_into().unwrap_or(0));
        for of in [task, ours] {
            if !self.devices.contains_key(&mount) && self.read.insert(of.pid) {
                let text = proc.text(format_args!("{of}/mountinfo")).unwrap_or_default();
                self.devices.extend(String::from_utf8_lossy(text).lines().filter_map(device));
            }
        }
        self.devices.get(&mount).copied()
    }
}

/// A line such as `29 1 254:0 / / rw,relatime - ext4 /dev/vda rw`.
fn device(line: &str) -> Option<(u64, (u32, u32))> {
    let mut words = line.split(' ');
    let mount = words.next()?.parse().ok()?;
    let (major, minor) = words.nth(1)?.split_once(':')?;
    Some((mount, (major.parse().ok()?, minor.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_mountinfo_names_the_device() {
        let line = "29 1 254:17 / /mnt/a\\040b rw,relatime shared:1 - ext4 /dev/vda rw";
        assert_eq!(device(line), Some((29, (254, 17))));
        assert_eq!(device("29 1"), None);
    }

    #[test]
    fn the_mounts_of_this_process_are_known() {
        use std::os::unix::fs::MetadataExt;

        let mut proc = Proc::open().expect("/proc");
        let task = Task::main(std::process::id() as i32);
        let file = std::fs::File::open("/proc/self/status").expect("a file");
        let info =
            proc.text(format_args!("{task}/fdinfo/{}", std::os::fd::AsRawFd::as_raw_fd(&file)));
        let info = String::from_utf8_lossy(info.expect("our fdinfo")).into_owned();
        let mount = info.lines().find_map(|line| line.strip_prefix("mnt_id:")).expect("a mount");
        let mount = mount.trim().parse().expect("a number");
        let mut devices = MountDevices::default();
        let device = devices.find(mount, task, &mut proc).expect("the mount of /proc");
        let stat = file.metadata().expect("a status").dev();
        assert_eq!(device, (rustix::fs::major(stat), rustix::fs::minor(stat)));
        assert_eq!(devices.find(u64::MAX, task, &mut proc), None);
    }
}
