//! What the names in the scenario's directory stand for.

use super::books::Books;
use imglock_core::Action;

/// What a name in the scenario's directory stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    Image(usize),
    /// A symbolic link; the number tells hard links of it from other links.
    Link(usize, String),
    /// An image that is mounted there.
    Mount(usize),
}

/// How many symbolic links are followed in a row (`MAXSYMLINKS` is 40).
const MOST_LINKS: usize = 40;

impl Books {
    /// The index of the image that a name means now.
    pub fn image(&self, name: &str) -> Option<usize> {
        let mut name = name;
        for _ in 0..=MOST_LINKS {
            match self.names.get(name)? {
                Name::Image(image) | Name::Mount(image) => return Some(*image),
                Name::Link(_, target) => name = target,
            }
        }
        None
    }

    /// Whether symbolic links lead from a name to something that is mounted.
    pub fn is_mount(&self, name: &str) -> bool {
        let mut name = name;
        for _ in 0..=MOST_LINKS {
            match self.names.get(name) {
                Some(Name::Link(_, target)) => name = target,
                other => return matches!(other, Some(Name::Mount(_))),
            }
        }
        false
    }

    pub(super) fn apply_names(&mut self, action: &Action) {
        match action {
            Action::Create { image, .. } => self.add_image(image.clone()),
            Action::HardLink { name, to } => {
                if let Some(target) = self.names.get(to).cloned() {
                    self.names.insert(name.clone(), target);
                }
            }
            Action::Symlink { name, to } => {
                self.links += 1;
                self.names.insert(name.clone(), Name::Link(self.links, to.clone()));
            }
            // Between two names of one file rename(2) does nothing.
            Action::Rename { image, to } if self.names.get(image) == self.names.get(to) => {}
            Action::Rename { image, to } => {
                if let Some(renamed) = self.names.remove(image) {
                    self.names.insert(to.clone(), renamed);
                }
            }
            Action::Unlink { image } => {
                self.names.remove(image);
            }
            Action::Bind { name, to, .. } => {
                if let Some(image) = self.image(to) {
                    self.names.insert(name.clone(), Name::Mount(image));
                }
            }
            // Its locks are its own, whatever data it shows.
            Action::Overlay { name, .. } => {
                self.names.insert(name.clone(), Name::Mount(self.images));
                self.images += 1;
            }
            _ => {}
        }
    }

    pub(super) fn add_image(&mut self, name: String) {
        self.names.insert(name, Name::Image(self.images));
        self.images += 1;
    }
}
