/// A kernel in the format of boot loaders: a bzImage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelImage {
    pub(crate) bytes: Vec<u8>,
    release: String,
}

/// The reasons why a file cannot be booted as a kernel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoKernel {
    /// The file has another type.
    #[error(
        "it is {0}; name a bzImage (arch/x86/boot/bzImage, /boot/vmlinuz-...) or a linux-image .deb"
    )]
    Is(&'static str),
    /// The kernel cannot run this program.
    #[error("it is a 32-bit kernel, which cannot run this imglock")]
    Small,
    /// The header is inconsistent.
    #[error("it starts like a bzImage, but {0}")]
    Broken(&'static str),
}

/// Offsets in a bzImage (Documentation/arch/x86/boot.rst of Linux).
const SETUP_SECTORS: usize = 0x1f1;
const BOOT_FLAG: usize = 0x1fe;
const MAGIC: usize = 0x202;
const VERSION_OF_PROTOCOL: usize = 0x206;
const KERNEL_VERSION: usize = 0x20e;
const XLOADFLAGS: usize = 0x236;
const SECTOR: usize = 0x200;
/// The boot protocol that introduced `xloadflags`.
const WITH_XLOADFLAGS: u16 = 0x20c;
/// `XLF_KERNEL_64`: the kernel has a 64-bit entry point.
const KERNEL_64: u16 = 1;

impl KernelImage {
    /// Parses the header.
    ///
    /// # Errors
    /// If the file has another type, which the error names.
    pub fn read(bytes: Vec<u8>) -> Result<KernelImage, NoKernel> {
        if bytes.get(MAGIC..MAGIC + 4) != Some(b"HdrS") {
            return Err(NoKernel::Is(looks_like(&bytes)));
        }
        if bytes[BOOT_FLAG..].get(..2) != Some(&[0x55, 0xaa]) {
            return Err(NoKernel::Broken("the boot flag 55 aa is missing"));
        }
        let word = |at: usize| match bytes.get(at..at + 2) {
            Some(&[low, high]) => u16::from_le_bytes([low, high]),
            _ => 0,
        };
        if word(VERSION_OF_PROTOCOL) >= WITH_XLOADFLAGS && word(XLOADFLAGS) & KERNEL_64 == 0 {
            return Err(NoKernel::Small);
        }
        // The setup part comes before the protected-mode kernel.
        let setup = (usize::from(bytes[SETUP_SECTORS]) + 1) * SECTOR;
        let version = match usize::from(word(KERNEL_VERSION)) {
            0 => None,
            offset => bytes.get(offset + SECTOR..setup.min(bytes.len())),
        };
        let version = version.ok_or(NoKernel::Broken("its header has no version"))?;
        let release = version.split(|byte| matches!(byte, 0 | b' ')).next().unwrap_or_default();
        match std::str::from_utf8(release) {
            Ok(release) if !release.is_empty() && release.chars().all(|c| c.is_ascii_graphic()) => {
                Ok(KernelImage { release: release.to_owned(), bytes })
            }
            _ => Err(NoKernel::Broken("its version cannot be parsed")),
        }
    }

    /// The output of `uname -r` under this kernel, such as
    /// `6.1.0-56-cloud-amd64`.
    pub fn release(&self) -> &str {
        &self.release
    }
}

/// The type of bytes that are not a bzImage.
fn looks_like(bytes: &[u8]) -> &'static str {
    const BEGINNINGS: &[(usize, &[u8], &str)] = &[
        (0, b"\x7fELF", "an ELF file, such as the vmlinux that bzImage is made from"),
        (0, b"!<arch>\n", "an ar archive that is not a .deb"),
        (0, b"\xed\xab\xee\xdb", "an rpm package (unpack it with rpm2cpio, and name its vmlinuz)"),
        (0, b"\x1f\x8b", "a gzip file (unpack it first)"),
        (0, b"\xfd7zXZ\0", "an xz file (unpack it first)"),
        (0, b"\x28\xb5\x2f\xfd", "a zstd file (unpack it first)"),
        (0, b"QFI\xfb", "a qcow2 image"),
        (0, b"070701", "a cpio archive, such as an initramfs"),
        (56, b"ARM\x64", "a kernel for arm64"),
        (0, b"MZ", "a PE program without a Linux kernel in it"),
        (257, b"ustar", "a tar archive"),
    ];
    let found = BEGINNINGS
        .iter()
        .find(|(at, magic, _)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    match found {
        Some((_, _, name)) => name,
        None if bytes.is_empty() => "an empty file",
        None if bytes.len() < SECTOR => "too short for a kernel",
        None if bytes.iter().take(SECTOR).all(u8::is_ascii) && bytes[0] != 0 => "a text file",
        None => "not a kernel image",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A bzImage with only a header, for a kernel with this version.
    pub(in crate::guest) fn made_up(version: &str) -> Vec<u8> {
        let mut bytes = vec![0; 3 * SECTOR];
        bytes[SETUP_SECTORS] = 1;
        bytes[BOOT_FLAG..BOOT_FLAG + 2].copy_from_slice(&[0x55, 0xaa]);
        bytes[MAGIC..MAGIC + 4].copy_from_slice(b"HdrS");
        bytes[VERSION_OF_PROTOCOL..VERSION_OF_PROTOCOL + 2].copy_from_slice(&[0x0f, 0x02]);
        bytes[XLOADFLAGS] = 1;
        bytes[KERNEL_VERSION..KERNEL_VERSION + 2].copy_from_slice(&[0x80, 0x00]);
        let at = SECTOR + 0x80;
        bytes[at..at + version.len()].copy_from_slice(version.as_bytes());
        bytes
    }

    #[test]
    fn a_kernel_says_its_release() {
        let image = KernelImage::read(made_up("6.1.0-56-cloud-amd64 (builder@host) #1 SMP"));
        assert_eq!(image.expect("a kernel").release(), "6.1.0-56-cloud-amd64");
    }

    #[rstest::rstest]
    #[case(b"\x7fELF\x02\x01".to_vec(), "ELF")]
    #[case(b"QFI\xfb".to_vec(), "qcow2")]
    #[case(b"070701000000".to_vec(), "cpio")]
    #[case(Vec::new(), "empty")]
    #[case(b"hello".to_vec(), "too short")]
    #[case(vec![b'a'; 4000], "text")]
    #[case(vec![0xff; 4000], "not a kernel")]
    fn what_is_none_is_named(#[case] bytes: Vec<u8>, #[case] named: &str) {
        let error = KernelImage::read(bytes).expect_err("no kernel").to_string();
        assert!(error.contains(named), "{error}");
    }

    #[rstest::rstest]
    #[case::of_32_bits(XLOADFLAGS, 0, "32-bit")]
    #[case::no_boot_flag(BOOT_FLAG, 0, "boot flag")]
    #[case::no_version(KERNEL_VERSION, 0, "no version")]
    #[case::version_outside(KERNEL_VERSION + 1, 0xff, "no version")]
    #[case::version_of_nothing(SECTOR + 0x80, 0, "cannot be parsed")]
    fn a_header_that_does_not_hold_together_is_refused(
        #[case] at: usize,
        #[case] byte: u8,
        #[case] named: &str,
    ) {
        let mut bytes = made_up("6.1.0 #1");
        bytes[at] = byte;
        let error = KernelImage::read(bytes).expect_err("no kernel").to_string();
        assert!(error.contains(named), "{error}");
    }
}
