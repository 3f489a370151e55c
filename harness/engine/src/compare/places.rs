use std::collections::BTreeSet;

use imglock_core::PlaceName;

use crate::run::{Place, RunDocument};

/// A place of each document, or of one of them only.
pub(super) type Pair<'d> = (Option<&'d Place>, Option<&'d Place>);

/// Pairs the places of the two documents, in the order of the newer one. Places
/// that exist only in the older one come last.
pub(super) fn pairs<'d>(old: &'d RunDocument, new: &'d RunDocument) -> Vec<Pair<'d>> {
    let kernels: BTreeSet<&str> = old.places.iter().map(Place::kernel).collect();
    // If a kernel never started, its file system may be unknown.
    let only = |place: &Place| match (&old.places[..], &new.places[..]) {
        ([old], [_]) => Some(old),
        ([old], _) if place.file_system().is_empty() => Some(old),
        _ => None,
    };
    let same = |place: &Place| {
        let fits = |one: &&Place| one.file_system() == place.file_system();
        let mut candidates = old.places.iter().filter(fits);
        let alike: Vec<&Place> =
            candidates.clone().filter(|one| one.kernel() == place.kernel()).collect();
        // Two directories on one file system are distinguished by their names.
        let called = alike.iter().find(|one| one.name == place.name);
        called.or(alike.first()).copied().or_else(|| match kernels.len() {
            1 => candidates.next(),
            _ => None,
        })
    };
    let mut pairs: Vec<Pair<'_>> =
        new.places.iter().map(|place| (same(place).or_else(|| only(place)), Some(place))).collect();
    let met: BTreeSet<&PlaceName> =
        pairs.iter().filter_map(|(old, _)| old.map(|place| &place.name)).collect();
    let gone = old.places.iter().filter(|place| !met.contains(&place.name));
    pairs.extend(gone.map(|place| (Some(place), None)));
    pairs
}
