use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};

use super::ChainRole;

/// A file's name as a header writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ChainName {
    /// The name. Bytes that are not UTF-8 are replaced.
    pub written: String,
    /// How QEMU resolves it.
    pub kind: NameKind,
}

/// How QEMU resolves a name (`bdrv_get_full_backing_filename` and `path_has_protocol`, block.c).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Display, IntoStaticStr)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
pub enum NameKind {
    /// A path relative to the directory of the file whose header has the name, as that file's own
    /// path is written: a symbolic link to an overlay is not followed first.
    Relative,
    /// An absolute path.
    Absolute,
    /// A path relative to the working directory of QEMU: a data file, or a backing file after
    /// `file:`. It is resolved in the working directory of this process.
    WorkingDirectory,
    /// `json:{...}`: the options of a block node.
    Json,
    /// A protocol such as `nbd:` or `host_device:`.
    Protocol,
}

/// The name in a header, and the path that it stands for.
pub(super) fn resolve(
    written: &[u8],
    role: ChainRole,
    named_by: &Path,
) -> (ChainName, Option<PathBuf>) {
    let (kind, path) = match role {
        // QEMU passes it to its file driver as it is: a colon means nothing (CVE-2024-4467).
        ChainRole::DataFile => file(written),
        _ => match protocol(written) {
            None if written.starts_with(b"/") => (NameKind::Absolute, Some(path(written))),
            None => {
                let directory = named_by.parent().unwrap_or(Path::new(""));
                (NameKind::Relative, Some(directory.join(path(written))))
            }
            Some(b"file") => file(&written[b"file:".len()..]),
            Some(b"json") => (NameKind::Json, None),
            Some(_) => (NameKind::Protocol, None),
        },
    };
    (ChainName { written: String::from_utf8_lossy(written).into_owned(), kind }, path)
}

/// A path for QEMU's file driver.
fn file(written: &[u8]) -> (NameKind, Option<PathBuf>) {
    let kind = match written.starts_with(b"/") {
        true => NameKind::Absolute,
        false => NameKind::WorkingDirectory,
    };
    (kind, Some(path(written)))
}

/// The word before the first colon, if no slash comes earlier.
fn protocol(written: &[u8]) -> Option<&[u8]> {
    let end = written.iter().position(|byte| matches!(byte, b':' | b'/'))?;
    (written[end] == b':').then(|| &written[..end])
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use NameKind::{Absolute, Json, Protocol, Relative, WorkingDirectory};

    /// Each was tried with qemu-io 7.2 and 10.0.
    #[rstest::rstest]
    #[case("base.raw", Relative, Some("sub/base.raw"))]
    #[case("../base.raw", Relative, Some("sub/../base.raw"))]
    #[case("./a:b.raw", Relative, Some("sub/./a:b.raw"))]
    #[case("/images/base.raw", Absolute, Some("/images/base.raw"))]
    #[case("file:base.raw", WorkingDirectory, Some("base.raw"))]
    #[case("file:/images/base.raw", Absolute, Some("/images/base.raw"))]
    #[case("json:{\"driver\":\"raw\"}", Json, None)]
    #[case("nbd://host/export", Protocol, None)]
    #[case("nbd:unix:/socket", Protocol, None)]
    #[case("a:b.raw", Protocol, None)]
    #[case("host_device:/dev/sda", Protocol, None)]
    fn a_backing_file_is_resolved_as_qemu_does(
        #[case] written: &str,
        #[case] kind: NameKind,
        #[case] expected: Option<&str>,
    ) {
        let named_by = Path::new("sub/top.qcow2");
        let (name, path) = resolve(written.as_bytes(), ChainRole::Backing, named_by);
        assert_eq!(name, ChainName { written: written.to_owned(), kind });
        assert_eq!(path.as_deref(), expected.map(Path::new));
    }

    #[rstest::rstest]
    #[case("data.raw", WorkingDirectory)]
    #[case("/images/data.raw", Absolute)]
    #[case("a:b.raw", WorkingDirectory)]
    #[case("json:{}", WorkingDirectory)]
    fn a_data_file_is_in_the_working_directory(#[case] written: &str, #[case] kind: NameKind) {
        let named_by = Path::new("sub/top.qcow2");
        let (name, path) = resolve(written.as_bytes(), ChainRole::DataFile, named_by);
        assert_eq!((name.kind, path.as_deref()), (kind, Some(Path::new(written))));
    }

    #[test]
    fn an_overlay_in_the_working_directory_has_no_directory_in_its_path() {
        let (_, path) = resolve(b"base.raw", ChainRole::Backing, Path::new("top.qcow2"));
        assert_eq!(path.as_deref(), Some(Path::new("base.raw")));
    }
}
