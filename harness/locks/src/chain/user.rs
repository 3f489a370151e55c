use super::{Chain, ChainFile, ChainRole, ImageFormat};
use imglock_core::{Claim, Mode, Permissions};

/// What the user of an image asks of the files below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum User {
    /// Nothing: it opens the top alone, or no node is active.
    TopAlone,
    /// Only to read, beside any writer (`force-share`).
    ForceShare,
    /// To read, or to write into the top and its data file.
    Normal {
        write: bool,
        /// Whether it shares `write`, as tools, exports and devices with `share-rw=on` do.
        shares_write: bool,
    },
}

impl User {
    /// The users that open an image in this mode: first a guest's device, where the mode does not
    /// tell it from a tool. A qcow2 node takes the same locks for both.
    pub(super) fn of(mode: Mode) -> Vec<User> {
        let claim = mode.claim();
        let write = claim.held.contains(Permissions::WRITE);
        match mode {
            Mode::None | Mode::Inactive | Mode::Create | Mode::Qcow2Info => vec![User::TopAlone],
            Mode::ForceShare => vec![User::ForceShare],
            Mode::Qcow2Ro | Mode::Qcow2Rw => {
                [false, true].map(|shares_write| User::Normal { write, shares_write }).into()
            }
            _ => {
                let shares_write = claim.shared.contains(Permissions::WRITE);
                vec![User::Normal { write, shares_write }]
            }
        }
    }

    /// The claims on the files below the top, in the order in which QEMU makes them. Each comes with
    /// the file's index, and whether QEMU is still opening the nodes then: it puts its words about
    /// backing files before a refusal.
    ///
    /// Measured in /proc/locks with qemu-io, qemu-storage-daemon and qemu-system of QEMU 7.2, and
    /// with the first two of QEMU 10.0.
    pub(super) fn claims(self, chain: &Chain) -> Vec<(usize, Claim, bool)> {
        if self == User::TopAlone {
            return Vec::new();
        }
        let below = || chain.files.iter().enumerate().skip(1);
        let opened = below().map(|(index, file)| (index, self.opened(file), true));
        let used = below().filter_map(|(index, file)| Some((index, self.used(file)?, false)));
        opened.chain(used).collect()
    }

    /// The claim with which a node opens a file, before the node itself has a user.
    fn opened(self, file: &ChainFile) -> Claim {
        match (file.role, &file.format) {
            _ if self == User::ForceShare => match file.format {
                Some(ImageFormat::Raw) => Claim::NOTHING,
                _ => Mode::ForceShare.claim(),
            },
            (ChainRole::DataFile, _) => claim(Permissions::empty(), Permissions::RESIZE),
            (_, Some(ImageFormat::Raw)) => Claim::NOTHING,
            _ => Mode::Qcow2Ro.claim(),
        }
    }

    /// The claim of the user, which reaches the files that have no format of their own.
    fn used(self, file: &ChainFile) -> Option<Claim> {
        let plain = file.role == ChainRole::DataFile || file.format == Some(ImageFormat::Raw);
        let User::Normal { write, shares_write } = self else {
            return plain.then(|| Mode::ForceShare.claim());
        };
        let not_written = if shares_write { Permissions::empty() } else { Permissions::WRITE };
        let read = Permissions::CONSISTENT_READ;
        match file.role {
            ChainRole::DataFile if write && file.named_by == Some(0) => {
                let held = read | Permissions::WRITE | Permissions::RESIZE;
                Some(claim(held, Permissions::RESIZE | not_written))
            }
            ChainRole::DataFile => Some(claim(read, Permissions::RESIZE | not_written)),
            _ if plain && shares_write => Some(Mode::ToolRo.claim()),
            _ if plain => Some(Mode::Backing.claim()),
            _ => None,
        }
    }
}

fn claim(held: Permissions, unshared: Permissions) -> Claim {
    Claim::new(held, unshared.complement())
}
