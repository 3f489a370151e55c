#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};

use super::{Danger, ServedClients, SurveyedImage};
use crate::ask::Inquiry;

/// Whether an image is used, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
pub enum ImageState {
    /// A known or an unknown owner has a lock on it.
    Locked,
    /// It has no lock, and a process, a device or a mount can write to its bytes.
    InUse,
    /// It has no lock: no table shows one, and the kernel was asked about the whole file.
    Free,
    /// No lock is visible, and the kernel gave no answer.
    Unknown,
}

impl ImageState {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl SurveyedImage {
    /// Whether the image is used.
    pub fn state(&self) -> ImageState {
        let used =
            |danger: &Danger| matches!(danger, Danger::WriterUnlocked | Danger::UserWithoutLock);
        if self.is_held() {
            ImageState::Locked
        } else if self.dangers().iter().any(used) {
            ImageState::InUse
        } else if self.asked.as_ref().is_ok_and(Inquiry::is_free) {
            ImageState::Free
        } else {
            ImageState::Unknown
        }
    }

    /// Returns whether the image is locked, by a known or an unknown owner.
    pub fn is_held(&self) -> bool {
        let served = self.served.iter().any(ServedClients::is_held);
        !self.holders.is_empty() || !self.unexplained.is_empty() || self.hidden.is_some() || served
    }

    /// Returns whether no lock is on the image, and nothing is known to write to it.
    pub fn is_free(&self) -> bool {
        self.state() == ImageState::Free
    }
}
