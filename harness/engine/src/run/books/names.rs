//! What the names in the scenario's directory stand for.

use std::collections::HashMap;

use imglock_core::Action;

/// What a name in the scenario's directory stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Image(usize),
    /// A symbolic link; the number tells hard links of it from other links.
    Link(usize, String),
    /// An image that is mounted there.
    Mount(usize),
}

/// How many symbolic links are followed in a row (`MAXSYMLINKS` is 40).
const MOST_LINKS: usize = 40;

/// The names in the scenario's directory.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    meanings: HashMap<String, Name>,
    images: usize,
    links: usize,
}

impl Names {
    /// The index of the image that a name means now.
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

    /// Whether symbolic links lead from a name to something that is mounted.
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
            // Between two names of one file rename(2) does nothing.
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
            // Its locks are its own, whatever data it shows.
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
