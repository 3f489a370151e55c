use std::path::PathBuf;

use super::block_devices::BlockDevices;
use super::gap::Gaps;
use super::root::{Root, Seen, unescaped};
use super::{Carrier, DeviceNumber};

/// A swap area that is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SwapArea {
    /// The path of its device or file.
    pub(super) path: PathBuf,
    pub(super) on: Carrier,
}

/// Reads /proc/swaps (`swap_show`, mm/swapfile.c). It names devices and files by their paths.
pub(super) fn swap_areas(root: &Root, block: &BlockDevices, gaps: &mut Gaps) -> Vec<SwapArea> {
    const SWAPS: &str = "/proc/swaps";
    let text = match root.bytes(SWAPS) {
        Ok(text) => text,
        // The kernel was built without swap.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(_) => {
            gaps.unreadable(SWAPS);
            return Vec::new();
        }
    };
    let lines = text.split(|byte| *byte == b'\n').skip(1);
    let paths = lines.filter_map(|line| line.split(u8::is_ascii_whitespace).next());
    let area = |path: &[u8]| {
        let path = unescaped(path);
        let device = |number: DeviceNumber| Carrier::Device(number);
        let on = match root.look(&path) {
            Ok(Seen { block: Some(number), .. }) => device(number),
            Ok(Seen { file, block: None }) => Carrier::File(file),
            Err(_) => device(block.number_of(root, &path)?),
        };
        Some(SwapArea { path, on })
    };
    paths.filter(|path| !path.is_empty()).filter_map(area).collect()
}
