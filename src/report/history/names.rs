use imglock_harness::history::{History, Image, Opener, Stay};
use imglock_harness::image::{Claim, Mode};
use unicode_width::UnicodeWidthStr;

use crate::phrase::printable;

/// The widest name, in columns.
const WIDEST: usize = 28;

/// What the openers, images and claims of a history are called.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// By their index.
    pub openers: &'a [Opener],
    /// By their index; none where there is just one image.
    pub images: &'a [Image],
    /// The modes whose names are preferred where several have one claim.
    pub modes: &'a [Mode],
}

impl<'a> Names<'a> {
    /// Those of a history that was read.
    pub fn of(history: &'a History) -> Names<'a> {
        let History { openers, images, modes, .. } = history;
        Names { openers, images, modes }
    }

    /// Who made this stay.
    pub fn who(&self, stay: &Stay) -> String {
        self.opener(stay.opener)
    }

    /// The opener with this index.
    pub fn opener(&self, index: usize) -> String {
        match self.openers.get(index) {
            Some(opener) => shortened(&printable(&opener.name)),
            None => format!("opener {index}"),
        }
    }

    /// The process of the opener with this index.
    pub fn process(&self, index: usize) -> String {
        let process = self.openers.get(index).map(|opener| shortened(&printable(&opener.process)));
        process.unwrap_or_else(|| self.opener(index))
    }

    /// The image with this index.
    pub fn image(&self, index: usize) -> String {
        let name = self.images.get(index).and_then(|image| image.name.as_deref());
        name.map_or_else(|| "the image".to_owned(), |name| shortened(&printable(name)))
    }

    /// The mode of a claim, if one has it.
    pub fn mode(&self, claim: Claim) -> Option<Mode> {
        self.modes.iter().chain(Mode::ALL).find(|mode| mode.claim() == claim).copied()
    }
}

/// Without its end if it is too wide.
fn shortened(name: &str) -> String {
    if name.width() <= WIDEST {
        return name.to_owned();
    }
    let mut short = String::new();
    for letter in name.chars() {
        short.push(letter);
        if short.width() >= WIDEST {
            short.pop();
            break;
        }
    }
    short + "…"
}
