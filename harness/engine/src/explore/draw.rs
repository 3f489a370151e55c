//! Draws the details of a step so that conflicts are frequent: few bytes, few
//! images, and mostly the modes that real programs use.

use super::dice::Dice;
use imglock_core::{
    Access, Backend, Claim, LockType, Locking, Mode, ModeSpec, OpenOptions, Permissions, RangeSpec,
    Whence,
};

/// First bytes of lock ranges: the lock bytes and their neighbours, and the
/// start of the file.
const STARTS: [i64; 16] = [0, 1, 5, 99, 100, 101, 102, 103, 104, 199, 200, 201, 202, 203, 204, 300];
/// Lengths of lock ranges, mostly short. 0 extends to the end; a negative
/// length extends backwards.
const LENGTHS: [i64; 12] = [1, 1, 1, 2, 3, 4, 5, 100, 0, -1, -2, -4];
/// Offsets near the limits of range arithmetic.
const FAR: [i64; 6] = [i64::MAX, i64::MAX - 1, i64::MAX - 300, i64::MIN, -1, -300];

/// Offsets at which witnesses write and read.
const PLACES: [u64; 7] = [0, 1, 3, 100, 298, 300, 4095];
const WITNESSES: [&str; 6] = ["a", "hello", "two words", "", "\u{e9}t\u{e9}", "0123456789"];

/// The names of images. The first ones exist from the start.
pub(super) const IMAGES: [&str; 4] = ["disk.img", "base.img", "top.img", "link.img"];
/// The sizes of images. A few bytes are enough.
pub(super) const SIZES: [u64; 5] = [0, 1, 300, 4096, 65_536];

/// The modes that are drawn by name, in an order that must stay: a seed means the same scenarios
/// for ever. Later modes are drawn as claims.
const NAMED: [Mode; 22] = [
    Mode::None,
    Mode::Inactive,
    Mode::Ro,
    Mode::Rw,
    Mode::RoShareRw,
    Mode::ShareRw,
    Mode::ForceShare,
    Mode::Cdrom,
    Mode::RwFixed,
    Mode::NbdRo,
    Mode::NbdRw,
    Mode::ToolRo,
    Mode::ToolRw,
    Mode::Qcow2Ro,
    Mode::Qcow2Rw,
    Mode::Backing,
    Mode::Resize,
    Mode::Create,
    Mode::BackupTarget,
    Mode::MirrorTarget,
    Mode::CommitSource,
    Mode::StreamTop,
];

impl Dice {
    pub(super) fn range(&mut self) -> RangeSpec {
        let whence = match self.below(10) {
            0 => Whence::Cur,
            1 => Whence::End,
            _ => Whence::Set,
        };
        let start = match whence {
            _ if self.percent(2) => self.of(FAR),
            Whence::Set => self.of(STARTS),
            Whence::Cur => self.of(STARTS) - self.of([0, 0, 100, 200]),
            Whence::End => -self.of(STARTS),
        };
        let len = if self.percent(1) { self.of(FAR) } else { self.of(LENGTHS) };
        RangeSpec { whence, start, len }
    }

    pub(super) fn lock_type(&mut self) -> LockType {
        self.of([LockType::Read, LockType::Write])
    }

    pub(super) fn mode(&mut self) -> ModeSpec {
        match self.below(10) {
            0..4 => self.of([Mode::Ro, Mode::Rw, Mode::ShareRw, Mode::ForceShare]).into(),
            4..7 => self.of(NAMED).into(),
            _ => ModeSpec::Claim(Claim::new(self.permissions(), self.permissions())),
        }
    }

    fn permissions(&mut self) -> Permissions {
        Permissions::from_bits_truncate(self.below(16) as u8)
    }

    /// An access mode that the format allows with this claim; mostly the one it
    /// needs.
    pub(super) fn access(&mut self, mode: ModeSpec) -> Access {
        let needed = Access::needed_by(mode.claim());
        match (needed, self.below(10)) {
            _ if mode == ModeSpec::Named(Mode::ForceShare) => needed,
            (_, 0) => Access::WriteOnly,
            (Access::ReadOnly, 1..6) => Access::ReadWrite,
            _ => needed,
        }
    }

    pub(super) fn options(&mut self, image: &str) -> OpenOptions {
        let mode = self.mode();
        OpenOptions {
            access: self.access(mode),
            backend: self.percent(15).then(|| self.of(Backend::ALL)),
            locking: self.percent(12).then(|| self.of(Locking::ALL)),
            inactive: self.percent(10),
            cloexec: !self.percent(25),
            pause_after: self.pause(),
            ..OpenOptions::new(image, mode)
        }
    }

    pub(super) fn pause(&mut self) -> Option<u32> {
        self.percent(8).then(|| self.below(8) as u32)
    }

    pub(super) fn place(&mut self) -> u64 {
        self.of(PLACES)
    }

    pub(super) fn length(&mut self) -> u64 {
        self.of([0, 1, 5, 10, 300, 4096])
    }

    pub(super) fn witness(&mut self) -> String {
        self.of(WITNESSES).to_owned()
    }
}
