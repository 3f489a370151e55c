//! Hand-made modules for tests.

/// The names of the sections.
const NAMES: &[u8] = b"\0.modinfo\0.shstrtab\0";
/// The size of the header of a file, and of that of a section.
const HEADER: usize = 64;

/// An ELF file with these entries, separated by `|`, in its `.modinfo`. The features of
/// `object` that write files would double that crate's compile time.
pub(in crate::guest) fn made_up(info: &str) -> Vec<u8> {
    let text: Vec<u8> =
        info.split('|').flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect();
    let content_end = HEADER + text.len() + NAMES.len();
    let sections_at = content_end.next_multiple_of(8);
    // 64 bits, little-endian, version 1.
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(16, 0);
    // ET_REL for EM_X86_64, version 1.
    elf.extend([1_u16, 62, 1, 0].into_iter().flat_map(u16::to_le_bytes));
    // No entry, no program headers; where the section headers are.
    elf.extend([0, 0, sections_at as u64].into_iter().flat_map(u64::to_le_bytes));
    // No flags; the sizes and numbers of headers; the third section has the names.
    elf.extend(
        [0, 0, HEADER as u16, 0, 0, HEADER as u16, 3, 2].into_iter().flat_map(u16::to_le_bytes),
    );
    elf.extend(&text);
    elf.extend(NAMES);
    elf.resize(sections_at, 0);
    elf.extend([0; HEADER]);
    elf.extend(section(1, PROGBITS, HEADER, text.len()));
    elf.extend(section(10, STRTAB, HEADER + text.len(), NAMES.len()));
    elf
}

const PROGBITS: u32 = 1;
const STRTAB: u32 = 3;

/// The header of a section: its name is at `name` in the names.
fn section(name: u32, kind: u32, at: usize, size: usize) -> Vec<u8> {
    let mut header: Vec<u8> = [name, kind].into_iter().flat_map(u32::to_le_bytes).collect();
    header.extend([0, 0, at as u64, size as u64, 0, 1, 0].into_iter().flat_map(u64::to_le_bytes));
    header
}
