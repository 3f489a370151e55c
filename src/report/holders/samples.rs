//! Surveys made by hand, one of each kind.

use std::time::{Duration, SystemTime};

use chrono::FixedOffset;
use imglock_core::{Backend, ByteRange, Errno, LockType, Mode, lock_bytes};
use imglock_locks::{
    Answer, ByteAnswers, Capability, DataUsers, Explanation, Extent, FileKey, ForeignLock,
    FormerUser, HiddenHolder, Holder, HolderOwner, HolderProcess, Inquiry, InquiryGap, LockClass,
    NotAsked, OwnedLock, Reach, Survey, SurveyedImage, UnexplainedLock, UnlockedUser, Unseen,
    UnseenReason, Waiter,
};

use super::Clock;

/// The time of the surveys, in seconds since 1970.
const NOW: u64 = 1_795_000_000;

pub fn clock() -> Clock {
    let offset = |_| FixedOffset::east_opt(3600).expect("less than a day");
    Clock { now: "2026-11-18T11:06:40Z".parse().expect("a time"), offset }
}

pub fn survey(mut images: Vec<SurveyedImage>) -> Survey {
    for image in &mut images {
        if image.asked.as_ref().is_ok_and(|inquiry| inquiry.bytes.is_empty()) {
            image.asked = Ok(answered(image));
        }
    }
    Survey { images, unseen: Unseen::default(), nested: false, settled: true }
}

pub fn image(holders: Vec<Holder>) -> SurveyedImage {
    SurveyedImage {
        path: "/srv/images/disk.img".into(),
        key: FileKey::new(0xfe, 0, 1043),
        size: 65536,
        ambiguous: false,
        waiters: Vec::new(),
        unexplained: Vec::new(),
        unlocked: Vec::new(),
        served: Vec::new(),
        asked: Ok(Inquiry { backend: Backend::Ofd, bytes: Vec::new(), met: Vec::new(), gap: None }),
        hidden: None,
        reach: Reach {
            extent: Extent::Host,
            file_system: "ext4".to_owned(),
            source: None,
            because: None,
        },
        holders,
        users: DataUsers::default(),
        former: Vec::new(),
        replaced: false,
    }
}

/// The kernel's answers, if it has just these locks.
fn answered(image: &SurveyedImage) -> Inquiry {
    let owned = image.holders.iter().flat_map(|holder| &holder.locks);
    let owned = owned.chain(image.unexplained.iter().map(|one| &one.lock));
    let owned = owned.chain(image.served.iter().flat_map(|served| &served.locks));
    let met = owned.filter(|lock| lock.class.backend().is_some()).filter_map(|lock| {
        Some(ForeignLock { kind: lock.kind?, range: lock.range, exact: true, pid: None })
    });
    let met = met.chain(image.hidden.iter().flat_map(|hidden| hidden.locks.clone()));
    let met: Vec<ForeignLock> = met.collect();
    let answer = |kind: LockType, byte: i64| {
        let on = |lock: &&ForeignLock| {
            (lock.range.first..=lock.range.last).contains(&byte) && lock.kind.excludes(kind)
        };
        met.iter().find(on).map_or(Answer::Free, |lock| Answer::Conflict(*lock))
    };
    let bytes = (100..104).chain(200..204).map(|byte| ByteAnswers {
        byte,
        read: answer(LockType::Read, byte),
        write: answer(LockType::Write, byte),
    });
    Inquiry { backend: Backend::Ofd, bytes: bytes.collect(), met: met.clone(), gap: None }
}

pub fn process(pid: i32, command: &str, age: Duration) -> HolderProcess {
    let command: Vec<String> = command.split(' ').map(str::to_owned).collect();
    HolderProcess {
        pid,
        thread: None,
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

/// A cluster's disk: two guests that share `write`.
pub fn shared_disk() -> SurveyedImage {
    let guest = |pid| {
        let process = process(pid, "qemu-system-x86_64 -name node", Duration::from_secs(3_600));
        holder(vec![process], of_mode(LockClass::Ofd, Mode::ShareRw))
    };
    image(vec![guest(812), guest(813)])
}

/// Three waiting requests: of a known process, of one of two, and of an unknown one.
pub fn waiting() -> SurveyedImage {
    let waiter = |class, processes: Vec<HolderProcess>, certain| Waiter {
        lock: lock(class, LockType::Write, 0, 9),
        processes,
        certain,
        server: None,
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
        likely: Vec::new(),
        could_be: vec![
            Explanation::UnreadableProcess,
            Explanation::InFlight,
            Explanation::IoUring,
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
    let unseen = Unseen {
        processes: [(UnseenReason::OtherUser, 37)].into(),
        needs: [Capability::DacReadSearch, Capability::SysPtrace].into(),
        ..Unseen::default()
    };
    Survey { unseen, nested: true, settled: false, ..survey(vec![image]) }
}

/// Images whose locks the tables of this host do not show: a holder on another host, a reader here
/// beside a writer there, a file server without an answer, an image that cannot be opened, and one
/// whose locks stay on this host.
pub fn from_elsewhere() -> Vec<SurveyedImage> {
    let reach = |extent, because: Option<&str>| Reach {
        extent,
        file_system: "nfs4".to_owned(),
        source: Some("store:/images".to_owned()),
        because: because.map(str::to_owned),
    };
    let every = reach(Extent::EveryHost, None);
    let read = |first, last| {
        let range = ByteRange::new(first, last);
        ForeignLock { kind: LockType::Read, range, exact: true, pid: None }
    };
    let hidden = |locks: Vec<ForeignLock>, beside: &[Holder]| HiddenHolder {
        locks,
        beside: beside.iter().flat_map(|holder| holder.locks.clone()).collect(),
        processes: Vec::new(),
        could_be: vec![Explanation::OtherHost, Explanation::OtherNamespace],
    };
    let there = hidden(vec![read(100, 101), read(201, 201)], &[]);
    let reader = holder(
        vec![process(830, "qemu-img info -U disk.img", Duration::from_secs(1))],
        of_mode(LockClass::Ofd, Mode::ForceShare),
    );
    let beside = hidden(vec![read(101, 101), read(201, 201)], std::slice::from_ref(&reader));
    let failing = |errno: Errno| {
        let failed =
            |byte| ByteAnswers { byte, read: Answer::Failed(errno), write: Answer::Failed(errno) };
        let bytes = (100..104).chain(200..204).map(failed).collect();
        Ok(Inquiry {
            backend: Backend::Ofd,
            bytes,
            met: Vec::new(),
            gap: Some(InquiryGap::Failed(errno)),
        })
    };
    let of = |hidden| SurveyedImage { hidden, reach: every.clone(), ..image(Vec::new()) };
    vec![
        of(Some(there)),
        SurveyedImage { holders: vec![reader], ..of(Some(beside)) },
        SurveyedImage { asked: failing(Errno::ESTALE), ..of(None) },
        SurveyedImage { asked: Err(NotAsked::Open(Errno::EACCES)), ..of(None) },
        SurveyedImage { reach: reach(Extent::OnlyThisHost, Some("nolock")), ..image(Vec::new()) },
    ]
}

/// A killed process that hangs in the kernel, and one whose main thread has exited.
pub fn ending() -> SurveyedImage {
    let one = |pid| process(pid, "qemu-system-x86_64 -drive disk.img", Duration::from_secs(600));
    let hanging = HolderProcess { command: Vec::new(), fds: Vec::new(), ..one(812) };
    let thread = HolderProcess { thread: Some(917), ..one(913) };
    let mut image = image(vec![holder(vec![thread], of_mode(LockClass::Posix, Mode::ForceShare))]);
    image.unexplained = vec![UnexplainedLock {
        lock: lock(LockClass::Ofd, LockType::Read, 100, 101),
        process: None,
        likely: vec![hanging],
        could_be: vec![Explanation::ExitingProcess, Explanation::InFlight],
    }];
    image
}

/// An image that took the place of another one, which a guest still uses.
pub fn replaced() -> SurveyedImage {
    let reader = process(77, "tail -f /srv/images/disk.img", Duration::from_secs(5));
    let former = [(qemu(), true, true), (reader, false, false)];
    let former = former.map(|(process, writable, locked)| FormerUser { process, writable, locked });
    SurveyedImage { former: former.into(), ..image(Vec::new()) }
}
