use std::collections::BTreeMap;

use nix::errno::Errno;

use super::table::ByteTable;

/// Linux gives up on a chain of symbolic links after so many (`MAXSYMLINKS`).
const MOST_LINKS: usize = 40;

/// One file: its length, its data and its locks.
#[derive(Debug, Clone, Default)]
pub(super) struct Image {
    pub(super) size: u64,
    /// Every byte ever written; all others are zero.
    data: BTreeMap<u64, u8>,
    pub(super) locks: ByteTable,
}

impl Image {
    /// What a read gives: zero bytes as dots, short at the end of the file.
    pub(super) fn read(&self, at: u64, len: u64) -> String {
        let end = at.saturating_add(len).min(self.size);
        let bytes: Vec<u8> = (at..end)
            .map(|place| self.data.get(&place).copied().filter(|byte| *byte != 0).unwrap_or(b'.'))
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub(super) fn write(&mut self, at: u64, data: &str) {
        for (place, byte) in (at..).zip(data.bytes()) {
            self.data.insert(place, byte);
            self.size = self.size.max(place.saturating_add(1));
        }
    }
}

/// What a name of the scenario's directory stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Image(usize),
    /// A symbolic link; the number tells hard links of it from other links.
    Link(usize, String),
}

/// The scenario's directory and its files, which outlive their names.
#[derive(Debug, Clone, Default)]
pub(super) struct Images {
    names: BTreeMap<String, Entry>,
    files: Vec<Image>,
    links: usize,
}

impl Images {
    /// The number of the file behind `name`, through symbolic links.
    pub(super) fn resolve(&self, name: &str) -> Result<usize, Errno> {
        let mut name = name;
        for _ in 0..=MOST_LINKS {
            match self.names.get(name).ok_or(Errno::ENOENT)? {
                Entry::Image(file) => return Ok(*file),
                Entry::Link(_, to) => name = to,
            }
        }
        Err(Errno::ELOOP)
    }

    pub(super) fn get(&self, file: usize) -> Option<&Image> {
        self.files.get(file)
    }

    pub(super) fn get_mut(&mut self, file: usize) -> Option<&mut Image> {
        self.files.get_mut(file)
    }

    pub(super) fn each(&self) -> impl Iterator<Item = (usize, &Image)> {
        self.files.iter().enumerate()
    }

    /// What one of the verbs that bring a new `name` gives.
    pub(super) fn may_add(&self, name: &str) -> Result<(), Errno> {
        if self.names.contains_key(name) { Err(Errno::EEXIST) } else { Ok(()) }
    }

    /// link(2) looks for the old name first.
    pub(super) fn may_link(&self, name: &str, to: &str) -> Result<(), Errno> {
        self.may_find(to)?;
        self.may_add(name)
    }

    /// What one of the verbs that need a `name` gives.
    pub(super) fn may_find(&self, name: &str) -> Result<(), Errno> {
        if self.names.contains_key(name) { Ok(()) } else { Err(Errno::ENOENT) }
    }

    pub(super) fn create(&mut self, name: &str, size: u64) {
        self.names.insert(name.to_owned(), Entry::Image(self.files.len()));
        self.files.push(Image { size, ..Image::default() });
    }

    /// A second name of what `to` itself is, be it a symbolic link.
    pub(super) fn hard_link(&mut self, name: &str, to: &str) {
        if let Some(entry) = self.names.get(to).cloned() {
            self.names.insert(name.to_owned(), entry);
        }
    }

    pub(super) fn symlink(&mut self, name: &str, to: &str) {
        self.links += 1;
        self.names.insert(name.to_owned(), Entry::Link(self.links, to.to_owned()));
    }

    /// rename(2) leaves both names alone when they already are the same file.
    pub(super) fn rename(&mut self, name: &str, to: &str) {
        if self.names.get(name) == self.names.get(to) {
            return;
        }
        if let Some(entry) = self.names.remove(name) {
            self.names.insert(to.to_owned(), entry);
        }
    }

    pub(super) fn unlink(&mut self, name: &str) {
        self.names.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Images {
        let mut images = Images::default();
        images.create("disk.img", 10);
        images.create("base.img", 10);
        images
    }

    #[test]
    fn every_name_of_a_file_leads_to_it() {
        let mut images = directory();
        images.hard_link("hard.img", "disk.img");
        images.symlink("soft.img", "hard.img");
        images.hard_link("softer.img", "soft.img");
        images.rename("disk.img", "old.img");
        for name in ["hard.img", "soft.img", "softer.img", "old.img"] {
            assert_eq!(images.resolve(name), Ok(0), "{name}");
        }
        assert_eq!(images.resolve("disk.img"), Err(Errno::ENOENT));
        images.unlink("hard.img");
        assert_eq!(images.resolve("soft.img"), Err(Errno::ENOENT), "the link dangles");
    }

    #[test]
    fn links_in_a_circle_are_given_up() {
        let mut images = directory();
        images.symlink("a", "b");
        images.symlink("b", "a");
        assert_eq!(images.resolve("a"), Err(Errno::ELOOP));
    }

    #[test]
    fn renaming_replaces_but_not_a_name_of_the_same_file() {
        let mut images = directory();
        images.hard_link("hard.img", "disk.img");
        images.rename("hard.img", "disk.img");
        assert_eq!(images.resolve("hard.img"), Ok(0));
        images.rename("base.img", "disk.img");
        assert_eq!(images.resolve("disk.img"), Ok(1));
        assert_eq!(images.resolve("base.img"), Err(Errno::ENOENT));
    }

    #[test]
    fn data_reads_back_and_the_rest_is_dots() {
        let mut image = Image { size: 10, ..Image::default() };
        image.write(8, "hello");
        assert_eq!(image.size, 13);
        assert_eq!(image.read(6, 100), "..hello");
        assert_eq!(image.read(13, 1), "");
        image.write(90, "");
        assert_eq!(image.size, 13, "writing nothing extends nothing");
    }
}
