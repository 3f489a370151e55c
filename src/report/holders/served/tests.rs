use std::io::Write;
use std::time::Duration;

use imglock_core::{ByteRange, Errno, LockType, Mode};
use imglock_locks::{
    Chain, ClientStatus, Danger, FileServer, Forecast, LockClass, NotAsked, OwnedLock,
    ServedClient, ServedClients, ServedGap, ServedState, ShareMode, StateKind, Survey,
    SurveyedImage, Waiter, would_grant,
};

use crate::report::holders::chain::Chains;
use crate::report::holders::text::Text;
use crate::report::holders::{changes, json, samples};
use crate::report::shown::{shown, snapshots, widest};

fn alone(survey: &Survey) -> Chains {
    Chains::of(survey.images.iter().map(|image| Chain::alone(&image.path)).collect())
}

fn told(images: Vec<SurveyedImage>, asked: Option<Mode>) -> String {
    let survey = samples::survey(images);
    let text = Text { clock: &samples::clock(), width: 80, chains: &alone(&survey) };
    let text = shown(|out| text.write(&survey, asked, out));
    assert!(widest(&text) <= 80, "too wide: {text}");
    text
}

fn state(kind: StateKind, access: &str, count: usize) -> ServedState {
    let share =
        |letters: &str| ShareMode { read: letters.contains('r'), write: letters.contains('w') };
    let deny = (kind == StateKind::Open).then(|| share(""));
    ServedState { kind, access: (!access.is_empty()).then(|| share(access)), deny, count }
}

const OPEN: StateKind = StateKind::Open;
const LOCK: StateKind = StateKind::Lock;

fn client(id: u32, name: &str, states: &[ServedState]) -> ServedClient {
    ServedClient {
        id,
        address: Some(format!("10.0.0.{id}:932")),
        name: Some(format!("Linux NFSv4.2 {name}")),
        minor_version: Some(2),
        status: Some(ClientStatus::Confirmed),
        states: states.to_vec(),
    }
}

fn served(server: FileServer, locks: Vec<OwnedLock>, clients: Vec<ServedClient>) -> ServedClients {
    let gap = (server != FileServer::Nfsd).then_some(ServedGap::NoList);
    ServedClients { server, locks, clients, hosts: Vec::new(), gap }
}

fn image(served: ServedClients) -> SurveyedImage {
    SurveyedImage { served: vec![served], ..samples::image(Vec::new()) }
}

/// A host with a guest, over NFSv4.
fn guest() -> ServedClients {
    let states = [state(OPEN, "rw", 1), state(LOCK, "", 1)];
    let locks = samples::of_mode(LockClass::Posix, Mode::Rw);
    served(FileServer::Nfsd, locks, vec![client(2, "a", &states)])
}

/// Two owners in one host, and a host with the image open without a lock.
fn beside_the_unlocked() -> ServedClients {
    let twice = [state(OPEN, "rw", 1), state(LOCK, "", 2)];
    let reader = [state(OPEN, "r", 3)];
    let denying =
        ServedState { deny: Some(ShareMode { read: false, write: true }), ..state(OPEN, "w", 1) };
    let clients = vec![
        client(2, "a", &twice),
        client(3, "b", &[state(OPEN, "rw", 1)]),
        client(4, "c", &reader),
        client(5, "d", &[denying]),
    ];
    let mut locks = samples::of_mode(LockClass::Posix, Mode::Rw);
    locks.extend(samples::of_mode(LockClass::Posix, Mode::ForceShare));
    served(FileServer::Nfsd, locks, clients)
}

/// A host with a delegation, which keeps its locks to itself.
fn delegation() -> SurveyedImage {
    let lock = samples::lock(LockClass::Delegation, LockType::Write, 0, ByteRange::EOF);
    let states = [state(OPEN, "rw", 1), state(StateKind::Delegation, "w", 1)];
    let served = served(FileServer::Nfsd, vec![lock], vec![client(2, "a", &states)]);
    SurveyedImage { asked: Err(NotAsked::Delegation), ..image(served) }
}

/// A host that has lost contact.
fn courtesy() -> SurveyedImage {
    let mut served = guest();
    served.clients[0].status = Some(ClientStatus::Courtesy);
    SurveyedImage { asked: Err(NotAsked::Courtesy), ..image(served) }
}

/// A host with a guest, over NFSv3.
fn by_lockd() -> ServedClients {
    let hosts = vec!["a".to_owned(), "b.example".to_owned()];
    let locks = samples::of_mode(LockClass::Posix, Mode::Rw);
    ServedClients { hosts, ..served(FileServer::Lockd, locks, Vec::new()) }
}

/// A server whose list may not be read: with locks, and without.
fn unreadable(locks: Vec<OwnedLock>) -> SurveyedImage {
    let gap = Some(ServedGap::Unreadable(Errno::EACCES));
    let asked =
        if locks.is_empty() { samples::image(Vec::new()).asked } else { Err(NotAsked::Courtesy) };
    let served = ServedClients { gap, ..served(FileServer::Nfsd, locks, Vec::new()) };
    SurveyedImage { asked, ..image(served) }
}

fn waiting() -> SurveyedImage {
    let waiter = |server| Waiter {
        lock: samples::lock(LockClass::Posix, LockType::Write, 0, ByteRange::EOF),
        processes: Vec::new(),
        certain: false,
        server: Some(server),
    };
    let waiters = [FileServer::Nfsd, FileServer::Lockd].map(waiter).into();
    SurveyedImage { waiters, ..image(guest()) }
}

fn by_smb(server: FileServer) -> SurveyedImage {
    let lock = samples::lock(LockClass::Posix, LockType::Write, 0, 65535);
    image(served(server, vec![lock], Vec::new()))
}

/// A guest here, and one on another host.
fn shared() -> SurveyedImage {
    let mut image = samples::shared_disk();
    image.holders.truncate(1);
    let locks = samples::of_mode(LockClass::Posix, Mode::ShareRw);
    SurveyedImage { served: vec![ServedClients { locks, ..guest() }], ..image }
}

snapshots! {
    an_nfs_client_is_named: told(vec![image(guest())], None);
    clients_without_a_lock_are_named: told(vec![image(beside_the_unlocked())], None);
    a_delegation_hides_locks: told(vec![delegation()], None);
    a_client_out_of_contact_is_told: told(vec![courtesy()], None);
    hosts_of_lockd_are_a_possibility: told(vec![image(by_lockd())], None);
    a_list_that_may_not_be_read_is_said: told(
        vec![unreadable(guest().locks), unreadable(Vec::new())],
        None,
    );
    waiting_clients_are_named: told(vec![waiting()], None);
    a_client_of_smb_has_no_name:
        told(vec![by_smb(FileServer::Ksmbd), by_smb(FileServer::Kernel)], None);
    a_guest_here_and_one_there: told(vec![shared()], None);
    a_question_is_answered_with_the_client: told(
        vec![image(guest()), courtesy(), delegation(), image(by_lockd()), shared()],
        Some(Mode::Ro),
    );
}

/// The server may drop the locks of a client that has lost contact, and keeps those of a delegation
/// unknown.
#[test]
fn a_lock_that_may_go_stands_against_nothing_for_certain() {
    let of = |image: &SurveyedImage| would_grant(image, Mode::Ro.claim());
    assert_eq!(of(&courtesy()).forecast, Forecast::Unknown(NotAsked::Courtesy));
    assert_eq!(of(&delegation()).forecast, Forecast::Unknown(NotAsked::Delegation));
    let refused = of(&image(guest()));
    assert!(matches!(refused.forecast, Forecast::Refused(_)), "{refused:?}");
    assert_eq!((refused.served, refused.holders), (vec![0], Vec::new()));
}

#[test]
fn clients_count_as_users_of_the_image() {
    let dangers = |image: &SurveyedImage| image.dangers();
    assert_eq!(dangers(&image(guest())), []);
    assert_eq!(dangers(&image(beside_the_unlocked())), [Danger::WriterUnlocked]);
    assert_eq!(dangers(&delegation()), [Danger::LeaseWaits]);
    assert_eq!(dangers(&shared()), [Danger::SeveralWriters]);
    let crosvm = samples::lock(LockClass::Flock, LockType::Write, 0, ByteRange::EOF);
    let process = samples::process(77, "crosvm run", Duration::from_secs(1));
    let crosvm = samples::holder(vec![process], vec![crosvm]);
    let both = SurveyedImage { holders: vec![crosvm], ..image(guest()) };
    assert_eq!(dangers(&both), [Danger::TwoProtocols, Danger::FlockUnseen]);
    assert!(image(guest()).is_held() && !unreadable(Vec::new()).is_held());
}

#[test]
fn json_names_the_clients() {
    let images = vec![image(beside_the_unlocked()), image(by_lockd()), unreadable(Vec::new())];
    let survey = samples::survey(images);
    let document = shown(|out| json::document(&survey, &alone(&survey), out));
    let document: serde_json::Value = serde_json::from_str(&document).expect("JSON");
    let of = |image: &serde_json::Value| {
        let answers = image["answers"].as_array().expect("answers");
        let ro = answers.iter().find(|answer| answer["mode"] == "ro").expect("an answer");
        serde_json::json!({ "served": image["served"], "held": image["held"], "ro": ro })
    };
    let images: Vec<_> = document["images"].as_array().expect("images").iter().map(of).collect();
    insta::assert_snapshot!(serde_json::to_string_pretty(&images).expect("JSON"));
}

#[test]
fn a_client_comes_and_goes() {
    let of = |image| samples::survey(vec![image]);
    let (before, after) = (of(image(guest())), of(image(by_lockd())));
    let line = |change, out: &mut dyn Write| changes::line(change, &samples::clock(), false, out);
    let changes = changes::between(&before, &after);
    insta::assert_snapshot!(shown(|out| changes.iter().try_for_each(|change| line(change, out))));
    // Another renewal, or another open, is no change of the locks.
    let mut later = guest();
    later.clients[0].states.push(state(OPEN, "r", 1));
    assert_eq!(changes::between(&before, &of(image(later))), []);
    let waiting = of(waiting());
    let waits = changes::between(&before, &waiting);
    insta::assert_snapshot!(
        "a_client_waits",
        shown(|out| waits.iter().try_for_each(|change| line(change, out)))
    );
}

/// The names of clients and hosts are arbitrary text, and root reads them in a terminal.
#[test]
fn a_name_cannot_play_with_the_terminal() {
    let evil = "\u{1b}[2J\nname".to_owned();
    let mut one = guest();
    one.clients[0].name = Some(evil.clone());
    one.clients[0].address = Some(format!("{evil}:1"));
    let two = ServedClients { hosts: vec![evil], ..by_lockd() };
    // In the rows of the client, in the words about what is blocked, and in the advice.
    for (image, times) in [(image(one), 4), (image(two), 2)] {
        for asked in [None, Some(Mode::Ro)] {
            let text = told(vec![image.clone()], asked);
            assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
            assert_eq!(text.matches(r"\u{1b}[2J\nname").count(), times, "{text}");
        }
    }
}

/// A server with many clients, of which a text shows some.
#[test]
fn many_clients_are_counted() {
    let states = [state(OPEN, "rw", 1), state(LOCK, "", 1)];
    let clients = (2..40).map(|id| client(id, "host", &states)).collect();
    let text = told(vec![image(served(FileServer::Nfsd, guest().locks, clients))], None);
    assert!(text.contains("and 30 more; --json lists them"), "{text}");
    assert!(text.contains("locked by NFS clients\n"), "{text}");
    assert!(text.contains("(38 hosts)"), "{text}");
    assert!(text.contains("on the hosts that have the image"), "{text}");
}
