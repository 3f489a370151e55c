use std::io::Read;
use std::path::Path;

use liblzma::read::XzDecoder;
use ruzstd::decoding::StreamingDecoder;

/// The compression of a file, by its file name extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// No compression.
    Plain,
    /// `.xz`
    Xz,
    /// `.zst`
    Zstd,
    /// `.gz`
    Gzip,
}

impl Packing {
    /// The compression of a file with this name, and the name without the
    /// extension.
    pub(super) fn of(name: &str) -> (Packing, &str) {
        let endings = [(".xz", Packing::Xz), (".zst", Packing::Zstd), (".gz", Packing::Gzip)];
        let found = endings
            .into_iter()
            .find_map(|(end, packing)| name.strip_suffix(end).map(|rest| (packing, rest)));
        found.unwrap_or((Packing::Plain, name))
    }

    /// A reader of the uncompressed content.
    ///
    /// # Errors
    /// If the start of the file cannot be decompressed.
    pub(super) fn reader<'a>(self, packed: impl Read + 'a) -> std::io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Packing::Plain => Box::new(packed),
            Packing::Xz => Box::new(XzDecoder::new_multi_decoder(packed)),
            Packing::Zstd => {
                Box::new(StreamingDecoder::new(packed).map_err(std::io::Error::other)?)
            }
            Packing::Gzip => Box::new(flate2::read::MultiGzDecoder::new(packed)),
        })
    }
}

/// The whole content of a file called `name`, uncompressed.
///
/// # Errors
/// If the file does not have the compression that its name indicates.
pub(super) fn unpacked(name: &Path, packed: &[u8]) -> std::io::Result<Vec<u8>> {
    let (packing, _) = Packing::of(name.to_str().unwrap_or_default());
    let mut bytes = Vec::new();
    packing.reader(packed)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const TEXT: &[u8] = b"what is inside, what is inside, what is inside";

    fn xz() -> Vec<u8> {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
        encoder.write_all(TEXT).expect("memory");
        encoder.finish().expect("memory")
    }

    fn gzip() -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(TEXT).expect("memory");
        encoder.finish().expect("memory")
    }

    fn zstd() -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(TEXT, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[rstest::rstest]
    #[case("a.ko", TEXT.to_vec())]
    #[case("a.ko.xz", xz())]
    #[case("a.ko.gz", gzip())]
    #[case("a.ko.zst", zstd())]
    fn a_file_is_unpacked_as_its_name_says(#[case] name: &str, #[case] packed: Vec<u8>) {
        assert_eq!(unpacked(Path::new(name), &packed).expect("packed so"), TEXT);
    }

    #[rstest::rstest]
    #[case("a.ko.xz")]
    #[case("a.ko.gz")]
    #[case("a.ko.zst")]
    fn what_is_not_packed_so_is_an_error(#[case] name: &str) {
        assert!(unpacked(Path::new(name), TEXT).is_err());
    }
}
