use super::DeviceNumber;
use crate::lock_table::FileKey;

/// What holds the bytes of a mount, a swap area or a kernel target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Carrier {
    /// A block device.
    Device(DeviceNumber),
    /// A file, as stat(2) names it.
    File(FileKey),
}
