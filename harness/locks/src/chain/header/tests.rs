use proptest::prelude::*;

use super::*;

/// Bytes in memory, with a record of what was read of them.
struct Image<'a> {
    bytes: &'a [u8],
    calls: usize,
    asked: usize,
    last: u64,
}

impl Image<'_> {
    fn new(bytes: &[u8]) -> Image<'_> {
        Image { bytes, calls: 0, asked: 0, last: 0 }
    }
}

impl Bytes for Image<'_> {
    fn read_at(&mut self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.calls += 1;
        self.asked += buffer.len();
        self.last = self.last.max(at + buffer.len() as u64);
        let rest = self.bytes.get(at as usize..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }
}

/// A header to be written, with every field that the reader looks at.
#[derive(Debug, Clone)]
struct Written {
    version: u32,
    cluster_bits: u32,
    features: u64,
    length: u32,
    extensions: Vec<(u32, Vec<u8>)>,
    /// An offset other than the one after the extensions.
    name_at: Option<u64>,
    name: Vec<u8>,
    name_length: Option<u32>,
}

fn plain() -> Written {
    Written {
        version: 3,
        cluster_bits: 16,
        features: 0,
        length: 104,
        extensions: Vec::new(),
        name_at: None,
        name: Vec::new(),
        name_length: None,
    }
}

impl Written {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.length.clamp(104, 4096) as usize];
        let mut extensions = Vec::new();
        for (kind, data) in &self.extensions {
            extensions.extend(kind.to_be_bytes());
            extensions.extend((data.len() as u32).to_be_bytes());
            extensions.extend(data);
            extensions.resize(extensions.len().next_multiple_of(8), 0);
        }
        extensions.extend([0; 8]);
        if self.version == 2 {
            bytes.truncate(72);
        }
        bytes.extend(extensions);
        let end = bytes.len() as u64;
        let name_at = self.name_at.unwrap_or(if self.name.is_empty() { 0 } else { end });
        let name_length = self.name_length.unwrap_or(self.name.len() as u32);
        bytes.extend(&self.name);
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, b"QFI\xfb");
        put(4, &self.version.to_be_bytes());
        put(8, &name_at.to_be_bytes());
        put(16, &name_length.to_be_bytes());
        put(20, &self.cluster_bits.to_be_bytes());
        if self.version > 2 {
            put(72, &self.features.to_be_bytes());
            put(100, &self.length.to_be_bytes());
        }
        bytes
    }
}

fn parsed(bytes: &[u8]) -> Result<Header, HeaderError> {
    read(&mut Image::new(bytes)).map_err(|error| match error {
        Unread::Malformed(error) => error,
        Unread::Io(error) => panic!("{error}"),
    })
}

#[rstest::rstest]
#[case(2)]
#[case(3)]
fn the_names_are_read(#[case] version: u32) {
    let written = Written {
        version,
        extensions: vec![(0x6803_f857, vec![7; 144]), (BACKING_FORMAT, b"raw".to_vec())],
        name: b"base.raw".to_vec(),
        ..plain()
    };
    let expected = Header {
        version,
        backing: Some(b"base.raw".to_vec()),
        backing_format: Some(b"raw".to_vec()),
        data_file: None,
    };
    assert_eq!(parsed(&written.bytes()), Ok(expected));
}

#[test]
fn a_data_file_counts_only_with_its_feature() {
    let extensions = vec![(DATA_FILE, b"data.raw".to_vec())];
    let without = Written { extensions: extensions.clone(), ..plain() };
    assert_eq!(parsed(&without.bytes()).expect("a header").data_file, None);
    let with = Written { extensions, features: HAS_DATA_FILE, ..plain() };
    assert_eq!(parsed(&with.bytes()).expect("a header").data_file, Some(b"data.raw".to_vec()));
    let unnamed = Written { features: HAS_DATA_FILE, ..plain() };
    assert_eq!(parsed(&unnamed.bytes()), Err(HeaderError::NoDataFile));
}

#[test]
fn a_name_ends_at_a_zero_byte_as_in_c() {
    let written = Written { name: b"base\0.raw".to_vec(), ..plain() };
    assert_eq!(parsed(&written.bytes()).expect("a header").backing, Some(b"base".to_vec()));
    let empty = Written { name: b"\0x".to_vec(), ..plain() };
    assert_eq!(parsed(&empty.bytes()).expect("a header").backing, None);
}

#[rstest::rstest]
#[case::version(Written { version: 9, ..plain() }, HeaderError::Version(9))]
#[case::small_clusters(Written { cluster_bits: 8, ..plain() }, HeaderError::ClusterSize(8))]
#[case::large_clusters(Written { cluster_bits: 22, ..plain() }, HeaderError::ClusterSize(22))]
#[case::shift(Written { cluster_bits: 64, ..plain() }, HeaderError::ClusterSize(64))]
#[case::short(Written { length: 96, ..plain() }, HeaderError::Length(96))]
#[case::long(Written { length: 1024, cluster_bits: 9, ..plain() }, HeaderError::Length(1024))]
#[case::feature(Written { features: 1 << 40, ..plain() }, HeaderError::Features(1 << 40))]
#[case::far(Written { name_at: Some(65_537), ..plain() }, HeaderError::BackingOffset(65_537))]
#[case::farther(Written { name_at: Some(u64::MAX), ..plain() }, HeaderError::BackingOffset(u64::MAX))]
#[case::long_name(
    Written { name: vec![b'x'; 1024], ..plain() },
    HeaderError::BackingName(1024)
)]
#[case::name_beyond_the_cluster(
    Written { name_at: Some(65_530), name_length: Some(100), ..plain() },
    HeaderError::BackingName(100)
)]
#[case::long_format(
    Written { extensions: vec![(BACKING_FORMAT, vec![b'x'; 16])], ..plain() },
    HeaderError::BackingFormat(16)
)]
#[case::long_extension(
    Written { extensions: vec![(1, vec![0; 600])], cluster_bits: 9, ..plain() },
    HeaderError::Extension(600)
)]
#[case::many_extensions(
    Written { extensions: vec![(1, vec![]); 65], ..plain() },
    HeaderError::Extensions
)]
#[case::long_data_file(
    Written {
        extensions: vec![(DATA_FILE, vec![b'x'; 4096])],
        features: HAS_DATA_FILE,
        ..plain()
    },
    HeaderError::DataFileName(4096)
)]
fn what_is_wrong_is_named(#[case] written: Written, #[case] error: HeaderError) {
    let mut bytes = written.bytes();
    bytes.resize(bytes.len().max(1 << 17), 0);
    assert_eq!(parsed(&bytes), Err(error));
}

#[test]
fn a_raw_file_is_no_qcow2() {
    assert_eq!(parsed(&[0; 512]), Err(HeaderError::NotQcow2));
    assert_eq!(parsed(b""), Err(HeaderError::Truncated(0)));
}

fn any_header() -> impl Strategy<Value = Written> {
    let kind = prop_oneof![Just(BACKING_FORMAT), Just(DATA_FILE), Just(0x6803_f857), any::<u32>()];
    let data = prop::collection::vec(any::<u8>(), 0..40);
    let extensions = prop::collection::vec((kind, data), 0..70);
    let length = prop_oneof![4 => Just(104u32), 1 => any::<u32>()];
    let name_at = prop::option::weighted(0.2, prop_oneof![0u64..70_000, any::<u64>()]);
    let name_length = prop::option::weighted(0.2, any::<u32>());
    let features = prop_oneof![3 => Just(0), 3 => Just(HAS_DATA_FILE), 1 => any::<u64>()];
    let name = prop::collection::vec(any::<u8>(), 0..1100);
    let numbers = (
        prop_oneof![8 => 2u32..4, 1 => any::<u32>()],
        prop_oneof![8 => 9u32..22, 1 => any::<u32>()],
    );
    (numbers, features, length, extensions, name_at, name, name_length).prop_map(
        |((version, cluster_bits), features, length, extensions, name_at, name, name_length)| {
            Written {
                version,
                cluster_bits,
                features,
                length,
                extensions,
                name_at,
                name,
                name_length,
            }
        },
    )
}

proptest! {
    /// Neither random bytes nor random fields make the reader panic, or read much.
    #[test]
    fn little_is_read_of_any_header(
        written in any_header(),
        cut in 0usize..8192,
        noise in prop::collection::vec((0usize..400, any::<u8>()), 0..8),
    ) {
        let mut bytes = written.bytes();
        for (at, byte) in noise {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        bytes.truncate(cut);
        let mut image = Image::new(&bytes);
        let _ = read(&mut image);
        prop_assert!(image.asked <= 8192, "{} bytes", image.asked);
        prop_assert!(image.calls <= 160, "{} calls", image.calls);
        prop_assert!(image.last <= (1 << 21) + 8192, "at {}", image.last);
    }

    /// A header that is cut off is never taken for another one.
    #[test]
    fn a_shorter_file_gives_the_same_names_or_none(written in any_header(), cut in 0usize..8192) {
        let whole = written.bytes();
        let part = &whole[..cut.min(whole.len())];
        match (parsed(&whole), parsed(part)) {
            (whole, Ok(part)) => prop_assert_eq!(whole, Ok(part)),
            (Err(whole), Err(part)) if whole == part => {}
            (_, Err(HeaderError::Truncated(at))) => prop_assert!(at >= part.len() as u64),
            (whole, part) => prop_assert!(false, "{:?} became {:?}", whole, part),
        }
    }
}
