//! `imglock holders` beside really trying, where another host holds the image.

use imglock_locks::LockClass;
use imglock_qemu::{GuestLock, LanGuest, NfsVersion, Ran};
use serde_json::{Value, json};

use crate::delegations::allow_delegations;
use crate::holding::{holder, release};
use crate::shared::{Hosts, Shared};

fn run(guest: &LanGuest, arguments: &[&str]) -> Ran {
    guest.run(LanGuest::PROGRAM, arguments).unwrap_or_else(|error| panic!("{error}"))
}

/// What `holders --json` says about the image. In a guest, nothing keeps root from
/// inspecting a process, be it pid 1.
pub fn seen(guest: &LanGuest, image: &str) -> Value {
    let ran = run(guest, &["holders", "--json", image]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    for kind in ["processes", "threads", "descriptors"] {
        assert_eq!(document["unreadable"][kind], json!({}), "{document}");
    }
    document["images"][0].clone()
}

/// The text, on one line.
pub fn told(guest: &LanGuest, image: &str) -> (i32, String) {
    let ran = run(guest, &["holders", image]);
    (ran.status, ran.stdout.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// `holders` must say what `hold` then meets. The modes that are granted.
pub fn agreed(guest: &LanGuest, image: &str, what: &str) -> Vec<&'static str> {
    let modes = ["force-share", "ro", "rw"];
    // Each program that starts takes half a second in a guest, so one answers for all modes. The text
    // for the last one must say the same.
    let image_seen = seen(guest, image);
    let granted = |mode: &&str| {
        let answers = image_seen["chain"]["answers"].as_array().expect("answers");
        let told = answers.iter().find(|answer| answer["mode"] == *mode).expect("an answer");
        let hold = ["hold", image, "--mode", mode, "--", LanGuest::PROGRAM, "--version"];
        let tried = run(guest, &hold);
        let expected = if tried.status == 0 { "granted" } else { "refused" };
        assert_eq!(told["answer"], expected, "{what}, {mode}: {tried:?}");
        tried.status == 0
    };
    let granted: Vec<&str> = modes.into_iter().filter(granted).collect();
    let told = run(guest, &["holders", "--for", "rw", image]);
    assert_eq!(told.status, i32::from(!granted.contains(&"rw")), "{what}: {told:?}");
    granted
}

pub const SAFE: [&str; 1] = ["force-share"];
pub const ALL: [&str; 3] = ["force-share", "ro", "rw"];

/// NFSv4: the kernel asks the server, which knows the locks of every host.
pub fn a_holder_on_another_host_is_found_over_version_4(hosts: &Hosts<'_>) {
    for delegations in [false, true] {
        allow_delegations(hosts.server, delegations);
        let shared = Shared::mounted(hosts, NfsVersion::V4_2, "");
        let what = format!("delegations {delegations}");
        assert_eq!(agreed(hosts.b, &shared.image, &what), ALL);
        let free = seen(hosts.b, &shared.image);
        assert_eq!(
            (&free["state"], &free["reach"]["extent"]),
            (&"free".into(), &"every-host".into())
        );
        for mode in ["rw", "ro"] {
            let held = holder(hosts.a, &shared.image, mode);
            let refused = if mode == "rw" { &SAFE[..] } else { &ALL[..2] };
            assert_eq!(agreed(hosts.b, &shared.image, &what), refused, "{mode}");
            let image = seen(hosts.b, &shared.image);
            assert_eq!(image["state"], "locked", "{what}, {mode}: {image}");
            assert_eq!(image["hidden"]["modes"][0], mode, "{image}");
            assert_eq!(image["hidden"]["could_be"][0], "other-host", "{image}");
            let (code, text) = told(hosts.b, &shared.image);
            assert!(code == 1 && text.contains("a holder that this host cannot name"), "{text}");
            assert!(text.contains("Reach: every host that mounts"), "{text}");
            release(held);
        }
        // A reader here, beside a writer there.
        let (writer, reader) =
            (holder(hosts.a, &shared.image, "rw"), holder(hosts.b, &shared.image, "force-share"));
        assert_eq!(agreed(hosts.b, &shared.image, &what), SAFE);
        let image = seen(hosts.b, &shared.image);
        assert_eq!(image["holders"].as_array().map(Vec::len), Some(1), "{image}");
        assert_eq!(image["hidden"]["modes"][0], "rw", "{image}");
        release(writer);
        release(reader);
        // Locks of other kinds.
        // The client sends a flock(2) lock as a byte-range lock on the whole file (nfs(5)).
        for class in [LockClass::Posix, LockClass::Ofd, LockClass::Flock] {
            let lock = shared.lock(imglock_core::LockType::Write, 0, 0);
            let held = hosts.a.hold_lock(&GuestLock { class, ..lock });
            let held = held.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(agreed(hosts.b, &shared.image, &what), [""; 0], "{class}");
            held.end().unwrap_or_else(|error| panic!("{error}"));
        }
        assert_eq!(agreed(hosts.b, &shared.image, &what), ALL);
        shared.unmount();
    }
}

/// NFSv3: what the server answers decides. Many servers report no read lock of another host.
pub fn nothing_is_called_free_over_version_3(hosts: &Hosts<'_>) {
    let shared = Shared::mounted(hosts, NfsVersion::V3, "");
    let held = holder(hosts.a, &shared.image, "rw");
    agreed(hosts.b, &shared.image, "NFSv3");
    let image = seen(hosts.b, &shared.image);
    assert_eq!(image["reach"]["extent"], "unknown", "{image}");
    let (_, text) = told(hosts.b, &shared.image);
    assert!(!text.contains("free"), "{text}");
    assert_eq!(agreed(hosts.a, &shared.image, "the holder's own host"), SAFE);
    release(held);
    let lock = shared.lock(imglock_core::LockType::Write, 0, 0);
    let held = hosts.a.hold_lock(&lock).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(agreed(hosts.b, &shared.image, "a write lock over NFSv3"), [""; 0]);
    assert_eq!(seen(hosts.b, &shared.image)["state"], "locked");
    held.end().unwrap_or_else(|error| panic!("{error}"));
    shared.unmount();
}

/// A mount that keeps its locks: granted, and said to be so on this host only.
pub fn locks_of_one_host_are_said_to_be_so(hosts: &Hosts<'_>) {
    for options in ["nolock", "local_lock=posix"] {
        let shared = Shared::mounted(hosts, NfsVersion::V3, options);
        let held = holder(hosts.a, &shared.image, "rw");
        assert_eq!(agreed(hosts.b, &shared.image, options), ALL);
        assert_eq!(agreed(hosts.a, &shared.image, options), SAFE);
        let image = seen(hosts.b, &shared.image);
        assert_eq!(image["reach"]["extent"], "only-this-host", "{image}");
        let (_, text) = told(hosts.b, &shared.image);
        assert!(text.contains("not locked on this host Reach: only this host"), "{text}");
        release(held);
        let folder = shared.image.rsplit_once('/').expect("a folder").0;
        let probed = run(hosts.b, &["probe", "--rounds", "1", folder]);
        assert!(probed.stdout.contains("Locks work only on this host"), "{probed:?}");
        assert!(!probed.stdout.contains("Fine"), "{probed:?}");
        shared.unmount();
    }
}
