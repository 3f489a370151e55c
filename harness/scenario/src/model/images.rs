use std::collections::BTreeMap;

use imglock_core::{Access, Errno};

use super::table::ByteTable;

/// The maximum number of symbolic links that Linux follows (`MAXSYMLINKS`, include/linux/namei.h).
const MOST_LINKS: usize = 40;

/// One file: its length, its data and its locks.
#[derive(Debug, Clone, Default)]
pub(super) struct Image {
    pub(super) size: u64,
    /// Every byte that was written. All others are zero.
    data: BTreeMap<u64, u8>,
    pub(super) locks: ByteTable,
    /// The lower file, while an overlayfs shows its data.
    lower: Option<usize>,
    /// The lower file was written meanwhile, so the data of this file are undefined.
    pub(super) doubtful: bool,
}

impl Image {
    /// The data that a read returns, with zero bytes as dots. It stops at the end of the file.
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

/// The object behind a name in the directory of the scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Image(usize),
    /// A symbolic link. The number is the same for hard links of one symbolic link.
    Link(usize, String),
    /// A file on which another file is mounted.
    Mount(Mount),
}

/// The mount on a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mount {
    file: usize,
    read_only: bool,
    /// The name that the mount shows. `None` for a mount of a file without a name in the directory,
    /// which therefore cannot lose it.
    root: Option<usize>,
}

/// The directory of the scenario and its files, which can outlive their names.
#[derive(Debug, Clone, Default)]
pub(super) struct Images {
    names: BTreeMap<String, Entry>,
    files: Vec<Image>,
    links: usize,
    /// The current names of mounted files. `None` after a name was removed.
    roots: Vec<Option<String>>,
}

impl Images {
    /// The number of the file behind `name`, through symbolic links.
    pub(super) fn resolve(&self, name: &str) -> Result<usize, Errno> {
        match self.find(name)? {
            (_, Entry::Image(file) | Entry::Mount(Mount { file, .. })) => Ok(*file),
            (_, Entry::Link(..)) => Err(Errno::ELOOP),
        }
    }

    /// The number of the file that an open of `name` reaches.
    pub(super) fn reach(&self, name: &str, access: Access) -> Result<usize, Errno> {
        match self.find(name)? {
            (_, Entry::Mount(Mount { read_only: true, .. })) if access != Access::ReadOnly => {
                Err(Errno::EROFS)
            }
            _ => self.resolve(name),
        }
    }

    /// The entry at the end of the symbolic links from `name`.
    fn find<'a>(&'a self, name: &'a str) -> Result<(&'a str, &'a Entry), Errno> {
        let mut name = name;
        for _ in 0..=MOST_LINKS {
            match self.names.get(name).ok_or(Errno::ENOENT)? {
                Entry::Link(_, to) => name = to,
                entry => return Ok((name, entry)),
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

    /// The result of a verb that adds `name`.
    pub(super) fn may_add(&self, name: &str) -> Result<(), Errno> {
        if self.names.contains_key(name) { Err(Errno::EEXIST) } else { Ok(()) }
    }

    /// link(2) checks the old name first, and mounts last.
    pub(super) fn may_link(&self, name: &str, to: &str) -> Result<(), Errno> {
        let linked = self.names.get(to).ok_or(Errno::ENOENT)?;
        self.may_add(name)?;
        if let Entry::Mount(_) = linked { Err(Errno::EXDEV) } else { Ok(()) }
    }

    /// rename(2) fails for a name with a mount on it.
    pub(super) fn may_rename(&self, name: &str, to: &str) -> Result<(), Errno> {
        let renamed = self.names.get(name).ok_or(Errno::ENOENT)?;
        let mount = [Some(renamed), self.names.get(to)]
            .into_iter()
            .any(|entry| matches!(entry, Some(Entry::Mount(_))));
        if mount && name != to { Err(Errno::EBUSY) } else { Ok(()) }
    }

    /// unlink(2) fails for a name with a mount on it, too.
    pub(super) fn may_unlink(&self, name: &str) -> Result<(), Errno> {
        match self.names.get(name) {
            None => Err(Errno::ENOENT),
            Some(Entry::Mount(_)) => Err(Errno::EBUSY),
            Some(_) => Ok(()),
        }
    }

    /// A removed name cannot be mounted again, although a mount of it still shows the file.
    pub(super) fn may_bind(&self, name: &str, to: &str) -> Result<(), Errno> {
        let (_, bound) = self.find(to)?;
        self.may_add(name)?;
        match bound {
            Entry::Mount(Mount { root: Some(root), .. }) if self.roots[*root].is_none() => {
                Err(Errno::ENOENT)
            }
            _ => Ok(()),
        }
    }

    /// The lower file of an overlay first gets a hard link.
    pub(super) fn may_overlay(&self, name: &str, over: &str) -> Result<(), Errno> {
        let (_, under) = self.find(over)?;
        self.may_add(name)?;
        if let Entry::Mount(_) = under { Err(Errno::EXDEV) } else { Ok(()) }
    }

    pub(super) fn create(&mut self, name: &str, size: u64) {
        self.names.insert(name.to_owned(), Entry::Image(self.files.len()));
        self.files.push(Image { size, ..Image::default() });
    }

    /// A second name of the object `to` itself, even if it is a symbolic link.
    pub(super) fn hard_link(&mut self, name: &str, to: &str) {
        if let Some(entry) = self.names.get(to).cloned() {
            self.names.insert(name.to_owned(), entry);
        }
    }

    pub(super) fn symlink(&mut self, name: &str, to: &str) {
        self.links += 1;
        self.names.insert(name.to_owned(), Entry::Link(self.links, to.to_owned()));
    }

    /// rename(2) changes nothing if both names are already the same file.
    pub(super) fn rename(&mut self, name: &str, to: &str) {
        if self.names.get(name) == self.names.get(to) {
            return;
        }
        if let Some(entry) = self.names.remove(name) {
            self.names.insert(to.to_owned(), entry);
            self.forget_root(to);
            for root in self.roots.iter_mut().flatten().filter(|root| *root == name) {
                to.clone_into(root);
            }
        }
    }

    pub(super) fn unlink(&mut self, name: &str) {
        self.names.remove(name);
        self.forget_root(name);
    }

    fn forget_root(&mut self, name: &str) {
        for root in self.roots.iter_mut().filter(|root| root.as_deref() == Some(name)) {
            *root = None;
        }
    }

    /// A mount of the file to which `to` leads. A mount of a mount shows the same file.
    pub(super) fn bind(&mut self, name: &str, to: &str, read_only: bool) {
        let mount = match self.find(to) {
            Ok((at, Entry::Image(file))) => {
                let (at, file) = (at.to_owned(), *file);
                self.roots.push(Some(at));
                Mount { file, read_only, root: Some(self.roots.len() - 1) }
            }
            Ok((_, Entry::Mount(mount))) => {
                Mount { read_only: read_only || mount.read_only, ..*mount }
            }
            _ => return,
        };
        self.names.insert(name.to_owned(), Entry::Mount(mount));
    }

    /// A file with its own locks that shows the data of another file.
    pub(super) fn overlay(&mut self, name: &str, over: &str) {
        let Ok(lower) = self.resolve(over) else { return };
        let mount = Mount { file: self.files.len(), read_only: false, root: None };
        let Image { size, data, .. } = self.files[lower].clone();
        self.files.push(Image { size, data, lower: Some(lower), ..Image::default() });
        self.names.insert(name.to_owned(), Entry::Mount(mount));
    }

    /// The effect of an open for writing on a file that shows the data of another file.
    pub(super) fn copy_up(&mut self, file: usize) {
        if let Some(image) = self.files.get_mut(file) {
            image.lower = None;
        }
    }

    /// Notes that the data of `file` have changed. The overlays that show them become undefined.
    pub(super) fn changed(&mut self, file: usize) {
        for image in self.files.iter_mut().filter(|image| image.lower == Some(file)) {
            image.doubtful = true;
        }
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
