//! The header of qcow2 (docs/interop/qcow2.txt), read as `qcow2_do_open` does (block/qcow2.c), as far
//! as it names other files.

use std::io;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// Bytes that can be read anywhere.
pub(super) trait Bytes {
    /// `pread(2)`—reads up to the length of `buffer` and returns how much there was.
    fn read_at(&mut self, buffer: &mut [u8], at: u64) -> io::Result<usize>;
}

/// The names that a header contains, as bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Header {
    pub(super) version: u32,
    pub(super) backing: Option<Vec<u8>>,
    /// The format of the backing file, if the header states it.
    pub(super) backing_format: Option<Vec<u8>>,
    pub(super) data_file: Option<Vec<u8>>,
}

/// Why QEMU refuses a qcow2 header, or why it is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum HeaderError {
    /// The header states another format than the content has.
    #[error("the image is not in qcow2 format")]
    NotQcow2,
    /// The file is shorter than its header: there is no byte at this offset.
    #[error("the file ends within the header, before byte {0}")]
    Truncated(u64),
    /// A version other than 2 and 3.
    #[error("unsupported qcow2 version {0}")]
    Version(u32),
    /// A cluster size out of range, as the power of 2.
    #[error("unsupported cluster size: 2^{0}")]
    ClusterSize(u32),
    /// A length of the header in bytes that is too short or exceeds a cluster.
    #[error("the header cannot have {0} bytes")]
    Length(u32),
    /// The name of the backing file lies beyond the first cluster, at this offset.
    #[error("invalid backing file offset {0}")]
    BackingOffset(u64),
    /// The name of the backing file has so many bytes.
    #[error("the backing file name is too long: {0} bytes")]
    BackingName(u32),
    /// The name of the backing file's format has so many bytes.
    #[error("the backing format name is too long: {0} bytes")]
    BackingFormat(u32),
    /// The name of the data file has so many bytes, more than a path can have.
    #[error("the data file name is too long: {0} bytes")]
    DataFileName(u32),
    /// A header extension that is longer than the space for it, in bytes.
    #[error("a header extension is too large: {0} bytes")]
    Extension(u32),
    /// There are more header extensions than are read.
    #[error("the header has more than {MOST_EXTENSIONS} extensions")]
    Extensions,
    /// Unknown bits in `incompatible_features`.
    #[error("unsupported qcow2 features: {0:#x}")]
    Features(u64),
    /// There is an external data file, and the header does not name it.
    #[error("the header names no data file, which this image needs")]
    NoDataFile,
}

/// Why no header was read.
#[derive(Debug)]
pub(super) enum Unread {
    Malformed(HeaderError),
    Io(io::Error),
}

impl From<HeaderError> for Unread {
    fn from(error: HeaderError) -> Unread {
        Unread::Malformed(error)
    }
}

/// Types of header extensions.
const BACKING_FORMAT: u32 = 0xe279_2aca;
const DATA_FILE: u32 = 0x4441_5441;
/// `incompatible_features`: an external data file, and all the bits that QEMU knows.
const HAS_DATA_FILE: u64 = 1 << 2;
const KNOWN_FEATURES: u64 = 0b1_1111;
/// The lengths of the fixed part in versions 2 and 3.
const LENGTHS: [u32; 2] = [72, 104];
/// Longest names: `backing_file` and `backing_format` in QEMU, a path.
const MOST_BACKING_NAME: u32 = 1023;
const MOST_BACKING_FORMAT: u32 = 15;
const MOST_DATA_FILE_NAME: u32 = 4095;
/// QEMU reads any number. It knows six types, and each appears once.
const MOST_EXTENSIONS: usize = 64;

/// Reads a header: at most some 6 kilobytes, in at most 70 pieces.
pub(super) fn read(bytes: &mut dyn Bytes) -> Result<Header, Unread> {
    if piece(bytes, 0, 4)? != b"QFI\xfb" {
        return Err(HeaderError::NotQcow2.into());
    }
    let fixed = piece(bytes, 0, LENGTHS[0])?;
    let version = number(&fixed, 4);
    let cluster_bits = number(&fixed, 20);
    let (features, length) = match version {
        2 => (0, LENGTHS[0]),
        3 => {
            let more = piece(bytes, LENGTHS[0].into(), LENGTHS[1] - LENGTHS[0])?;
            (long(&more, 0), number(&more, 28))
        }
        other => return Err(HeaderError::Version(other).into()),
    };
    if !(9..=21).contains(&cluster_bits) {
        return Err(HeaderError::ClusterSize(cluster_bits).into());
    }
    let cluster = 1u64 << cluster_bits;
    if (version == 3 && length < LENGTHS[1]) || u64::from(length) > cluster {
        return Err(HeaderError::Length(length).into());
    }
    let (name_at, name_length) = (long(&fixed, 8), number(&fixed, 16));
    if name_at > cluster {
        return Err(HeaderError::BackingOffset(name_at).into());
    }
    if features & !KNOWN_FEATURES != 0 {
        return Err(HeaderError::Features(features & !KNOWN_FEATURES).into());
    }
    let end = if name_at == 0 { cluster } else { name_at };
    let Extensions { backing_format, data_file } = extensions(bytes, length.into(), end)?;
    let mut string = |at, length| piece(bytes, at, length).map(text);
    let mut header = Header { version, ..Header::default() };
    if let Some((at, length)) = backing_format {
        header.backing_format = string(at, length)?;
    }
    if features & HAS_DATA_FILE != 0 {
        let (at, length) = data_file.ok_or(HeaderError::NoDataFile)?;
        header.data_file = string(at, length)?;
    }
    if name_at != 0 {
        let most = u64::from(MOST_BACKING_NAME).min(cluster - name_at);
        if u64::from(name_length) > most {
            return Err(HeaderError::BackingName(name_length).into());
        }
        header.backing = string(name_at, name_length)?;
    }
    Ok(header)
}

/// The offsets and lengths of the strings in the extensions. The last one of a type counts.
#[derive(Debug, Default)]
struct Extensions {
    backing_format: Option<(u64, u32)>,
    data_file: Option<(u64, u32)>,
}

fn extensions(bytes: &mut dyn Bytes, mut at: u64, end: u64) -> Result<Extensions, Unread> {
    let mut found = Extensions::default();
    for _ in 0..MOST_EXTENSIONS {
        if at >= end {
            return Ok(found);
        }
        let start = piece(bytes, at, 8)?;
        let (kind, length) = (number(&start, 0), number(&start, 4));
        at += 8;
        if at > end || u64::from(length) > end - at {
            return Err(HeaderError::Extension(length).into());
        }
        match kind {
            0 => return Ok(found),
            BACKING_FORMAT if length > MOST_BACKING_FORMAT => {
                return Err(HeaderError::BackingFormat(length).into());
            }
            BACKING_FORMAT => found.backing_format = Some((at, length)),
            DATA_FILE if length > MOST_DATA_FILE_NAME => {
                return Err(HeaderError::DataFileName(length).into());
            }
            DATA_FILE => found.data_file = Some((at, length)),
            _ => {}
        }
        at += u64::from(length).next_multiple_of(8);
    }
    Err(HeaderError::Extensions.into())
}

/// All `length` bytes at an offset.
fn piece(bytes: &mut dyn Bytes, at: u64, length: u32) -> Result<Vec<u8>, Unread> {
    let mut piece = vec![0; length as usize];
    let mut read = 0;
    while read < piece.len() {
        match bytes.read_at(&mut piece[read..], at + read as u64) {
            Ok(0) => return Err(HeaderError::Truncated(at + read as u64).into()),
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Unread::Io(error)),
        }
    }
    Ok(piece)
}

/// A string of QEMU's ends at the first zero byte. An empty one is none.
fn text(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
        bytes.truncate(end);
    }
    Some(bytes).filter(|bytes| !bytes.is_empty())
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |four| u32::from_be_bytes(*four))
}

fn long(bytes: &[u8], at: usize) -> u64 {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |eight| u64::from_be_bytes(*eight))
}

#[cfg(test)]
mod tests;
