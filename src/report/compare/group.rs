use std::collections::BTreeMap;

use imglock_core::Backend;
use imglock_engine::{Builtin, PlaceChange, RunChange};

use super::sides::Names;
use super::words;
use crate::phrase::{list, printable};
use crate::report::groups;

/// Runs of one scenario that changed in the same way, on several backends or at
/// several places.
pub struct Group<'c> {
    /// The first run, as an example.
    pub run: &'c RunChange,
    /// Its place.
    pub place: &'c PlaceChange,
    met: Vec<(&'c PlaceChange, Backend)>,
}

/// Groups runs that changed in the same way; slower runs come first.
pub fn groups<'c>(runs: impl Iterator<Item = (&'c PlaceChange, &'c RunChange)>) -> Vec<Group<'c>> {
    let mut groups: Vec<Group<'c>> = Vec::new();
    let mut met: BTreeMap<_, usize> = BTreeMap::new();
    for (place, run) in runs {
        let difference = words::first_difference(run);
        let key = (&run.scenario, &run.subject, words::brief(run), difference);
        let index = *met.entry(key).or_insert(groups.len());
        match groups.get_mut(index) {
            Some(group) => group.met.push((place, run.backend)),
            None => groups.push(Group { run, place, met: vec![(place, run.backend)] }),
        }
    }
    let times = |group: &Group<'_>| group.run.times.unwrap_or(0.0);
    groups.sort_by(|one, other| times(other).total_cmp(&times(one)));
    groups
}

impl Group<'_> {
    /// The number of its runs.
    pub fn len(&self) -> usize {
        self.met.len()
    }

    /// `posix/fork on ofd and posix, at ext4 and xfs`.
    pub fn title(&self, names: Names) -> String {
        format!("{} {}", printable(self.run.scenario.as_str()), self.at(names))
    }

    /// `on ofd and posix, at ext4 and xfs`; without the places if there is only one.
    pub fn at(&self, names: Names) -> String {
        let met = self.met.iter().map(|(place, backend)| (names.name(place), backend.name()));
        let places = groups::groups(met);
        let subject = match &*self.run.subject {
            Builtin::NAME => String::new(),
            other => format!(" by {other}"),
        };
        let backends = places.first().map(|(_, backends)| backends.clone()).unwrap_or_default();
        let alike = places.iter().all(|(_, others)| *others == backends);
        let all: Vec<String> = match alike {
            true => places.iter().map(|(name, _)| (*name).to_owned()).collect(),
            false => {
                places.iter().map(|(name, on)| format!("{name} ({})", on.join(", "))).collect()
            }
        };
        let all = list(all.iter().map(String::as_str));
        let on = if alike { format!("on {}{subject}", list(backends)) } else { subject };
        let at = if names.several { format!("at {all}") } else { String::new() };
        let parts = [on.trim().to_owned(), at];
        let parts = parts.iter().filter(|part| !part.is_empty());
        printable(&parts.cloned().collect::<Vec<_>>().join(", "))
    }
}
