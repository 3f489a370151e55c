use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use imglock_core::{Backend, Claim, Reading};
use imglock_locks::{Holder, HolderOwner, SurveyError, SurveyedImage, survey_settled};

/// The locks on one image at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageLocks {
    /// The image.
    pub image: String,
    /// The owners of its locks, by name.
    pub holdings: Vec<HeldMode>,
    /// The processes that have it open without locks, by name.
    pub unlocked: Vec<String>,
}

/// The locks of one owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldMode {
    /// The owner's processes: one, or several that share a descriptor.
    pub actors: Vec<String>,
    /// Lock type.
    pub backend: Backend,
    /// The claim that QEMU's lock bytes stand for.
    pub claim: Claim,
}

impl ImageLocks {
    /// The claim of an actor, over all its descriptors.
    pub fn claim_of(&self, actor: &str) -> Claim {
        let mine = self.holdings.iter().filter(|one| one.actors.iter().any(|name| name == actor));
        let mut all = Reading::default();
        for holding in mine {
            all.held |= holding.claim.held;
            all.unshared |= holding.claim.unshared();
        }
        all.claim()
    }
}

/// Reads the locks on `images` in `directory`. Processes are identified by pid;
/// one that is not in `names` is shown by its pid.
pub(super) fn read(
    directory: &Path,
    images: &[String],
    names: &BTreeMap<i32, String>,
) -> Result<Vec<ImageLocks>, SurveyError> {
    let paths: Vec<_> = images.iter().map(|image| directory.join(image)).collect();
    let seen = survey_settled(&paths)?;
    Ok(images.iter().zip(&seen.images).map(|(name, image)| of(name, image, names)).collect())
}

fn of(name: &str, image: &SurveyedImage, names: &BTreeMap<i32, String>) -> ImageLocks {
    let actor = |pid: i32| names.get(&pid).cloned().unwrap_or_else(|| format!("pid {pid}"));
    let holding = |holder: &Holder| HeldMode {
        actors: holder.processes.iter().map(|process| actor(process.pid)).collect(),
        backend: match holder.owner {
            HolderOwner::Description => Backend::Ofd,
            HolderOwner::Table => Backend::Posix,
        },
        claim: holder.reading().claim(),
    };
    let mut holdings: Vec<HeldMode> = image.holders.iter().map(holding).collect();
    holdings.sort_by(|one, other| one.actors.cmp(&other.actors));
    let mut unlocked: Vec<String> =
        image.unlocked.iter().map(|one| actor(one.process.pid)).collect();
    unlocked.sort();
    ImageLocks { image: name.to_owned(), holdings, unlocked }
}
