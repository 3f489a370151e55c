//! Hand-made modules for tests.

use object::write::{Object, StandardSegment};
use object::{Architecture, BinaryFormat, Endianness, SectionKind};

/// An ELF file with these entries, separated by `|`, in its `.modinfo`.
pub(in crate::vm) fn made_up(info: &str) -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let segment = object.segment_name(StandardSegment::Data).to_vec();
    let section = object.add_section(segment, b".modinfo".to_vec(), SectionKind::ReadOnlyData);
    let text: Vec<u8> =
        info.split('|').flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect();
    object.append_section_data(section, &text, 1);
    object.write().expect("memory")
}
