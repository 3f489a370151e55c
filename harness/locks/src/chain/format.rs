use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// The format of an image file, by the name of QEMU's driver.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum ImageFormat {
    /// No format: the data of the disk, byte for byte.
    Raw,
    /// qcow2, whose headers are read.
    Qcow2 {
        /// 2 or 3 in a well-formed header; `None` if the header was not read.
        version: Option<u32>,
    },
    /// Any other: `vmdk`, `vhdx`, `luks`.
    Other(String),
}

/// The bytes at the start of a file in which [`ImageFormat::probe`] looks.
pub(super) const PROBED: usize = 512;

/// The bytes that QEMU's drivers look for (`bdrv_probe` of each driver, block/*.c), their offset,
/// and the format.
const MAGIC: &[(usize, &[u8], &str)] = &[
    (0, b"QED\0", "qed"),
    (0, b"KDMV", "vmdk"),
    (0, b"COWD", "vmdk"),
    (0, b"# Disk DescriptorFile", "vmdk"),
    (0, b"vhdxfile", "vhdx"),
    (0, b"conectix", "vpc"),
    (64, b"\x7f\x10\xda\xbe", "vdi"),
    (0, b"LUKS\xba\xbe", "luks"),
    (0, b"WithoutFreeSpace", "parallels"),
    (0, b"WithouFreSpacExt", "parallels"),
];

/// qcow and qcow2 share it; the version in the next four bytes tells them apart.
const QCOW: &[u8] = b"QFI\xfb";

impl ImageFormat {
    /// The format that QEMU guesses from the first bytes of a file.
    pub(super) fn probe(start: &[u8]) -> ImageFormat {
        if let Some(version) = start.strip_prefix(QCOW).and_then(|rest| rest.first_chunk()) {
            return match u32::from_be_bytes(*version) {
                1 => ImageFormat::Other("qcow".to_owned()),
                version => ImageFormat::Qcow2 { version: Some(version) },
            };
        }
        let has = |at: usize, bytes: &[u8]| start.get(at..).is_some_and(|it| it.starts_with(bytes));
        let found = MAGIC.iter().find(|(at, bytes, _)| has(*at, bytes));
        found.map_or(ImageFormat::Raw, |(_, _, name)| ImageFormat::Other((*name).to_owned()))
    }

    /// The format that a header states for its backing file.
    pub(super) fn stated(name: &str) -> ImageFormat {
        match name {
            "raw" => ImageFormat::Raw,
            "qcow2" => ImageFormat::Qcow2 { version: None },
            other => ImageFormat::Other(other.to_owned()),
        }
    }

    /// Whether an image of this format can name a backing file, or QEMU's driver is not known here.
    pub fn can_have_backing(&self) -> bool {
        match self {
            ImageFormat::Raw => false,
            ImageFormat::Qcow2 { .. } => true,
            ImageFormat::Other(name) => {
                !["vhdx", "vpc", "vdi", "luks", "parallels"].contains(&name.as_str())
            }
        }
    }

    /// The name of QEMU's driver: `raw`, `qcow2`, `vmdk`.
    pub fn name(&self) -> &str {
        match self {
            ImageFormat::Raw => "raw",
            ImageFormat::Qcow2 { .. } => "qcow2",
            ImageFormat::Other(name) => name,
        }
    }
}

impl fmt::Display for ImageFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::empty(b"", ImageFormat::Raw)]
    #[case::zeros(&[0; 600], ImageFormat::Raw)]
    #[case::cut_off(b"QFI\xfb\0\0\0", ImageFormat::Raw)]
    #[case::qcow(b"QFI\xfb\0\0\0\x01", ImageFormat::Other("qcow".into()))]
    #[case::qcow2(b"QFI\xfb\0\0\0\x03", ImageFormat::Qcow2 { version: Some(3) })]
    #[case::of_the_future(b"QFI\xfb\0\0\0\x09", ImageFormat::Qcow2 { version: Some(9) })]
    #[case::vmdk(b"KDMV\x01\0\0\0", ImageFormat::Other("vmdk".into()))]
    #[case::luks(b"LUKS\xba\xbe\0\x01", ImageFormat::Other("luks".into()))]
    fn the_first_bytes_tell_the_format(#[case] start: &[u8], #[case] format: ImageFormat) {
        assert_eq!(ImageFormat::probe(start), format);
    }

    #[test]
    fn vdi_has_its_mark_further_on() {
        let mut start = [0; PROBED];
        start[64..68].copy_from_slice(b"\x7f\x10\xda\xbe");
        assert_eq!(ImageFormat::probe(&start).name(), "vdi");
    }
}
