//! The users of an image's bytes that lock nothing on the image itself.

use std::io;

use imglock_locks::{DataAccess, DataUser, DataUsers, UserGap};

use super::words;
use crate::phrase::{list, printable, quoted};
use crate::report::page::Page;
use crate::report::palette::{FAINT, STRONG};

/// The most users in a text; JSON has all of them.
const MOST_USERS: usize = 8;

/// Writes each user with the layers between the image and it, and how it is ended. Writes what the
/// image stands on, and what could not be asked.
pub fn users(users: &DataUsers, page: &mut Page<'_>) -> io::Result<()> {
    let tops: Vec<&DataUser> = users.tops().collect();
    if !tops.is_empty() {
        writeln!(page, "\n  {STRONG}users of the same bytes{STRONG:#}")?;
    }
    for top in tops.iter().take(MOST_USERS) {
        let access = if top.access == DataAccess::Write { "to write" } else { "to read" };
        row(access, &way(users, top), page)?;
        let end = end(users, top);
        if !end.is_empty() {
            row("end it", &end, page)?;
        }
    }
    if let Some(more @ 1..) = tops.len().checked_sub(MOST_USERS) {
        row("", &format!("and {more} more; --json lists them"), page)?;
    }
    if !users.stands_on.is_empty() {
        let all = list(users.stands_on.iter().map(|name| printable(name)));
        let words: Vec<String> =
            users.stands_on.iter().map(|name| printable(&quoted(name))).collect();
        let next = format!("`imglock holders {}` shows them.", words.join(" "));
        let text =
            format!("This device shows bytes of {all}, which have locks of their own. {next}");
        writeln!(page)?;
        page.paragraph("  ", &text)?;
    }
    // The survey itself counts the processes that could not be inspected.
    let gaps = users.gaps.iter().filter(|gap| !matches!(gap, UserGap::Processes { .. }));
    for gap in gaps {
        writeln!(page)?;
        page.paragraph("  ", &format!("{FAINT}Not asked: {}{FAINT:#}", printable(&gap.meaning())))?;
    }
    Ok(())
}

/// `/dev/loop0 -> /dev/mapper/vg-lv -> file system at /mnt`.
fn way(users: &DataUsers, top: &DataUser) -> String {
    let mut layers = top.through.clone();
    layers.push(top.phrase());
    let mut text = printable(&layers.join(" -> "));
    let writable = users.chain(top).into_iter().find(|user| user.access == DataAccess::Write);
    if let Some(below) = writable.filter(|_| top.access == DataAccess::Read) {
        text += &format!(" ({} itself can be written)", printable(&below.name));
    }
    if !top.certain {
        text += ", as far as names tell";
    }
    text
}

/// `umount /mnt; lvchange -an vg/lv; losetup -d /dev/loop0`.
fn end(users: &DataUsers, top: &DataUser) -> String {
    let pids: Vec<i32> = top.processes.iter().map(|process| process.pid).collect();
    let stop = format!("shut down {}", words::pids(&pids));
    let command = |program: &Vec<String>| {
        let program: Vec<String> = program.iter().map(|word| printable(&quoted(word))).collect();
        program.join(" ")
    };
    let commands = users.chain(top).into_iter().filter_map(|user| user.release.as_ref());
    let commands = commands.map(command);
    match top.kind.is_process() {
        true => [stop].into_iter().chain(commands).collect::<Vec<_>>().join("; "),
        false => commands.collect::<Vec<_>>().join("; "),
    }
}

fn row(label: &str, text: &str, page: &mut Page<'_>) -> io::Result<()> {
    page.beside(&format!("    {FAINT}{label:12}{FAINT:#}"), text)
}

#[cfg(test)]
mod tests {
    use imglock_locks::{DataProcess, DataUserKind};

    use super::*;
    use crate::report::shown::{shown, widest};

    fn told(of: &DataUsers) -> String {
        let text = shown(|out| users(of, &mut Page::new(out, 80)));
        assert!(widest(&text) <= 80, "too wide: {text}");
        text
    }

    fn user(kind: DataUserKind, way: &[&str], release: &str) -> DataUser {
        let (name, through) = way.split_last().expect("a name");
        let release = release.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
        DataUser {
            kind,
            name: (*name).to_owned(),
            device: None,
            through: through.iter().map(|name| (*name).to_owned()).collect(),
            access: DataAccess::Write,
            processes: Vec::new(),
            certain: true,
            release: Some(release).filter(|words| !words.is_empty()),
        }
    }

    fn process(pid: i32, comm: &str) -> DataProcess {
        DataProcess { pid, comm: comm.to_owned(), command: Vec::new() }
    }

    /// A volume with a mounted file system, on a loop device.
    fn stack() -> Vec<DataUser> {
        use DataUserKind::{FileSystem, LoopDevice, MappedDevice};
        let (node, volume) = ("/dev/loop0", "/dev/mapper/vg0-root");
        vec![
            user(LoopDevice, &[node], "losetup -d /dev/loop0"),
            user(MappedDevice, &[node, volume], "lvchange -an vg0/root"),
            user(FileSystem, &[node, volume, "/mnt/my disk"], "umount"),
        ]
    }

    #[test]
    fn a_stack_is_shown_with_the_way_back() {
        let mut users = stack();
        // A blank in a word is quoted for the shell.
        users[2].release = Some(vec!["umount".to_owned(), "/mnt/my disk".to_owned()]);
        insta::assert_snapshot!(told(&DataUsers { users, ..DataUsers::default() }));
    }

    #[test]
    fn each_kind_of_user_has_words() {
        use DataUserKind::*;
        let of = |user: DataUser, processes: &[DataProcess]| {
            let processes = processes.to_vec();
            vec![DataUser { processes, ..user }]
        };
        let served = [process(812, "qemu-nbd")];
        let shells = [1, 2, 3, 4, 5].map(|pid| process(pid, "sh"));
        let path = "/srv/images/disk.img";
        let exported = "nqn.2024-01.org.example:disk namespace 1";
        let all = [
            of(user(LoopDevice, &["/dev/loop0"], "losetup -d /dev/loop0"), &[]),
            of(user(Partition, &["/dev/loop0", "/dev/loop0p1"], ""), &[]),
            of(user(Raid, &["/dev/md0"], "mdadm --stop /dev/md0"), &[]),
            of(user(NetworkBlockDevice, &["/dev/nbd0"], "qemu-nbd -d /dev/nbd0"), &served),
            of(user(UserBlockDevice, &["/dev/ublkb0"], ""), &[process(813, "ublk")]),
            of(user(CompressedMemory, &["/dev/zram0"], "zramctl --reset /dev/zram0"), &[]),
            of(user(BlockDevice, &["/dev/bcache0"], ""), &[]),
            of(user(FileSystem, &["/mnt"], "umount /mnt"), &shells),
            of(user(FileSystemElsewhere, &["/mnt"], "nsenter -t 1 -m umount /mnt"), &shells[..1]),
            of(user(FileSystemUnseen, &["btrfs ccd81167"], ""), &[]),
            of(user(Swap, &[path], "swapoff /srv/images/disk.img"), &[]),
            of(user(ScsiTarget, &["fileio_0/a"], "targetcli /backstores/fileio delete a"), &[]),
            of(user(NvmeTarget, &[exported], ""), &[]),
            of(user(DeviceOpener, &["/tmp/node"], ""), &shells[..2]),
            of(user(Mapping, &[path], ""), &shells[..1]),
            of(user(OverlayOpener, &["/merged/disk.img"], ""), &shells[..1]),
        ];
        let told = |users: Vec<DataUser>| told(&DataUsers { users, ..DataUsers::default() });
        let text: String = all.into_iter().map(told).collect();
        insta::assert_snapshot!(text.replace("\n  users of the same bytes\n", ""));
    }

    #[test]
    fn doubts_and_gaps_are_told() {
        let mut users = stack();
        users[2].access = DataAccess::Read;
        users.iter_mut().for_each(|user| user.certain = false);
        let many = (0..9).map(|number| {
            user(DataUserKind::Swap, &[format!("/swap{number}").as_str()], "swapoff -a")
        });
        users.extend(many);
        let stands_on = ["/dev/sda", "/srv/my disk"].map(str::to_owned).to_vec();
        let gaps = vec![
            UserGap::LoopDevices { names: vec!["loop3".to_owned(), "loop4".to_owned()] },
            UserGap::Processes { count: 3 },
            UserGap::MountNamespaces { count: 2 },
            UserGap::Unreadable { path: "/proc/swaps".to_owned() },
            UserGap::KernelTargets,
        ];
        insta::assert_snapshot!(told(&DataUsers { users, stands_on, gaps }));
    }

    /// Device names, mount points and names of processes are arbitrary text.
    #[test]
    fn a_name_cannot_play_with_the_terminal() {
        let evil = "/mnt/\u{1b}[2J";
        let mut users = vec![user(DataUserKind::Mapping, &["/dev/\u{1b}]0;x\u{7}", evil], evil)];
        users[0].processes = vec![process(7, "\u{1b}[31mred")];
        let gaps = vec![UserGap::Unreadable { path: evil.to_owned() }];
        let text = told(&DataUsers { users, stands_on: vec![evil.to_owned()], gaps });
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    }
}
