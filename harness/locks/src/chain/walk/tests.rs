use std::fs;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Instant;

use super::*;
use crate::chain::NameKind;
use crate::lock::KernelLocks;
use crate::raw::take_write_lease;
use imglock_core::{Backend, ByteLocks, RangeSpec};

/// A qcow2 header of version 3 that names these files, as QEMU lays it out.
fn qcow2(backing: Option<&str>, format: Option<&str>, data_file: Option<&str>) -> Vec<u8> {
    let mut bytes = vec![0; 104];
    let mut extension = |kind: u32, text: Option<&str>| {
        let Some(text) = text else { return };
        bytes.extend(kind.to_be_bytes());
        bytes.extend((text.len() as u32).to_be_bytes());
        bytes.extend(text.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    };
    extension(0xe279_2aca, format);
    extension(0x4441_5441, data_file);
    bytes.extend([0; 8]);
    let end = bytes.len() as u64;
    let name = backing.unwrap_or_default();
    bytes.extend(name.as_bytes());
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, b"QFI\xfb\0\0\0\x03");
    if backing.is_some() {
        put(8, &end.to_be_bytes());
        put(16, &(name.len() as u32).to_be_bytes());
    }
    put(20, &16u32.to_be_bytes());
    put(72, &(if data_file.is_some() { 4u64 } else { 0 }).to_be_bytes());
    put(100, &104u32.to_be_bytes());
    bytes
}

fn over(backing: &str, format: &str) -> Vec<u8> {
    qcow2(Some(backing), Some(format), None)
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a directory"))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("directories");
        fs::write(&path, bytes).expect("a file");
        path
    }

    /// Each file of the chain in a line: its role, path and format, and why the chain ends.
    fn seen(&self, top: &str) -> Vec<String> {
        self.told(&Chain::read(&self.0.path().join(top), ChainRules::default()))
    }

    fn told(&self, chain: &Chain) -> Vec<String> {
        let line = |file: &ChainFile| {
            let path = file.path.as_ref().map_or("-".to_owned(), |path| {
                path.strip_prefix(self.0.path()).unwrap_or(path).display().to_string()
            });
            let format = file.format.as_ref().map_or("-".to_owned(), ToString::to_string);
            let stop = file.stop.as_ref().map_or("-".to_owned(), |stop| format!("{stop:?}"));
            format!("{} {path} {format} {stop}", file.role)
        };
        chain.files.iter().map(line).collect()
    }
}

#[test]
fn a_chain_is_followed_to_its_end() {
    let folder = Folder::new();
    folder.write("top", &over("sub/middle", "qcow2"));
    folder.write("sub/middle", &over("../base", "raw"));
    folder.write("base", b"data");
    assert_eq!(
        folder.seen("top"),
        ["top top qcow2 -", "backing sub/middle qcow2 -", "backing sub/../base raw NoBackingFile"]
    );
    let chain = Chain::read(&folder.0.path().join("top"), ChainRules::default());
    let version = Some(3);
    assert_eq!(chain.files[1].format, Some(ImageFormat::Qcow2 { version }));
    let name = chain.files[2].name.as_ref().expect("a name");
    assert_eq!((name.written.as_str(), name.kind), ("../base", NameKind::Relative));
    assert_eq!((chain.files[2].named_by, chain.depth(2)), (Some(1), 2));
    assert_eq!(chain.found().map(|(index, _)| index).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_data_file_belongs_to_the_header_that_names_it() {
    let folder = Folder::new();
    let data = folder.write("data", b"data");
    let data = data.to_str().expect("UTF-8");
    folder.write("top", &over("middle", "qcow2"));
    folder.write("middle", &qcow2(Some("base"), Some("raw"), Some(data)));
    folder.write("base", b"data");
    assert_eq!(
        folder.seen("top"),
        [
            "top top qcow2 -",
            "backing middle qcow2 -",
            "data-file data raw -",
            "backing base raw NoBackingFile",
        ]
    );
    let chain = Chain::read(&folder.0.path().join("top"), ChainRules::default());
    assert_eq!((chain.files[2].named_by, chain.files[3].named_by), (Some(1), Some(1)));
    assert_eq!((chain.depth(2), chain.depth(3)), (1, 2));
}

/// The header above decides about the format, as in QEMU: a guest can write a header into its raw
/// disk.
#[test]
fn a_raw_backing_file_is_not_read() {
    let folder = Folder::new();
    folder.write("top", &over("base", "raw"));
    folder.write("base", &over("/etc/passwd", "raw"));
    assert_eq!(folder.seen("top"), ["top top qcow2 -", "backing base raw NoBackingFile"]);
    folder.write("top", &qcow2(Some("base"), None, None));
    assert_eq!(folder.seen("top")[1], "backing base qcow2 -", "without a format it is probed");
    folder.write("base", b"no header");
    folder.write("top", &over("base", "qcow2"));
    assert_eq!(folder.seen("top")[1], "backing base qcow2 Malformed(NotQcow2)");
}

#[rstest::rstest]
#[case::missing("nowhere", "raw", "backing nowhere - Missing")]
#[case::outside("/etc/passwd", "raw", "backing /etc/passwd - Outside")]
#[case::above("../x", "raw", "backing ../x - Outside")]
#[case::protocol("nbd://host/x", "raw", "backing - - NotAFile")]
#[case::json("json:{\"driver\":\"qcow2\"}", "qcow2", "backing - - NotAFile")]
#[case::device("/dev/null", "raw", "backing /dev/null - Outside")]
#[case::directory("sub", "raw", "backing sub - NotAnImage(\"a directory\")")]
#[case::fifo("fifo", "qcow2", "backing fifo - NotAnImage(\"a FIFO\")")]
#[case::stated_format("base", "vmdk", "backing base vmdk OtherFormat")]
#[case::format_without_a_chain("base", "luks", "backing base luks NoBackingFile")]
#[case::itself("top", "qcow2", "backing top qcow2 Loop")]
#[case::no_header("base", "qcow2", "backing base qcow2 Malformed(NotQcow2)")]
fn a_chain_ends_with_a_reason(#[case] name: &str, #[case] format: &str, #[case] expected: &str) {
    let folder = Folder::new();
    fs::create_dir(folder.0.path().join("sub")).expect("a directory");
    nix::unistd::mkfifo(&folder.0.path().join("fifo"), nix::sys::stat::Mode::S_IRWXU)
        .expect("a FIFO");
    folder.write("base", b"data");
    folder.write("top", &over(name, format));
    assert_eq!(folder.seen("top"), ["top top qcow2 -", expected]);
    let chain = Chain::read(&folder.0.path().join("top"), ChainRules::default());
    let is_file = expected.contains(" base ") || expected.contains("/base ");
    assert_eq!(chain.found().count(), if is_file { 2 } else { 1 });
}

#[test]
fn only_a_user_who_says_so_leaves_the_directory() {
    let folder = Folder::new();
    let outside = folder.write("outside/base", b"data");
    folder.write("images/top", &over(outside.to_str().expect("UTF-8"), "raw"));
    let top = folder.0.path().join("images/top");
    assert_eq!(folder.seen("images/top")[1], "backing outside/base - Outside");
    let rules = ChainRules { follow: true, ..ChainRules::default() };
    let followed = Chain::read(&top, rules);
    assert_eq!(folder.told(&followed)[1], "backing outside/base raw NoBackingFile");
    // Even then, nothing but files and block devices is opened.
    folder.write("images/top", &over("/dev/null", "qcow2"));
    let stop = Chain::read(&top, rules).files[1].stop.clone();
    assert_eq!(stop, Some(ChainStop::NotAnImage("a character device".to_owned())));
}

#[test]
fn a_long_chain_has_an_end() {
    let folder = Folder::new();
    for number in 0..=MOST_FILES {
        folder.write(&number.to_string(), &over(&(number + 1).to_string(), "qcow2"));
    }
    let chain = Chain::read(&folder.0.path().join("0"), ChainRules::default());
    assert_eq!(chain.files.len(), MOST_FILES);
    assert_eq!(chain.files[MOST_FILES - 1].stop, Some(ChainStop::TooDeep));
}

#[test]
fn the_top_alone_can_be_the_end() {
    let folder = Folder::new();
    folder.write("raw", &[0; 4096]);
    folder.write("future", b"QFI\xfb\0\0\0\x09");
    folder.write("vmdk", b"KDMV");
    assert_eq!(folder.seen("raw"), ["top raw raw NoBackingFile"]);
    assert_eq!(folder.seen("vmdk"), ["top vmdk vmdk OtherFormat"]);
    assert_eq!(folder.seen("future"), ["top future qcow2 Malformed(Truncated(8))"]);
    assert_eq!(folder.seen("missing"), ["top missing - Missing"]);
    assert_eq!(folder.seen(""), ["top  - NotAnImage(\"a directory\")"]);
}

/// open(2) for reading breaks a write lease, and the holder of the lease would be asked to give it
/// up.
#[test]
fn a_lease_is_left_alone() {
    let folder = Folder::new();
    let path = folder.write("top", &over("base", "raw"));
    let file = fs::File::options().write(true).open(&path).expect("the image");
    if let Err(error) = take_write_lease(file.as_fd()) {
        eprintln!("skipped: no lease on this file system: {error}");
        return;
    }
    assert_eq!(folder.seen("top"), ["top top - Leased"]);
    // A file that the header above calls raw is not opened at all.
    folder.write("over", &over("top", "raw"));
    assert_eq!(folder.seen("over")[1], "backing top raw NoBackingFile");
    drop(file);
    assert_eq!(folder.seen("top")[0], "top top qcow2 -");
}

/// Closing any descriptor of a file drops the POSIX locks of the descriptor table.
#[test]
fn the_posix_locks_of_this_process_stay() {
    let folder = Folder::new();
    let path = folder.write("top", &over("base", "raw"));
    let byte = RangeSpec::byte(100);
    let file = fs::File::open(&path).expect("the image");
    KernelLocks::new(file.as_fd(), Backend::Posix).set(LockType::Read, byte).expect("no conflict");
    assert_eq!(folder.seen("top")[0], "top top qcow2 -");
    let other = fs::File::open(&path).expect("the image");
    let met = KernelLocks::new(other.as_fd(), Backend::Ofd).test(LockType::Write, byte);
    assert!(met.expect("an answer").is_some(), "the lock is lost");
}

/// A file system that does not answer until the test is over.
#[test]
fn a_hanging_file_system_delays_only_so_long() {
    let folder = Folder::new();
    let path = folder.write("top", &over("base", "raw"));
    let rules = ChainRules { patience: Duration::from_millis(20), ..ChainRules::default() };
    let (over, until) = mpsc::sync_channel::<()>(0);
    let start = Instant::now();
    let chain = Chain::within(&path, rules, move |walk| {
        walk.add(ChainRole::Backing, 0, b"base");
        let _ = until.recv();
        drop(walk);
    });
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    drop(over);
    assert_eq!(folder.told(&chain), ["top top - NoAnswer", "backing base - NoAnswer"]);
    assert_eq!(chain.found().count(), 1, "only the file that the user named is looked at");
}
