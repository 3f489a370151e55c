use std::fs::File;
use std::os::fd::AsRawFd;

use super::*;
use crate::lock_table::FileKey;
use crate::reach::Mounts;

fn target(file: &tempfile::NamedTempFile) -> Target {
    Target::find(file.path(), &mut Mounts::default()).expect("a file")
}

/// The result for a descriptor of this process that stat(2) does not show: the descriptors that are
/// found nevertheless, and the number of those that may be one of the target.
fn judged(target: Target, file: &File) -> (Vec<RawFd>, BTreeMap<String, usize>) {
    let targets = [target];
    let mut pass = Pass::new(&targets, Scan::nothing(&targets).expect("/proc"));
    let task = Task::main(std::process::id() as i32);
    pass.unclear(task, file.as_raw_fd(), Errno::ACCESS).expect("an answer");
    let found = pass.scan.found[0].own.iter().map(|one| one.fd).collect();
    (found, pass.scan.unseen.descriptors)
}

#[test]
fn fdinfo_tells_a_descriptor_of_another_file() {
    let image = tempfile::NamedTempFile::new().expect("a file");
    let other = tempfile::NamedTempFile::new().expect("a file");
    let elsewhere = File::open("/proc/self/stat").expect("a file");
    assert_eq!(judged(target(&image), &elsewhere), (vec![], BTreeMap::new()));
    let (found, unseen) = judged(target(&image), other.as_file());
    assert_eq!((found, unseen.len()), (vec![], if shows_inodes() { 0 } else { 1 }));
}

/// Linux shows the inode number in fdinfo since 5.14. Before, every descriptor on the same file system
/// may be one of the image.
fn shows_inodes() -> bool {
    let text = std::fs::read("/proc/self/fdinfo/0").expect("our fdinfo");
    DescriptorInfo::parse(&text).inode.is_some()
}

#[test]
fn fdinfo_tells_a_descriptor_of_the_image() {
    let image = tempfile::NamedTempFile::new().expect("a file");
    let (found, unseen) = judged(target(&image), image.as_file());
    if shows_inodes() {
        assert_eq!(unseen, BTreeMap::new());
        assert_eq!(found, [image.as_file().as_raw_fd()]);
    } else {
        assert_eq!((found, unseen), (vec![], [("EACCES".to_owned(), 1)].into()));
    }
}

/// On btrfs, files in two subvolumes can have one name in the lock table.
#[test]
fn a_descriptor_that_may_be_of_the_image_counts() {
    let image = tempfile::NamedTempFile::new().expect("a file");
    let mut target = target(&image);
    target.stat.device.1 += 1;
    let (found, unseen) = judged(target, image.as_file());
    assert_eq!((found, unseen), (vec![], [("EACCES".to_owned(), 1)].into()));
}

#[test]
fn a_descriptor_that_was_closed_meanwhile_is_nothing() {
    let image = tempfile::NamedTempFile::new().expect("a file");
    let targets = [target(&image)];
    let mut pass = Pass::new(&targets, Scan::nothing(&targets).expect("/proc"));
    let task = Task::main(std::process::id() as i32);
    pass.unclear(task, i32::MAX, Errno::ACCESS).expect("an answer");
    // No process has this number (PID_MAX_LIMIT is 2^22).
    pass.process(1 << 23).expect("no process");
    pass.thread(Task { tid: 1 << 23, ..task }).expect("no thread");
    assert!(pass.scan.unseen.is_empty() && pass.scan.bare.is_empty(), "{:?}", pass.scan);
}

#[rstest::rstest]
#[case::gone(Errno::NOENT, true)]
#[case::not_shown(Errno::STALE, true)]
#[case::no_descriptor_left(Errno::MFILE, false)]
#[case::no_memory(Errno::NOMEM, false)]
fn only_a_fault_of_this_process_ends_the_survey(#[case] errno: Errno, #[case] goes_on: bool) {
    assert_eq!(fatal(errno).is_ok(), goes_on);
}

#[rstest::rstest]
#[case::same(Some((254, 0)), Some(9), Some(true))]
#[case::other_inode(Some((254, 0)), Some(8), Some(false))]
#[case::other_device(Some((254, 1)), Some(9), Some(false))]
#[case::other_device_before_linux_5_14(Some((254, 1)), None, Some(false))]
#[case::same_device_before_linux_5_14(Some((254, 0)), None, None)]
#[case::other_inode_on_a_mount_that_is_gone(None, Some(8), Some(false))]
#[case::same_inode_on_a_mount_that_is_gone(None, Some(9), None)]
fn a_file_is_known_by_device_and_inode(
    #[case] device: Option<(u32, u32)>,
    #[case] inode: Option<u64>,
    #[case] same: Option<bool>,
) {
    assert_eq!(is_file(FileKey::new(254, 0, 9), device, inode), same);
}
