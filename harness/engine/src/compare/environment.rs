use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::run::{Boot, Place};
use crate::subject::SubjectProgram;

/// A difference between two places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceDifference {
    /// The property that differs, such as `kernel`.
    pub what: String,
    /// The value of the older place; empty if it has none.
    pub old: String,
    /// The value of the newer place; empty if it has none.
    pub new: String,
}

/// All differences between `old` and `new`.
pub(super) fn contrasts(old: &Place, new: &Place) -> Vec<PlaceDifference> {
    let sides = [old, new];
    let environments = sides.map(|place| &place.environment);
    let [old_options, new_options] = mount_options(old, new);
    let boot = |part: fn(&Boot) -> String| {
        sides.map(|place| place.boot.as_ref().map(part).unwrap_or_default())
    };
    let all = [
        ("kernel", sides.map(|place| place.kernel().to_owned())),
        ("architecture", environments.map(|one| one.architecture.clone())),
        ("file system", sides.map(|place| place.file_system().to_owned())),
        ("mount options", [old_options, new_options]),
        ("imglock", environments.map(|one| one.imglock.clone())),
        ("QEMU", environments.map(|one| programs(&one.qemu))),
        (
            "planted fault",
            environments.map(|one| one.planted.map(|it| it.to_string()).unwrap_or_default()),
        ),
        ("booted by", boot(|boot| boot.accelerator.clone())),
        ("complaints", complaints(old, new)),
    ];
    // Little is known about a place that was never reached.
    let reached = sides.iter().all(|place| place.is_reached());
    let known = |sides: &[String; 2]| reached || sides.iter().all(|side| !side.is_empty());
    let differ = all.into_iter().filter(|(_, sides)| sides[0] != sides[1] && known(sides));
    differ.map(|(what, [old, new])| PlaceDifference { what: what.to_owned(), old, new }).collect()
}

/// The mount options that only one of the two has.
fn mount_options(old: &Place, new: &Place) -> [String; 2] {
    let [old, new] = [old, new]
        .map(|place| place.environment.mount_options.iter().cloned().collect::<BTreeSet<String>>());
    let only = |one: &BTreeSet<String>, other| {
        one.difference(other).cloned().collect::<Vec<String>>().join(",")
    };
    [only(&old, &new), only(&new, &old)]
}

fn programs(binaries: &[SubjectProgram]) -> String {
    binaries.iter().map(SubjectProgram::to_string).collect::<Vec<_>>().join(", ")
}

/// The kernel messages that only one of the two has.
fn complaints(old: &Place, new: &Place) -> [String; 2] {
    let of =
        |place: &Place| place.boot.as_ref().map(|boot| boot.complaints.clone()).unwrap_or_default();
    let [old, new] = [old, new].map(of);
    let only = |one: &[String], other: &[String]| {
        let only = one.iter().filter(|line| !other.contains(line));
        only.cloned().collect::<Vec<String>>().join("; ")
    };
    [only(&old, &new), only(&new, &old)]
}
