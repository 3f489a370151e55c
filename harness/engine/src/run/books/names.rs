//! The names in the scenario's directory, and the files they refer to.

use std::collections::HashMap;

use imglock_core::Action;

/// The file that a name in the scenario's directory refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Image(usize),
    /// A symbolic link. The number distinguishes hard links of this link from
    /// other symbolic links.
    Link(usize, String),
    /// A mount point, with the index of the image mounted there.
    Mount(usize),
}

/// The most symbolic links that are followed in a row (`MAXSYMLINKS` in the
/// kernel's include/linux/namei.h is 40).
const MOST_LINKS: usize = 40;

/// The names in the scenario's directory.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    meanings: HashMap<String, Name>,
    images: usize,
    links: usize,
}

impl Names {
    /// The index of the image that a name refers to now.
    pub(super) fn image(&self, name: &str) -> Option<usize> {
        let mut name = name;
        for _ in 0..=MOST_LINKS {
            match self.meanings.get(name)? {
                Name::Image(image) | Name::Mount(image) => return Some(*image),
                Name::Link(_, target) => name = target,
            }
        }
        None
    }

    /// Whether symbolic links lead from a name to a mount point.
    pub(super) fn is_mount(&self, name: &str) -> bool {
        let mut name = name;
        for _ in 0..=MOST_LINKS {
            match self.meanings.get(name) {
                Some(Name::Link(_, target)) => name = target,
                other => return matches!(other, Some(Name::Mount(_))),
            }
        }
        false
    }

    pub(super) fn apply(&mut self, action: &Action) {
        match action {
            Action::Create { image, .. } => self.add_image(image.clone()),
            Action::HardLink { name, to } => {
                if let Some(target) = self.meanings.get(to).cloned() {
                    self.meanings.insert(name.clone(), target);
                }
            }
            Action::Symlink { name, to } => {
                self.links += 1;
                self.meanings.insert(name.clone(), Name::Link(self.links, to.clone()));
            }
            // rename(2) does nothing when both names refer to one file.
            Action::Rename { image, to } if self.meanings.get(image) == self.meanings.get(to) => {}
            Action::Rename { image, to } => {
                if let Some(renamed) = self.meanings.remove(image) {
                    self.meanings.insert(to.clone(), renamed);
                }
            }
            Action::Unlink { image } => {
                self.meanings.remove(image);
            }
            Action::Bind { name, to, .. } => {
                if let Some(image) = self.image(to) {
                    self.meanings.insert(name.clone(), Name::Mount(image));
                }
            }
            // The overlay's file has locks of its own, although it shows the
            // image's data.
            Action::Overlay { name, .. } => {
                self.meanings.insert(name.clone(), Name::Mount(self.images));
                self.images += 1;
            }
            _ => {}
        }
    }

    pub(super) fn add_image(&mut self, name: String) {
        self.meanings.insert(name, Name::Image(self.images));
        self.images += 1;
    }
}
