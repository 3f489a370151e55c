use object::{Object, ObjectSection};

/// The metadata of a module, from its section `.modinfo`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ModuleInfo {
    /// The modules that it requires (`depends=`).
    pub(super) depends: Vec<String>,
    /// The modules to load before it if they are available (`softdep=pre:`):
    /// names or aliases.
    pub(super) wishes: Vec<String>,
    /// Its other names (`alias=`).
    pub(super) aliases: Vec<String>,
}

impl ModuleInfo {
    /// Reads the metadata from the module, an ELF file.
    ///
    /// # Errors
    /// If the bytes are not an ELF file.
    pub(super) fn read(module: &[u8]) -> Result<ModuleInfo, String> {
        let file = object::File::parse(module).map_err(|error| error.to_string())?;
        let section = file.section_by_name(".modinfo").ok_or("it has no section .modinfo")?;
        Ok(ModuleInfo::of_section(section.data().map_err(|error| error.to_string())?))
    }

    /// `KEY=VALUE` entries, each followed by a NUL.
    pub(super) fn of_section(section: &[u8]) -> ModuleInfo {
        let mut info = ModuleInfo::default();
        for entry in section.split(|byte| *byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            match entry.split_once('=') {
                Some(("depends", names)) => info
                    .depends
                    .extend(names.split(',').filter(|name| !name.is_empty()).map(normal)),
                Some(("softdep", wishes)) => info.wishes.extend(before(wishes)),
                Some(("alias", alias)) => info.aliases.push(normal(alias)),
                _ => {}
            }
        }
        info
    }
}

/// The words between `pre:` and `post:`.
fn before(wishes: &str) -> Vec<String> {
    let mut is_before = false;
    let mut found = Vec::new();
    for word in wishes.split_whitespace() {
        match word {
            "pre:" => is_before = true,
            "post:" => is_before = false,
            word if is_before => found.push(normal(word)),
            _ => {}
        }
    }
    found
}

/// A name as the kernel compares it: `-` and `_` are equal.
pub(super) fn normal(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_says_what_it_needs() {
        let section =
            b"softdep=pre: sha256 crypto-crc32c post: other\0alias=fs-btrfs\0license=GPL\0\
                        depends=xor,raid6_pq,libcrc32c\0name=btrfs\0";
        let info = ModuleInfo::of_section(section);
        assert_eq!(info.depends, ["xor", "raid6_pq", "libcrc32c"]);
        assert_eq!(info.wishes, ["sha256", "crypto_crc32c"]);
        assert_eq!(info.aliases, ["fs_btrfs"]);
    }

    #[test]
    fn one_that_needs_nothing_says_so_too() {
        assert_eq!(ModuleInfo::of_section(b"depends=\0name=loop\0").depends, [""; 0]);
    }

    #[test]
    fn what_is_no_module_is_an_error() {
        assert!(ModuleInfo::read(b"text").is_err());
    }
}
