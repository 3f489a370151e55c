use object::elf::FileHeader64;
use object::pod::bytes_of;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, U16, U64};

/// The parts of an ELF file that are loaded to run it. Its sections, mostly for
/// debuggers, are left out; with them, a debug build is five times as large.
pub(super) fn loaded_part(program: &[u8]) -> Option<Vec<u8>> {
    let header = FileHeader64::<Endianness>::parse(program).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, program).ok()?;
    let end = |segment: &object::elf::ProgramHeader64<Endianness>| {
        segment.p_offset(endian).checked_add(segment.p_filesz(endian))
    };
    let end = segments.iter().filter_map(end).max()?;
    let mut part = program.get(..usize::try_from(end).ok()?)?.to_vec();
    let mut header = *header;
    header.e_shoff = U64::new(endian, 0);
    header.e_shnum = U16::new(endian, 0);
    header.e_shstrndx = U16::new(endian, object::elf::SymbolSection(0));
    let header = bytes_of(&header);
    part.get_mut(..header.len())?.copy_from_slice(header);
    Some(part)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;
    use crate::guest::programs::GuestPrograms;

    #[test]
    fn the_loaded_part_of_a_program_runs() {
        let program = GuestPrograms::default().find("cat").expect("cat");
        let this = std::fs::read("/proc/self/exe").expect("this program");
        let part = loaded_part(&this).expect("an ELF file");
        assert!(part.len() < this.len(), "{} of {}", part.len(), this.len());
        let part = loaded_part(&std::fs::read(program).expect("cat")).expect("an ELF file");
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("cat");
        std::fs::write(&path, part).expect("writable");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("writable");
        let said = Command::new(&path).arg("/proc/self/comm").output().expect("it runs");
        assert_eq!(String::from_utf8_lossy(&said.stdout), "cat\n");
    }
}
