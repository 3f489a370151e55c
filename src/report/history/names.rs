use imglock_core::{Claim, Mode};
use imglock_scenario::{History, HistoryImage, HistoryOpener};
use unicode_width::UnicodeWidthStr;

use crate::phrase::printable;

/// The widest name, in columns.
const WIDEST: usize = 28;

/// The names of a history's openers, images and claims.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// By index.
    openers: &'a [HistoryOpener],
    /// By index; empty for one image without a name.
    images: &'a [HistoryImage],
    /// The preferred modes where several have the same claim.
    modes: &'a [Mode],
}

impl<'a> Names<'a> {
    /// The names that `history` gives.
    pub fn of(history: &'a History) -> Names<'a> {
        let History { openers, images, modes, .. } = history;
        Names { openers, images, modes }
    }

    /// Numbers for names: `opener 1` is the opener with index 0.
    pub fn numbers() -> Names<'a> {
        Names { openers: &[], images: &[], modes: &[] }
    }

    /// The opener with this index.
    pub fn opener(&self, index: usize) -> String {
        let name = self.openers.get(index).map(|opener| shortened(&opener.name));
        name.unwrap_or_else(|| format!("opener {}", index + 1))
    }

    /// The process of the opener with this index: `process vm1`, or `one process`.
    pub fn process(&self, index: usize) -> String {
        let name = self.openers.get(index).map(|opener| shortened(&opener.process));
        name.map_or_else(|| "one process".to_owned(), |name| format!("process {name}"))
    }

    /// The image with this index.
    pub fn image(&self, index: usize) -> String {
        let name = self.images.get(index).and_then(|image| image.name.as_deref());
        name.map_or_else(|| "the image".to_owned(), shortened)
    }

    /// The mode of a claim, if one has it.
    pub fn mode(&self, claim: Claim) -> Option<Mode> {
        self.modes.iter().chain(Mode::ALL).find(|mode| mode.claim() == claim).copied()
    }
}

/// The printable name, cut off at the end if it is too wide.
fn shortened(name: &str) -> String {
    let mut name = printable(name);
    if name.width() <= WIDEST {
        return name;
    }
    while name.width() >= WIDEST {
        name.pop();
    }
    name + "…"
}
