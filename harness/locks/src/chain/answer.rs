use std::collections::BTreeSet;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::user::User;
use super::{Chain, ChainFile, ChainStop, NameKind};
use crate::holders::{Forecast, HoldersAnswer, SurveyedImage, would_grant};
use imglock_core::{Claim, Mode};

/// The result of opening an image with its chain now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ChainAnswer {
    /// The first thing that QEMU would report. `None` if nothing was seen that stands against the
    /// open.
    ///
    /// A qcow2 node takes the same locks for every user. Where the mode does not tell, this is the
    /// answer for a user that does not share `write`: a guest's device without `share-rw=on`, or
    /// `qemu-img convert`.
    pub obstacle: Option<ChainObstacle>,
    /// The same for a user that shares `write`: a tool such as qemu-io, an export, a device with
    /// `share-rw=on`. Where the mode tells the user, it is the same as `obstacle`.
    pub when_shared: Option<ChainObstacle>,
    /// Whether the mode is about the top alone: `create` makes it anew, `qcow2-info` reads its header,
    /// and a node in mode `none` or `inactive` asks nothing of the files below it.
    pub top_alone: bool,
    /// The files that were not looked at, or not to their end, or about whose locks the kernel was not
    /// asked, as indexes into [`Chain::files`].
    pub unknown: Vec<usize>,
}

impl ChainAnswer {
    /// Whether a user that shares `write` would be granted what another one is refused.
    pub fn is_only_for_guests(&self) -> bool {
        self.obstacle.is_some() && self.when_shared.is_none()
    }

    /// Whether the open would succeed. `None` if nothing stands against it and not all of the chain
    /// was seen.
    pub fn is_granted(&self) -> Option<bool> {
        match (&self.obstacle, &self.unknown[..]) {
            (Some(_), _) => Some(false),
            (None, []) => Some(true),
            (None, _) => None,
        }
    }
}

/// What stands against opening a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ChainObstacle {
    /// The file, as an index into [`Chain::files`].
    pub file: usize,
    /// How often QEMU puts `Could not open backing file: ` before its message.
    pub prefixes: usize,
    /// The locks on the file that stand against it. `None` if the file is missing or its header is
    /// malformed.
    pub locks: Option<HoldersAnswer>,
}

impl ChainObstacle {
    /// QEMU's message; for a malformed header, the reason in other words: `Could not open backing file: Failed to get shared "write" lock`.
    pub fn qemu_message(&self, chain: &Chain) -> String {
        let file = chain.files.get(self.file);
        let lock = self.locks.as_ref().and_then(|locks| locks.forecast.message());
        let why = match (lock, file) {
            (Some(message), _) => message,
            (None, Some(ChainFile { path: Some(path), stop: Some(ChainStop::Missing), .. })) => {
                format!("Could not open '{}': No such file or directory", path.display())
            }
            (None, Some(ChainFile { stop: Some(stop), .. })) => stop.to_string(),
            (None, _) => String::new(),
        };
        "Could not open backing file: ".repeat(self.prefixes) + &why
    }
}

/// Returns whether QEMU could open an image in this mode, with all files of its chain. `surveyed`
/// returns the survey of a file by its index in [`Chain::files`].
///
/// The mode is that of the top. The claims on the other files follow from it: a file with a format
/// is opened in mode `qcow2-ro`, a raw backing file in mode `backing` or `tool-ro`, and a data file
/// in a mode of its own. The files are tried in QEMU's order, so the obstacle is the one that QEMU
/// reports.
pub fn would_grant_chain<'a>(
    chain: &Chain,
    surveyed: impl Fn(usize) -> Option<&'a SurveyedImage>,
    mode: Mode,
) -> ChainAnswer {
    let users = User::of(mode);
    let obstacles = users.iter().map(|user| obstacle(chain, &surveyed, mode, *user));
    let obstacles: Vec<Option<ChainObstacle>> = obstacles.collect();
    let obstacle = obstacles.first().cloned().flatten();
    let when_shared = obstacles.into_iter().next_back().flatten();
    let whole = users != [User::TopAlone];
    let not_asked = users.first().map(|user| not_asked(chain, &surveyed, mode, *user));
    let mut unknown: BTreeSet<usize> = not_asked.into_iter().flatten().collect();
    let seen = |index: &usize| is_seen(&chain.files[*index]) && surveyed(*index).is_some();
    if whole {
        unknown.extend((0..chain.files.len()).filter(|index| !seen(index)));
    }
    ChainAnswer { obstacle, when_shared, top_alone: !whole, unknown: unknown.into_iter().collect() }
}

/// Whether the file and all that follows from it are known, for a file that is there.
fn is_seen(file: &ChainFile) -> bool {
    match &file.stop {
        None | Some(ChainStop::NoBackingFile) => true,
        // What QEMU would refuse is known.
        Some(stop) => refuses(file, stop),
    }
}

/// Whether QEMU cannot open the file, whatever locks there are.
fn refuses(file: &ChainFile, stop: &ChainStop) -> bool {
    let elsewhere = || {
        // Another working directory may have such a file.
        file.name.as_ref().is_some_and(|name| name.kind == NameKind::WorkingDirectory)
    };
    match stop {
        ChainStop::Missing => !elsewhere(),
        ChainStop::Malformed(_) => true,
        _ => false,
    }
}

fn obstacle<'a>(
    chain: &Chain,
    surveyed: impl Fn(usize) -> Option<&'a SurveyedImage>,
    mode: Mode,
    user: User,
) -> Option<ChainObstacle> {
    let whole = user != User::TopAlone;
    claims(chain, mode, user).find_map(|(file, claim, opening)| {
        let locks = surveyed(file).map(|image| would_grant(image, claim));
        let locks =
            locks.filter(|it| matches!(it.forecast, Forecast::Refused(_) | Forecast::Fails(_)));
        let chain_file = &chain.files[file];
        let refused = || opening && whole && is_refused(chain_file);
        let prefixes = if opening { chain.depth(file) } else { 0 };
        (locks.is_some() || refused()).then_some(ChainObstacle { file, prefixes, locks })
    })
}

/// The files about whose locks the kernel was not asked.
fn not_asked<'a>(
    chain: &Chain,
    surveyed: impl Fn(usize) -> Option<&'a SurveyedImage>,
    mode: Mode,
    user: User,
) -> Vec<usize> {
    let unknown = claims(chain, mode, user).filter_map(|(file, claim, _)| {
        let forecast = would_grant(surveyed(file)?, claim).forecast;
        matches!(forecast, Forecast::Unknown(_)).then_some(file)
    });
    unknown.collect()
}

/// The claims on the top and on the files below it, in QEMU's order.
fn claims(chain: &Chain, mode: Mode, user: User) -> impl Iterator<Item = (usize, Claim, bool)> {
    [(0, mode.claim(), true)].into_iter().chain(user.claims(chain))
}

fn is_refused(file: &ChainFile) -> bool {
    file.stop.as_ref().is_some_and(|stop| refuses(file, stop))
}

#[cfg(test)]
mod tests;
