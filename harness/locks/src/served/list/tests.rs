use std::fs;
use std::os::unix::fs::PermissionsExt;

use imglock_core::Errno;
use tempfile::TempDir;

use super::*;
use crate::served::{ClientStatus, ShareMode, StateKind};

/// What the servers of two kernels listed: client 3 holds the image twice, and client 5 has it open
/// without a lock. The last text is of a client with delegations.
struct Recorded {
    /// `info` and `states` of clients 3 and 5.
    clients: [(u32, &'static str, &'static str); 2],
    delegations: &'static str,
    disk: FileKey,
    address: &'static str,
}

macro_rules! recorded {
    ($kernel:literal, $minor:literal, $address:literal) => {
        Recorded {
            clients: [
                (
                    3,
                    include_str!(concat!("../recorded/linux-", $kernel, "/a.info")),
                    include_str!(concat!("../recorded/linux-", $kernel, "/a.states")),
                ),
                (
                    5,
                    include_str!(concat!("../recorded/linux-", $kernel, "/b.info")),
                    include_str!(concat!("../recorded/linux-", $kernel, "/b.states")),
                ),
            ],
            delegations: include_str!(concat!(
                "../recorded/linux-",
                $kernel,
                "/delegations.states"
            )),
            disk: FileKey::new(0, $minor, 2),
            address: $address,
        }
    };
}

fn on_linux_6_1() -> Recorded {
    recorded!("6.1", 0x18, "10.0.0.2:919")
}

fn on_linux_6_12() -> Recorded {
    recorded!("6.12", 0x1a, "10.0.0.2:926")
}

/// A folder in the place of /proc with these clients.
fn proc_with(clients: &[(u32, &str, &str)]) -> TempDir {
    let proc = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(proc.path().join("fs/nfsd/clients")).expect("a folder");
    for (id, info, states) in clients {
        let client = proc.path().join(format!("fs/nfsd/clients/{id}"));
        fs::create_dir(&client).expect("a folder");
        fs::write(client.join("info"), info).expect("written");
        fs::write(client.join("states"), states).expect("written");
    }
    proc
}

fn state(kind: StateKind, access: Option<&str>, count: usize) -> ServedState {
    let share =
        |letters: &str| ShareMode { read: letters.contains('r'), write: letters.contains('w') };
    let deny = (kind == StateKind::Open).then(|| share(""));
    ServedState { kind, access: access.map(share), deny, count }
}

const RW: Option<&str> = Some("rw");

#[rstest::rstest]
#[case::linux_6_1(on_linux_6_1())]
#[case::linux_6_12(on_linux_6_12())]
fn the_clients_of_a_file_are_listed_with_their_states(#[case] recorded: Recorded) {
    let proc = proc_with(&recorded.clients);
    let list = ClientList::read_below(proc.path(), &[recorded.disk]);
    assert_eq!(list.gap, None);
    let [a, b] = &list.on(recorded.disk)[..] else { panic!("two clients: {list:?}") };
    assert_eq!(a.states, [state(StateKind::Open, RW, 1), state(StateKind::Lock, None, 2)]);
    assert_eq!(b.states, [state(StateKind::Open, RW, 1)]);
    assert_eq!((a.id, a.address.as_deref()), (3, Some(recorded.address)));
    assert_eq!((a.name.as_deref(), a.minor_version), (Some("Linux NFSv4.2 a"), Some(2)));
    assert_eq!(a.status, Some(ClientStatus::Confirmed));
    assert!(!a.is_unlocked_writer() && !a.is_expirable());
    assert!(b.is_unlocked_writer());
    assert_eq!(list.on(FileKey::new(0, 0x18, 9)), []);
}

#[rstest::rstest]
#[case::linux_6_1(on_linux_6_1(), "r", true)]
#[case::linux_6_12(on_linux_6_12(), "w", false)]
fn a_delegation_is_listed(
    #[case] recorded: Recorded,
    #[case] access: &str,
    #[case] locks_on_the_server: bool,
) {
    let proc = proc_with(&[(7, "", recorded.delegations)]);
    let other = FileKey { inode: 3, ..recorded.disk };
    let list = ClientList::read_below(proc.path(), &[recorded.disk, other]);
    assert_eq!(list.on(other)[0].states, [state(StateKind::Delegation, Some("r"), 1)]);
    let client = &list.on(recorded.disk)[0];
    assert!(client.states.contains(&state(StateKind::Delegation, Some(access), 1)), "{client:?}");
    assert_eq!(client.has(StateKind::Lock), locks_on_the_server);
    // It has the file open for writing, and may have locks that the server does not know.
    assert!(client.has(StateKind::Open) && !client.is_unlocked_writer());
    // Its info could not be read.
    assert_eq!((client.address.as_deref(), client.status), (None, None));
}

#[rstest::rstest]
#[case("courtesy", ClientStatus::Courtesy, true)]
#[case("expirable", ClientStatus::Expirable, true)]
#[case("unconfirmed", ClientStatus::Unconfirmed, false)]
fn a_client_out_of_contact_is_told(
    #[case] word: &str,
    #[case] status: ClientStatus,
    #[case] expirable: bool,
) {
    let (_, info, _) = on_linux_6_1().clients[0];
    let info = info.replace("status: confirmed", &format!("status: {word}"));
    let client = ServedClient::new(3, Vec::new()).with_info(&info);
    assert_eq!((client.status, client.is_expirable()), (Some(status), expirable));
}

/// A name of 1024 bytes, each of which the kernel prints as four characters.
#[test]
fn a_long_name_is_cut() {
    let name = "\\xff".repeat(1024);
    let client = ServedClient::new(3, Vec::new()).with_info(&format!("name: \"{name}\"\n"));
    let kept = client.name.expect("a name");
    assert!(kept.chars().count() == 129 && kept.ends_with('…'), "{kept}");
}

const STATE: &str = "- 0x00000001dde20d6b725f14a001000000: { type: open, access: rw, deny: -w, ";

/// The kernel prints names of files as they are, and clients choose them.
#[rstest::rstest]
#[case::a_quote(r#"x", superblock: "00:18:7""#, Some(2))]
#[case::the_end_of_a_state(r#"x" }"#, Some(2))]
#[case::a_made_up_state(
    "x\n- 0x01: { type: lock, superblock: \"00:18:7\", filename: \"y\", owner: \"z\" }\nw",
    None
)]
fn a_name_of_a_file_makes_no_state_of_another(#[case] name: &str, #[case] told: Option<u64>) {
    let line = format!("{STATE}superblock: \"00:18:2\", filename: \"/{name}\", owner: \"o\" }}\n");
    let proc = proc_with(&[(3, "", &line)]);
    let keys = [2, 7].map(|inode| FileKey::new(0, 0x18, inode));
    let list = ClientList::read_below(proc.path(), &keys);
    let seen: Vec<u64> =
        keys.iter().filter(|key| !list.on(**key).is_empty()).map(|key| key.inode).collect();
    assert_eq!(seen, told.into_iter().collect::<Vec<_>>(), "{list:?}");
    let gap = told.is_none().then_some(ServedGap::Incomplete(1));
    assert_eq!(list.gap, gap);
}

#[test]
fn what_is_denied_to_others_is_read_and_what_is_revoked_is_not() {
    let on = "superblock: \"fe:00:1043\", filename: \"x\"";
    let open = format!("{STATE}{on}, owner: \"o\" }}\n");
    let revoked = format!("- 0x02: {{ type: lock, {on}, owner: \"o\", admin-revoked }}\n");
    let key = FileKey::new(0xfe, 0, 1043);
    let proc = proc_with(&[(3, "", &(revoked + &open))]);
    let [client] = &ClientList::read_below(proc.path(), &[key]).on(key)[..] else {
        panic!("one client")
    };
    let [state] = &client.states[..] else { panic!("one state: {client:?}") };
    assert_eq!(state.deny, Some(ShareMode { read: false, write: true }));
}

#[rstest::rstest]
#[case::of_an_endless_line(&"x".repeat(1 << 20), true)]
#[case::of_another_format("a state\n", true)]
#[case::of_an_unknown_field("- 0x01: { type: open, access: rw, deny: --, lease: 7 }\n", true)]
#[case::without_a_file("- 0x01: { type: open, access: --, deny: --, owner: \"o\" }\n", false)]
#[case::closed(include_str!("../recorded/linux-6.12/closed.states"), false)]
#[case::returned("- 0x01: { type: deleg, access: r }\n- 0x02: { type: layout }\n", false)]
#[case::cut_off(
    "- 0x01: { type: lock, superblock: \"00:18:2\", filename: \"x\", owner: \"o\" }",
    true
)]
#[case::revoked("- 0x01: { type: lock, owner: \"o\", admin-revoked }\n", false)]
#[case::empty("", false)]
fn a_text_that_is_not_understood_is_a_gap(#[case] states: &str, #[case] is_gap: bool) {
    let proc = proc_with(&[(3, "", states)]);
    let key = FileKey::new(0, 0x18, 2);
    let list = ClientList::read_below(proc.path(), &[key]);
    assert_eq!(list.gap.is_some(), is_gap, "{list:?}");
    assert_eq!(list.on(key), []);
}

/// Makes files below /proc, and the reason that follows.
#[rstest::rstest]
#[case::no_server_in_the_kernel(&[], None)]
#[case::not_loaded(&["fs/nfsd/"], None)]
#[case::old(&["fs/nfsd/threads"], Some(ServedGap::OldKernel))]
#[case::no_folder(&["fs/nfsd/clients"], Some(ServedGap::Unreadable(Errno::ENOTDIR)))]
#[case::idle(&["fs/nfsd/", "net/rpc/nfsd=rc 0 0 0\nth 0 0 0.000\n"], None)]
#[case::serving(&["fs/nfsd/", "net/rpc/nfsd=rc 0 0 0\nth 4 0 0.000\n"], Some(ServedGap::NotMounted))]
fn a_missing_list_has_a_reason(#[case] files: &[&str], #[case] gap: Option<ServedGap>) {
    let proc = tempfile::tempdir().expect("a folder");
    for file in files {
        let (file, text) = file.split_once('=').unwrap_or((file, ""));
        let path = proc.path().join(file);
        let folder = if file.ends_with('/') { Some(&*path) } else { path.parent() };
        fs::create_dir_all(folder.expect("a folder")).expect("a folder");
        if !file.ends_with('/') {
            fs::write(path, text).expect("written");
        }
    }
    assert_eq!(ClientList::read_below(proc.path(), &[]).gap, gap);
}

/// Root may list every folder; as another user, the list is closed.
#[test]
fn a_list_without_permission_is_a_gap() {
    let proc = proc_with(&[]);
    let clients = proc.path().join("fs/nfsd/clients");
    fs::set_permissions(&clients, fs::Permissions::from_mode(0o0)).expect("ours");
    let expected = match nix::unistd::geteuid().is_root() {
        true => None,
        false => Some(ServedGap::Unreadable(Errno::EACCES)),
    };
    assert_eq!(ClientList::read_below(proc.path(), &[]).gap, expected);
    assert!(!ServedGap::Unreadable(Errno::EACCES).meaning().contains("no client"));
}

/// A client that goes between the listing and the reading is no gap.
#[test]
fn a_client_that_is_gone_has_no_state() {
    let proc = proc_with(&[]);
    fs::create_dir(proc.path().join("fs/nfsd/clients/4")).expect("a folder");
    assert_eq!(ClientList::read_below(proc.path(), &[]), ClientList::default());
}
