//! The QEMU programs that COMMAND may be, and the modes in which they open an image.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use imglock_core::Mode;

/// A QEMU program that opens the held image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tool {
    /// The program, with its subcommand: `qemu-img convert`.
    pub(super) name: String,
    /// The mode in which it opens the image, without further options.
    pub(super) mode: Mode,
    /// Whether it accepts `-U` (force-share) for what it does.
    pub(super) can_share: bool,
}

/// What a program does with an image. The modes were measured with QEMU 7.2 and 10.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Reads the header of the image, and no data.
    Metadata,
    Read,
    /// Reads the image and does not let its length change.
    Copy,
    Write,
    /// Writes over an image that it does not make anew.
    Overwrite,
    Resize,
    /// Makes an image anew in this place.
    Create,
    /// Serves it over NBD, to writers or to readers.
    Serve(bool),
    /// Is a disk of a guest.
    Disk(bool),
}

/// The options of `qemu-img snapshot` that change the image.
const CHANGES: [(char, &str); 3] = [('a', "--apply"), ('c', "--create"), ('d', "--delete")];

impl Tool {
    /// The program that `command` runs, if it is QEMU's and an argument names `image`. `raw` tells
    /// whether the image, by its content, is raw.
    ///
    /// `None` also where the mode depends on more than the command line, and with `locking=off`.
    pub(super) fn on(image: &Path, raw: bool, command: &[OsString]) -> Option<Tool> {
        let (program, arguments) = command.split_first()?;
        let program = Path::new(program).file_name()?.to_str()?;
        if arguments.iter().any(|one| one.to_string_lossy().contains("locking=off")) {
            return None;
        }
        let at = arguments.iter().position(|one| names(one, image))?;
        let line = Line { arguments, at };
        let (name, purpose) = match program {
            "qemu-img" => {
                let (verb, purpose) = line.verb()?;
                (format!("qemu-img {verb}"), purpose)
            }
            "qemu-io" if line.has('r', "--read-only") => (program.to_owned(), Purpose::Read),
            "qemu-io" => (program.to_owned(), Purpose::Write),
            "qemu-nbd" if line.has('s', "--snapshot") => (program.to_owned(), Purpose::Read),
            "qemu-nbd" => (program.to_owned(), Purpose::Serve(!line.has('r', "--read-only"))),
            "qemu-kvm" | "kvm" => (program.to_owned(), line.disk()),
            _ if program.starts_with("qemu-system-") => (program.to_owned(), line.disk()),
            _ => return None,
        };
        // A new image is raw unless the command line says otherwise.
        let raw = match purpose {
            Purpose::Create if name == "qemu-img create" => line.format("-f", true),
            Purpose::Create | Purpose::Overwrite => line.format("-O", true),
            _ => line.format("-f", raw),
        };
        let can_share = matches!(purpose, Purpose::Metadata | Purpose::Read | Purpose::Copy)
            && program != "qemu-nbd";
        let shared = can_share && line.has('U', "--force-share");
        Some(Tool { name, mode: purpose.mode(raw, shared), can_share: can_share && !shared })
    }
}

impl Purpose {
    fn mode(self, raw: bool, shared: bool) -> Mode {
        match self {
            Purpose::Metadata if raw || shared => Mode::None,
            Purpose::Metadata => Mode::Qcow2Info,
            Purpose::Read | Purpose::Copy if shared => Mode::ForceShare,
            Purpose::Read if raw => Mode::ToolRo,
            Purpose::Copy if raw => Mode::Cdrom,
            Purpose::Write | Purpose::Overwrite if raw => Mode::ToolRw,
            Purpose::Resize if raw => Mode::Resize,
            Purpose::Create if raw => Mode::Create,
            Purpose::Serve(true) if raw => Mode::NbdRw,
            Purpose::Serve(false) if raw => Mode::NbdRo,
            Purpose::Disk(true) if raw => Mode::Rw,
            Purpose::Disk(false) if raw => Mode::Cdrom,
            Purpose::Read | Purpose::Copy | Purpose::Serve(false) | Purpose::Disk(false) => {
                Mode::Qcow2Ro
            }
            Purpose::Write | Purpose::Overwrite | Purpose::Resize | Purpose::Create => {
                Mode::Qcow2Rw
            }
            Purpose::Serve(true) | Purpose::Disk(true) => Mode::Qcow2Rw,
        }
    }
}

/// The arguments of a program, and the one that names the image.
struct Line<'a> {
    arguments: &'a [OsString],
    at: usize,
}

impl Line<'_> {
    /// A subcommand of `qemu-img`, and what it does with the image.
    fn verb(&self) -> Option<(&str, Purpose)> {
        // It opens a backing file in another way, or not at all.
        if matches!(self.before(), Some("-b" | "-B")) {
            return None;
        }
        let words = self.arguments.iter().filter_map(|one| one.to_str());
        words.filter_map(|word| Some((word, self.purpose(word)?))).next()
    }

    fn purpose(&self, verb: &str) -> Option<Purpose> {
        let last = self.at + 1 == self.arguments.len();
        let output = self.arguments[self.at].as_bytes().starts_with(b"of=");
        Some(match verb {
            "info" => Purpose::Metadata,
            "check" if self.has('r', "--repair") => Purpose::Write,
            "check" | "map" | "compare" | "measure" => Purpose::Read,
            "bench" if self.has('w', "--write") => Purpose::Write,
            "bench" => Purpose::Read,
            "snapshot" if CHANGES.iter().any(|(one, long)| self.has(*one, long)) => Purpose::Write,
            "snapshot" => Purpose::Read,
            "dd" if output => Purpose::Create,
            "dd" => Purpose::Read,
            "convert" if last && self.has('n', "--no-create") => Purpose::Overwrite,
            "convert" if last => Purpose::Create,
            "convert" => Purpose::Copy,
            "commit" | "rebase" | "amend" | "bitmap" => Purpose::Write,
            "resize" => Purpose::Resize,
            "create" => Purpose::Create,
            _ => return None,
        })
    }

    /// The argument before the one that names the image.
    fn before(&self) -> Option<&str> {
        self.arguments.get(self.at.checked_sub(1)?)?.to_str()
    }

    /// The disk of a guest: read-only as a CD or if its own option says so.
    fn disk(&self) -> Purpose {
        let itself = self.arguments[self.at].to_string_lossy();
        let cd = matches!(self.before(), Some("-cdrom" | "--cdrom"));
        let read_only = ["readonly=on", "read-only=on", "media=cdrom", "snapshot=on"];
        Purpose::Disk(!cd && !read_only.iter().any(|option| itself.contains(option)))
    }

    /// Whether a flag is given, alone or among others as in `-rU`. The rest of an argument after
    /// an option with a value is that value, as in `-fraw`.
    fn has(&self, letter: char, long: &str) -> bool {
        let flags = |one: &str| -> bool {
            let letters = one.strip_prefix('-').unwrap_or_default().chars();
            letters.take_while(|one| !"fFOobBTtk-".contains(*one)).any(|one| one == letter)
        };
        let mut words = self.arguments.iter().filter_map(|one| one.to_str());
        words.any(|one| one == long || flags(one))
    }

    /// Whether the format is raw, by this option or by `format=` in the argument itself.
    fn format(&self, flag: &str, otherwise: bool) -> bool {
        let given = self.arguments.windows(2).find(|pair| pair[0] == flag).map(|pair| &pair[1]);
        let itself = self.arguments[self.at].to_string_lossy();
        let within = itself.split(',').find_map(|part| part.strip_prefix("format="));
        given
            .map(|value| value == "raw")
            .or(within.map(|value| value == "raw"))
            .unwrap_or(otherwise)
    }
}

/// Whether an argument is the path of `image`, or contains it as in `if=PATH` and
/// `file=PATH,format=raw`.
fn names(argument: &OsStr, image: &Path) -> bool {
    let parts = argument.as_bytes().split(|byte| *byte == b',').map(|part| {
        let value = part.iter().position(|byte| *byte == b'=').map_or(part, |at| &part[at + 1..]);
        Path::new(OsStr::from_bytes(value))
    });
    [Path::new(argument)].into_iter().chain(parts).any(|path| is_same(path, image))
}

fn is_same(path: &Path, image: &Path) -> bool {
    let file = |path| std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    !path.as_os_str().is_empty()
        && (path == image || file(path).is_some_and(|one| Some(one) == file(image)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was measured in /proc/locks, on a raw and on a qcow2 image.
    #[rstest::rstest]
    #[case("qemu-img info d", Some(("qemu-img info", Mode::None, Mode::Qcow2Info)))]
    #[case("/usr/bin/qemu-img map -U d", Some(("qemu-img map", Mode::ForceShare, Mode::ForceShare)))]
    #[case("qemu-img check -r all d", Some(("qemu-img check", Mode::ToolRw, Mode::Qcow2Rw)))]
    #[case("qemu-img convert -O raw d out", Some(("qemu-img convert", Mode::Cdrom, Mode::Qcow2Ro)))]
    #[case("qemu-img convert in d", Some(("qemu-img convert", Mode::Create, Mode::Create)))]
    #[case("qemu-img convert -O qcow2 in d", Some(("qemu-img convert", Mode::Qcow2Rw, Mode::Qcow2Rw)))]
    #[case("qemu-img convert -n in d", Some(("qemu-img convert", Mode::ToolRw, Mode::ToolRw)))]
    #[case("qemu-img dd if=d of=out", Some(("qemu-img dd", Mode::ToolRo, Mode::Qcow2Ro)))]
    #[case("qemu-img dd if=in of=d", Some(("qemu-img dd", Mode::Create, Mode::Create)))]
    #[case("qemu-img create d 1M", Some(("qemu-img create", Mode::Create, Mode::Create)))]
    #[case("qemu-img create -f qcow2 d 1M", Some(("qemu-img create", Mode::Qcow2Rw, Mode::Qcow2Rw)))]
    #[case("qemu-img create -f qcow2 -b d -F raw o", None)]
    #[case("qemu-img snapshot -c now d", Some(("qemu-img snapshot", Mode::ToolRw, Mode::Qcow2Rw)))]
    #[case("qemu-img resize d 1M", Some(("qemu-img resize", Mode::Resize, Mode::Qcow2Rw)))]
    #[case("qemu-io -f raw d", Some(("qemu-io", Mode::ToolRw, Mode::ToolRw)))]
    #[case("qemu-io -fraw d", Some(("qemu-io", Mode::ToolRw, Mode::Qcow2Rw)))]
    #[case("qemu-io -rU d", Some(("qemu-io", Mode::ForceShare, Mode::ForceShare)))]
    #[case("qemu-nbd d", Some(("qemu-nbd", Mode::NbdRw, Mode::Qcow2Rw)))]
    #[case("qemu-nbd -r d", Some(("qemu-nbd", Mode::NbdRo, Mode::Qcow2Ro)))]
    #[case("qemu-nbd -s d", Some(("qemu-nbd", Mode::ToolRo, Mode::Qcow2Ro)))]
    #[case("qemu-system-x86_64 -hda d", Some(("qemu-system-x86_64", Mode::Rw, Mode::Qcow2Rw)))]
    #[case("qemu-system-x86_64 -cdrom d", Some(("qemu-system-x86_64", Mode::Cdrom, Mode::Qcow2Ro)))]
    #[case("kvm -drive file=d,format=raw,if=virtio", Some(("kvm", Mode::Rw, Mode::Rw)))]
    #[case("kvm -blockdev driver=file,filename=d,locking=off", None)]
    #[case("qemu-img --help d", None)]
    #[case("qemu-img info other", None)]
    #[case("cp d out", None)]
    #[case("d", None)]
    fn a_command_opens_the_image_in_a_mode(
        #[case] line: &str,
        #[case] expected: Option<(&str, Mode, Mode)>,
    ) {
        let command: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let found = [true, false].map(|raw| Tool::on(Path::new("d"), raw, &command));
        let seen = match &found {
            [Some(raw), Some(qcow2)] => Some((raw.name.as_str(), raw.mode, qcow2.mode)),
            _ => None,
        };
        assert_eq!(seen, expected);
    }

    #[test]
    fn another_name_of_the_image_is_known() {
        let folder = tempfile::tempdir().expect("a directory");
        let [image, link, other] =
            ["disk.img", "link", "other"].map(|name| folder.path().join(name));
        std::fs::write(&image, "").expect("a file");
        std::fs::write(&other, "").expect("a file");
        std::fs::hard_link(&image, &link).expect("a hard link");
        let names = |path: &Path| {
            let command = ["qemu-img".into(), "info".into(), path.as_os_str().to_owned()];
            Tool::on(&image, true, &command).is_some()
        };
        assert!(names(&link));
        assert!(!names(&other));
    }
}
