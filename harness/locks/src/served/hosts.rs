use std::path::Path;

use super::client::shortened;

/// The folders of rpc.statd's list: Debian's, and Red Hat's.
const FOLDERS: [&str; 2] = ["/var/lib/nfs/sm", "/var/lib/nfs/statd/sm"];
/// The maximum number of hosts that are named.
const MOST_HOSTS: usize = 16;

/// The hosts that rpc.statd monitors for lockd, in order: those that have, or had, locks of NFSv3 on
/// files of this machine, and servers on whose files this machine has them (rpc.statd(8)). Which of
/// them has a lock on which file is not known. Empty if there is none, or the list cannot be read.
pub(crate) fn monitored_hosts() -> Vec<String> {
    FOLDERS
        .iter()
        .map(|folder| hosts_in(Path::new(folder)))
        .find(|hosts| !hosts.is_empty())
        .unwrap_or_default()
}

fn hosts_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.take(MOST_HOSTS).map(|entry| entry.file_name());
    let mut hosts: Vec<String> = names.map(|name| shortened(&name.to_string_lossy())).collect();
    hosts.sort_unstable();
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_named_by_their_files() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(hosts_in(&folder.path().join("missing")), [""; 0]);
        for name in ["b.example", "a"] {
            std::fs::write(folder.path().join(name), "0100007f").expect("written");
        }
        assert_eq!(hosts_in(folder.path()), ["a", "b.example"]);
        for number in 0..40 {
            std::fs::write(folder.path().join(number.to_string()), "").expect("written");
        }
        assert_eq!(hosts_in(folder.path()).len(), MOST_HOSTS);
    }
}
