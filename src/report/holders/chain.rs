//! The files that QEMU opens with an image, and what a survey says about them.

mod json;
mod text;

pub use json::{ChainView, RoleView};
pub use text::ChainAsked;

use std::path::Path;

use imglock_core::Mode;
use imglock_locks::{
    Chain, ChainAnswer, ChainFile, ChainRole, Survey, SurveyedImage, would_grant_chain,
};

use crate::phrase::printable;

/// The chains of the images that the user named, and the place of each file in a survey of them.
#[derive(Debug, Clone)]
pub struct Chains {
    chains: Vec<Chain>,
    /// For each image of the survey, its chain and its place there.
    places: Vec<(usize, usize)>,
}

impl Chains {
    /// One chain for each image that the user named.
    pub fn of(chains: Vec<Chain>) -> Chains {
        let found = |(number, chain): (usize, &Chain)| -> Vec<(usize, usize)> {
            chain.found().map(|(file, _)| (number, file)).collect()
        };
        let places = chains.iter().enumerate().flat_map(found).collect();
        Chains { chains, places }
    }

    /// The paths to survey, in this order.
    pub fn paths(&self) -> Vec<&Path> {
        self.chains.iter().flat_map(Chain::found).map(|(_, path)| path).collect()
    }

    /// The chain of an image that the user named. `None` for another file of a chain.
    pub fn named(&self, image: usize) -> Option<&Chain> {
        let (chain, file) = *self.places.get(image)?;
        if file == 0 { self.chains.get(chain) } else { None }
    }

    /// The chain that ends with this image of the survey.
    fn ended(&self, image: usize) -> Option<&Chain> {
        let (chain, _) = *self.places.get(image)?;
        let next = self.places.get(image + 1);
        if next.is_none_or(|(next, _)| *next != chain) { self.chains.get(chain) } else { None }
    }

    /// A file of a chain, for an image of the survey.
    fn file(&self, image: usize) -> Option<(&Chain, &ChainFile)> {
        let (chain, file) = *self.places.get(image)?;
        let chain = self.chains.get(chain)?;
        Some((chain, chain.files.get(file)?))
    }

    /// The index in the survey of a file of the chain that begins at `image`.
    fn place(&self, image: usize, file: usize) -> Option<usize> {
        let (chain, _) = *self.places.get(image)?;
        self.places.iter().position(|place| *place == (chain, file))
    }

    /// The files of the chain that begins at `image`, as indexes into the survey.
    pub fn images(&self, image: usize) -> impl Iterator<Item = usize> {
        let chain = self.places.get(image).map(|(chain, _)| *chain);
        let places = self.places.iter().enumerate();
        places.filter(move |(_, place)| Some(place.0) == chain).map(|(index, _)| index)
    }

    fn surveyed<'s>(
        &self,
        survey: &'s Survey,
        image: usize,
        file: usize,
    ) -> Option<&'s SurveyedImage> {
        survey.images.get(self.place(image, file)?)
    }

    /// Whether QEMU could open the image that the user named, with its chain.
    pub fn answer(&self, survey: &Survey, image: usize, mode: Mode) -> Option<ChainAnswer> {
        let chain = self.named(image)?;
        Some(would_grant_chain(chain, |file| self.surveyed(survey, image, file), mode))
    }
}

/// `the backing file of top.qcow2`, or nothing for the top.
fn use_of(chain: &Chain, file: &ChainFile) -> Option<String> {
    let above = file.named_by.and_then(|above| chain.files.get(above))?;
    let role = match file.role {
        ChainRole::Top => return None,
        ChainRole::Backing => "backing file",
        ChainRole::DataFile => "data file",
    };
    let path = above.path.as_deref().unwrap_or(Path::new(""));
    Some(format!("{role} of {}", printable(&path.to_string_lossy())))
}

#[cfg(test)]
mod tests;
