//! Surveys made by hand, one of each kind.

use std::time::{Duration, SystemTime};

use chrono::FixedOffset;
use imglock_core::{ByteRange, LockType, Mode, lock_bytes};
use imglock_locks::{
    DataUsers, Explanation, FileKey, Holder, HolderOwner, HolderProcess, LockClass, OwnedLock,
    Survey, SurveyedImage, UnexplainedLock, UnlockedUser, Waiter,
};

use super::Clock;

/// The time of the surveys, in seconds since 1970.
const NOW: u64 = 1_795_000_000;

pub fn clock() -> Clock {
    let offset = |_| FixedOffset::east_opt(3600).expect("less than a day");
    Clock { now: "2026-11-18T11:06:40Z".parse().expect("a time"), offset }
}

pub fn survey(images: Vec<SurveyedImage>) -> Survey {
    Survey { images, unreadable: 0, settled: true }
}

pub fn image(holders: Vec<Holder>) -> SurveyedImage {
    SurveyedImage {
        path: "/srv/images/disk.img".into(),
        key: FileKey::new(0xfe, 0, 1043),
        size: 65536,
        ambiguous: false,
        holders,
        waiters: Vec::new(),
        unexplained: Vec::new(),
        unlocked: Vec::new(),
        users: DataUsers::default(),
    }
}

pub fn process(pid: i32, command: &str, age: Duration) -> HolderProcess {
    let command: Vec<String> = command.split(' ').map(str::to_owned).collect();
    HolderProcess {
        pid,
        ppid: Some(700),
        parent: Some("libvirtd".to_owned()),
        uid: Some(64055),
        user: Some("libvirt-qemu".to_owned()),
        comm: command[0].chars().take(15).collect(),
        command,
        started: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW) - age),
        orphan: false,
        fds: vec![12],
    }
}

pub fn lock(class: LockClass, kind: LockType, first: i64, last: i64) -> OwnedLock {
    OwnedLock { class, kind: Some(kind), range: ByteRange::new(first, last) }
}

pub fn holder(processes: Vec<HolderProcess>, locks: Vec<OwnedLock>) -> Holder {
    let posix = locks.iter().any(|lock| lock.class == LockClass::Posix);
    let owner = if posix { HolderOwner::Table } else { HolderOwner::Description };
    Holder { owner, guessed: false, processes, locks }
}

/// The lock bytes of a mode.
pub fn of_mode(class: LockClass, mode: Mode) -> Vec<OwnedLock> {
    let byte = |byte| lock(class, LockType::Read, byte, byte);
    lock_bytes(mode.claim()).into_iter().map(byte).collect()
}

pub fn qemu() -> HolderProcess {
    let command = "qemu-system-x86_64 -name guest=web1,debug-threads=on -machine \
                   pc-q35-7.2,usb=off,dump-guest-core=off -accel kvm -cpu host -m 2048 -smp 2 \
                   -nodefaults -blockdev driver=file,filename=/srv/images/disk.img,node-name=file \
                   -blockdev driver=raw,file=file,node-name=disk -device virtio-blk-pci,drive=disk";
    process(812, command, Duration::from_secs(8_160))
}

/// A guest as it is most of the time.
pub fn guest() -> SurveyedImage {
    image(vec![holder(vec![qemu()], of_mode(LockClass::Ofd, Mode::Rw))])
}

/// A guest, and processes that have its image open without a lock.
pub fn beside_the_unlocked() -> SurveyedImage {
    let reader = process(77, "tail -f /srv/images/disk.img", Duration::from_secs(5));
    let writer = process(78, "qemu-io --image-opts file.locking=off", Duration::from_secs(9));
    let unlocked = [(reader, false), (writer, true)];
    let unlocked = unlocked.map(|(process, writable)| UnlockedUser { process, writable });
    SurveyedImage { unlocked: unlocked.into(), ..guest() }
}

/// A child whose parent has exited.
pub fn left_behind() -> SurveyedImage {
    let orphan = HolderProcess {
        ppid: Some(1),
        parent: Some("systemd".to_owned()),
        uid: Some(0),
        user: Some("root".to_owned()),
        orphan: true,
        fds: vec![3, 12],
        ..process(901, "sleep 100000", Duration::from_secs(200))
    };
    image(vec![holder(vec![orphan], of_mode(LockClass::Ofd, Mode::Qcow2Rw))])
}

/// Two processes with one description, and one with POSIX locks beside them.
pub fn shared() -> SurveyedImage {
    let daemon = process(812, "qemu-storage-daemon --blockdev file", Duration::from_secs(59));
    let child = HolderProcess {
        uid: Some(1234),
        user: None,
        command: Vec::new(),
        comm: "hook".to_owned(),
        ..process(820, "hook", Duration::from_secs(5))
    };
    let tool = process(830, "qemu-io -r disk.img", Duration::from_secs(1));
    image(vec![
        holder(vec![daemon, child], of_mode(LockClass::Ofd, Mode::ShareRw)),
        holder(
            vec![HolderProcess { fds: Vec::new(), ..tool }],
            of_mode(LockClass::Posix, Mode::ToolRo),
        ),
    ])
}

/// Programs with other lock protocols.
pub fn foreign() -> Vec<SurveyedImage> {
    let one = |name: &str, locks: Vec<OwnedLock>| {
        let command = format!("{name} --disk path=disk.img");
        image(vec![holder(vec![process(77, &command, Duration::from_secs(90_000))], locks)])
    };
    use LockClass::{Delegation, Flock, Lease, Ofd, Posix};
    use LockType::{Read, Write};
    let end = ByteRange::EOF;
    vec![
        one("cloud-hypervisor", vec![lock(Ofd, Write, 0, end)]),
        one("cloud-hypervisor", vec![lock(Ofd, Read, 0, 65535)]),
        one("crosvm", vec![lock(Flock, Write, 0, end)]),
        one("crosvm", vec![lock(Flock, Read, 0, end)]),
        one("sqlite3", vec![lock(Posix, Write, 1000, 1009), lock(Posix, Read, 2000, 2000)]),
        one("smbd", vec![lock(Lease, Read, 0, end)]),
        one("smbd", vec![OwnedLock { kind: None, ..lock(Lease, Read, 0, end) }]),
        one("nfsd", vec![lock(Delegation, Read, 0, end)]),
        one("odd", vec![lock(Flock, Write, 0, end), lock(Ofd, Read, 100, 100)]),
        // A claim without a name.
        one("half-open", vec![lock(Ofd, Read, 101, 101), lock(Ofd, Read, 201, 201)]),
    ]
}

/// QEMU and crosvm on one image.
pub fn two_protocols() -> SurveyedImage {
    let crosvm = process(77, "crosvm run --block path=disk.img", Duration::from_secs(30));
    let flock = vec![lock(LockClass::Flock, LockType::Write, 0, ByteRange::EOF)];
    let mut image = guest();
    image.holders.push(holder(vec![crosvm], flock));
    image
}

/// Three waiting requests: of a known process, of one of two, and of an unknown one.
pub fn waiting() -> SurveyedImage {
    let waiter = |class, processes: Vec<HolderProcess>, certain| Waiter {
        lock: lock(class, LockType::Write, 0, 9),
        processes,
        certain,
    };
    let one = |pid| process(pid, "virtlockd -f /etc/virtlockd.conf", Duration::from_secs(3));
    let mut image = guest();
    image.waiters = vec![
        waiter(LockClass::Ofd, Vec::new(), false),
        waiter(LockClass::Posix, vec![one(840)], true),
        waiter(LockClass::Ofd, vec![one(841), one(842)], false),
    ];
    image
}

/// As seen by a user without the permission to inspect the holder.
pub fn unexplained() -> Survey {
    let one = |lock, process| UnexplainedLock {
        lock,
        process,
        could_be: vec![
            Explanation::UnreadableProcess,
            Explanation::InFlight,
            Explanation::IoUring,
            Explanation::ThreadTable,
            Explanation::OtherNamespace,
        ],
    };
    let setter = process(77, "crosvm run", Duration::from_secs(30));
    let mut image = image(Vec::new());
    image.ambiguous = true;
    image.unexplained = vec![
        one(lock(LockClass::Ofd, LockType::Read, 100, 101), None),
        one(lock(LockClass::Ofd, LockType::Read, 201, 201), None),
        one(lock(LockClass::Flock, LockType::Read, 0, ByteRange::EOF), Some(setter)),
    ];
    Survey { images: vec![image], unreadable: 37, settled: false }
}
