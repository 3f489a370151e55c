//! `imglock holders` on the server itself: the locks that its kernel threads took for clients.

use std::time::{Duration, Instant};

use imglock_core::LockType;
use imglock_qemu::{GuestMount, GuestProgram, LanGuest, NfsVersion};
use serde_json::{Value, json};

use crate::delegations::allow_delegations;
use crate::holders::{SAFE, agreed, seen, told};
use crate::holding::{holder, release};
use crate::shared::{Hosts, Shared};

/// How long a server may take until a client counts as out of contact, and until a waiter is in its
/// table.
const PATIENCE: Duration = Duration::from_secs(60);

/// The clients of the image's only file server, by the hosts in their names: their states.
pub fn clients(image: &Value) -> Vec<(String, Vec<Value>)> {
    let clients = image["served"][0]["clients"].as_array().unwrap_or_else(|| panic!("{image}"));
    let one = |client: &Value| {
        let name = client["name"].as_str().and_then(|name| name.rsplit(' ').next());
        let states = client["states"].as_array().cloned();
        (name.expect("a name").to_owned(), states.expect("states"))
    };
    clients.iter().map(one).collect()
}

/// The program opens the image and acquires no lock.
fn opened<'guest>(guest: &'guest LanGuest, image: &str) -> GuestProgram<'guest> {
    let command = ["hold", image, "--mode", "rw", "--locking", "off"];
    let opened = guest.start(LanGuest::PROGRAM, &command);
    let opened = opened.unwrap_or_else(|error| panic!("{error}"));
    opened.await_line("holding rw on ").unwrap_or_else(|error| panic!("{error}"));
    opened
}

/// NFSv4: the server lists its clients, with what they have open and whether they lock.
pub fn clients_of_version_4_are_named(hosts: &Hosts<'_>) {
    allow_delegations(hosts.server, false);
    let shared = Shared::mounted(hosts, NfsVersion::V4_2, "");
    let (server, image) = (hosts.server, &*shared.exported);
    let free = seen(server, image);
    assert_eq!((&free["state"], &free["served"]), (&"free".into(), &json!([])), "{free}");

    let unlocked = opened(hosts.b, &shared.image);
    let found = seen(server, image);
    assert_eq!(found["state"], "in-use", "{found}");
    assert_eq!(found["dangers"], json!(["writer-unlocked"]), "{found}");
    let open = json!({
        "kind": "open", "count": 1, "access": { "read": true, "write": true },
        "deny": { "read": false, "write": false },
    });
    assert_eq!(clients(&found), [("b".to_owned(), vec![open.clone()])]);

    let held = holder(hosts.a, &shared.image, "rw");
    assert_eq!(agreed(server, image, "a client holds rw"), SAFE);
    let found = seen(server, image);
    let lock = json!({ "kind": "lock", "count": 1, "access": null, "deny": null });
    let expected = [("a".to_owned(), vec![open.clone(), lock]), ("b".to_owned(), vec![open])];
    assert_eq!(clients(&found), expected);
    assert_eq!((&found["state"], &found["holders"]), (&"locked".into(), &json!([])), "{found}");
    let served = &found["served"][0];
    assert_eq!((&served["server"], &served["gap"]), (&"nfsd".into(), &Value::Null), "{found}");
    assert_eq!((&served["modes"], &served["one_owner"]), (&json!(["rw"]), &true.into()));
    let client = &served["clients"][0];
    let address = client["address"].as_str().expect("an address");
    assert!(address.starts_with(&format!("{}:", hosts.a.address())), "{client}");
    assert_eq!(
        (&client["minor_version"], &client["status"]),
        (&2.into(), &"confirmed".into()),
        "{client}"
    );
    let (code, text) = told(server, image);
    assert_eq!(code, 1);
    let name = format!("a client of this machine's NFS server ({})", hosts.a.address());
    assert!(text.contains(&format!("blocked by {name}")), "{text}");
    assert!(text.contains(&format!("`imglock holders` on {} shows", hosts.a.address())), "{text}");
    assert!(!text.contains("shut down") && !text.contains("nfsd pid"), "{text}");

    // A second owner in the same client, and a list that is not mounted.
    let beside = holder(hosts.a, &shared.image, "force-share");
    let served = &seen(server, image)["served"][0];
    assert_eq!(
        (&served["one_owner"], served["clients"].as_array().map(Vec::len)),
        (&false.into(), Some(2))
    );
    without_the_list(server, || {
        let found = seen(server, image);
        let served = &found["served"][0];
        assert_eq!((&found["state"], &served["clients"]), (&"locked".into(), &json!([])));
        assert_eq!(served["gap"]["reason"], "not-mounted", "{found}");
        // The question might make the server drop the locks of a client.
        assert_eq!(found["asked"]["gap"], "courtesy", "{found}");
    });
    release(beside);
    release(held);
    release(unlocked);
    assert_eq!(seen(server, image)["served"], json!([]));
    without_the_list(server, || {
        let found = seen(server, image);
        assert_eq!(found["served"][0]["gap"]["reason"], "not-mounted", "{found}");
        let (code, text) = told(server, image);
        assert!(code == 0 && text.contains("that have the image open are not known"), "{text}");
    });
    shared.unmount();
}

/// Moves the file system in which the server lists its clients, for as long as `check` takes. Without
/// a mount of it, the kernel stops the server (`nfsd_umount` in fs/nfsd/nfsctl.c).
fn without_the_list(server: &LanGuest, check: impl FnOnce()) {
    let [usual, other] = ["/proc/fs/nfsd", "/nfsd"];
    let mount = |point: &str| {
        let (source, kind) = ("nfsd".to_owned(), "nfsd".to_owned());
        let mount = GuestMount { source, point: point.into(), kind, options: String::new() };
        server.mount(&mount).unwrap_or_else(|error| panic!("{error}"));
    };
    let unmount = |point| server.unmount(point).unwrap_or_else(|error| panic!("{error}"));
    mount(other);
    unmount(usual);
    check();
    mount(usual);
    unmount(other);
}

/// NFSv3: lockd names no client. rpc.statd names hosts that lock something.
pub fn clients_of_version_3_are_a_possibility(hosts: &Hosts<'_>, release_of_kernel: &str) {
    let shared = Shared::mounted(hosts, NfsVersion::V3, "");
    let (server, image) = (hosts.server, &*shared.exported);
    let held = holder(hosts.a, &shared.image, "rw");
    assert_eq!(agreed(server, image, "a client of NFSv3 holds rw"), SAFE);
    let found = seen(server, image);
    let served = &found["served"][0];
    assert_eq!((&served["server"], &served["clients"]), (&"lockd".into(), &json!([])), "{found}");
    assert_eq!(served["gap"]["reason"], "no-list", "{found}");
    let monitored = served["hosts"].as_array().expect("hosts");
    assert!(monitored.contains(&"a".into()), "{found}");
    let (_, text) = told(server, image);
    assert!(text.contains("locked by an NFSv3 client"), "{text}");
    assert!(text.contains("as rpc.statd monitors them for some lock"), "{text}");
    assert!(!text.contains("shut down"), "{text}");
    release(held);

    if waiters_are_in_the_table(release_of_kernel) {
        let held = hosts.a.hold_lock(&shared.lock(LockType::Write, 0, 0));
        let held = held.unwrap_or_else(|error| panic!("{error}"));
        let command = ["-x", &shared.image, LanGuest::PROGRAM, "--version"];
        let waits = hosts.b.start("flock", &command).unwrap_or_else(|error| panic!("{error}"));
        let deadline = Instant::now() + PATIENCE;
        let found = loop {
            let found = seen(server, image);
            if found["waiters"] != json!([]) {
                break found;
            }
            assert!(Instant::now() < deadline, "no waiter in the table: {found}");
        };
        let waiter = &found["waiters"][0];
        assert_eq!((&waiter["server"], &waiter["processes"]), (&"lockd".into(), &json!([])));
        held.end().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(waits.await_end().unwrap_or_else(|error| panic!("{error}")), 0);
    }
    shared.unmount();
}

/// Linux 6.7 to 6.12 let no client wait on the server for a lock of a local file system: the client
/// asks again and again.
fn waiters_are_in_the_table(release: &str) -> bool {
    let mut numbers = release.split(['.', '-']).map_while(|number| number.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    !((6, 7)..=(6, 12)).contains(&version)
}

/// NFSv4: the server keeps the locks of a client that has lost contact until something conflicts.
/// A look at the image must not be what conflicts.
pub fn a_look_leaves_a_client_out_of_contact_its_locks(hosts: &Hosts<'_>, image: &str) {
    let status = || seen(hosts.server, image)["served"][0]["clients"][0]["status"].clone();
    let deadline = Instant::now() + PATIENCE;
    while status() != "courtesy" {
        assert!(Instant::now() < deadline, "the server takes the client for {}", status());
    }
    let found = seen(hosts.server, image);
    assert_eq!((&found["state"], &status()), (&"locked".into(), &"courtesy".into()), "{found}");
    assert_eq!(found["asked"]["gap"], "courtesy", "{found}");
    let asked = ["holders", "--for", "rw", image];
    let asked = hosts.server.run(LanGuest::PROGRAM, &asked);
    let asked = asked.unwrap_or_else(|error| panic!("{error}"));
    assert!(asked.stdout.contains("rw unknown"), "{asked:?}");
    let (_, text) = told(hosts.server, image);
    assert!(text.contains("is out of contact: the server drops all its locks"), "{text}");
    assert_eq!(status(), "courtesy", "the client still has its locks");
}
